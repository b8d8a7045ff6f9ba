"""Every test for the candidates of a search, the cheapest first, and no more of them than needed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from scrutable.explain._run import Run
from scrutable.explain._screen import DOUBT, Candidate, conceded, residual_of
from scrutable.explain._task import task_results
from scrutable.hypothesis import Evidence, Hypothesis, Verdict, hypothesis_from_data, hypothesis_to_data
from scrutable.program import spelled_out
from scrutable.verify import SINGLE, Case, HeldOut, Sample, answers_to, least_right, verify_all

VERIFY_SHARE = 0.4


def tested_in_turn(
    run: Run, found: tuple[Candidate, ...], *, most: int, before: tuple[Candidate, ...] = ()
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Candidates with evidence, and the others. At most so many are tested, those tested `before` counted in.

    Dearer ones are not tested once an exact one is borne out by the insides and holds at greater lengths, nor
    approximate ones much longer than an exact one that stands, or dearer than one that the insides bear out. Where an
    exact one stands and the insides do not bear it out, the next is one that says where its variables live, if any
    does. Where none stands, the first that is nearly always right is tested again as approximate.
    """
    tested: list[Candidate] = []
    left = list(found)
    while len(before) + len(tested) < most and not any(map(_settles, tested)):
        standing = [each for each in (*before, *tested) if each.exact and stands(each)]
        costs = [DOUBT * each.hypothesis.total_bits for each in standing]
        costs += [each.hypothesis.total_bits for each in (*before, *tested) if stands(each) and sound(each)]
        wanted = [each for each in left if each.exact or each.hypothesis.total_bits < min(costs, default=float("inf"))]
        placed = [each for each in wanted if each.exact and each.placed] if standing else []
        if not wanted:
            break
        chosen = (placed or wanted)[0]
        left = [each for each in left if each is not chosen]
        tested.append(verified(run, chosen))
    if not any(map(stands, tested)):
        nearly = [each for each in tested if _nearly_right(run, each)]
        tested += [verified(run, _conceded(run, each)) for each in nearly[:1]]
    return tuple(tested), tuple(left)


def stands(candidate: Candidate) -> bool:
    """Whether nothing has refuted it or shown it to be frivolous."""
    return candidate.hypothesis.verdict.rank <= Verdict.BEHAVIOURAL.rank


def sound(candidate: Candidate) -> bool:
    """Whether the insides bear it out: some causal test passed and none failed."""
    causal = candidate.hypothesis.evidence.of("causal")
    return any(r.passed for r in causal) and not any(r.status == "fail" for r in causal)


def _settles(candidate: Candidate) -> bool:
    return candidate.exact and stands(candidate) and sound(candidate) and not candidate.hypothesis.evidence.truncated


def _nearly_right(run: Run, candidate: Candidate) -> bool:
    """Whether a program that was refuted as exact gives nearly only right answers to what was not searched."""
    hypothesis = candidate.hypothesis
    kept = hypothesis.evidence.named(HeldOut.name)
    share = 0.0 if kept is None else dict(kept.details).get(SINGLE, 0.0)
    refuted = hypothesis.verdict is Verdict.REFUTED and not hypothesis.approximate
    return refuted and share >= least_right(run.network, run.data.outputs)


def _conceded(run: Run, candidate: Candidate) -> Candidate:
    lesser = conceded(candidate.hypothesis)
    answers, _ = answers_to(lesser.program, run.data.inputs)
    assert answers is not None
    residual = residual_of(run.network, answers, run.data.outputs, within=lesser.within)
    return replace(candidate, hypothesis=lesser.with_evidence(Evidence(), residual_bits=residual), exact=False)


def verified(run: Run, candidate: Candidate) -> Candidate:
    """The candidate with the evidence of every test."""

    def make() -> dict[str, Any]:
        started = time.monotonic()
        hypothesis, evidence = _tested(run, candidate.hypothesis)
        if run.data.labels is not None:
            answers = hypothesis.program(run.data.inputs)
            evidence = evidence.with_results(*task_results(run.network, answers, run.data.outputs, run.data.labels))
        failed = [r.name for r in evidence if r.status == "fail" and r.kind != "task"]
        outcome = f"{len(evidence)} tests, failed: {', '.join(failed) or 'none'}"
        what = f"{hypothesis.provenance.proposer}, {hypothesis.program.bits:.0f} bits"
        run.note("verify", what, outcome, time.monotonic() - started)
        return hypothesis_to_data(hypothesis.with_evidence(evidence))

    claim = "approximate/" if candidate.hypothesis.approximate else ""
    tested = hypothesis_from_data(run.journal.once(f"verify/{claim}{candidate.hypothesis.program.source}", make))
    return replace(candidate, hypothesis=tested)


def _tested(run: Run, hypothesis: Hypothesis) -> tuple[Hypothesis, Evidence]:
    """The evidence of every test. Parts of an expression can only be tested as variables, so a program without any is
    tested spelled out, and stays so when the network turns out to have those parts."""
    program = hypothesis.program
    if set(program.variables) - set(program.outputs):
        return hypothesis, verify_all(case_of(run, hypothesis))
    spelled = replace(hypothesis, program=spelled_out(program))
    evidence = verify_all(case_of(run, spelled))
    causal = evidence.of("causal")
    found = any(r.passed and r.name == "interchange" for r in causal) and not any(r.status == "fail" for r in causal)
    return (spelled if found else hypothesis), evidence


def case_of(run: Run, hypothesis: Hypothesis) -> Case:
    data = run.data
    find = Sample(data.inputs[data.find], data.outputs[data.find])
    test = Sample(data.inputs[data.test], data.outputs[data.test])
    return Case(run.network, hypothesis, find, test, run.seed, run.clock.part(VERIFY_SHARE))
