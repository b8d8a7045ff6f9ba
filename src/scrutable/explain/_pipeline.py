"""`explain`: from a network to a verified program, as a list of steps."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrutable.errors import UserError
from scrutable.explain._controls import fallen_with, guarded
from scrutable.explain._run import (
    Listener,
    Run,
    environment,
    identity_of,
    journal_for,
    prepare_data,
    python_call,
)
from scrutable.explain._screen import Candidate, conceded, residual_of
from scrutable.explain._search import candidates
from scrutable.explain._study import RunFacts, Study
from scrutable.explain._task import task_results
from scrutable.hypothesis import FLOOR, Evidence, Hypothesis, Verdict, hypothesis_from_data, hypothesis_to_data
from scrutable.network import Network
from scrutable.program import spelled_out
from scrutable.propose import Proposer, optional
from scrutable.verify import Case, HeldOut, Sample, answers_to, verify_all
from scrutable.work import Clock, executor, one_thread, parse_budget

VERIFY_SHARE = 0.4
VERIFIED = 3
DOUBT = 1.5


@one_thread()
def explain(
    network: Network,
    data: Any = None,
    *,
    labels: Any = None,
    also: Iterable[str | Proposer] = (),
    budget: str | float = "60s",
    seed: int = 0,
    jobs: int = 1,
    out: str | Path | None = None,
    resume: bool = False,
    on_event: Listener | None = None,
    command: str | None = None,
) -> Study:
    """Find a program that says what a network computes, and test whether the network's insides work that way.

    Arguments:
        network: never trained, changed or left with a hook in it.
        data: array of inputs `(n, ...)`, or None to enumerate or sample the input domain. Half is kept back.
        labels: `(n, ...)`, what a person says the answers should be: reported apart, never shown to the search.
        also: further proposers: "operon" (symbolic regression), "cvc5" (SyGuS), or your own, given to the
            null searches too.

    Other arguments:
        budget: time for everything, such as `"60s"`, `"5m"` or seconds. Tests already begun are finished.
        seed: same seed, same machine, same answer (as far as the clock allows).
        jobs: local processes for the null controls.
        out: folder for `study.json`, `program.py` and `report.html`; finished work is kept there as it happens.
        resume: continue the work a stopped run left in `out`.
        on_event: called with each `Attempt` as it ends.

    Returns:
        The study. `study.best` is None when no short program was found, which is a result and not an error.

    Raises:
        UserError: data, labels or budget cannot be used; every reason is given.
    """
    run = _begin(
        network,
        data,
        labels=labels,
        also=optional(also),
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=out,
        resume=resume,
        on_event=on_event,
    )
    found = _propose(run)
    tested, others = _tested_in_turn(run, found)
    guarded = _guarded_until_one_stands(run, tested)
    return _conclude(run, _ranked((*guarded, *others)), out, command)


@one_thread()
def verify(
    network: Network,
    hypothesis: Hypothesis,
    data: Any = None,
    *,
    labels: Any = None,
    budget: str | float = "60s",
    seed: int = 0,
    jobs: int = 1,
    out: str | Path | None = None,
    resume: bool = False,
    on_event: Listener | None = None,
    command: str | None = None,
) -> Study:
    """Test a person's own hypothesis with the same tests and controls that `explain` uses on its own.

    The arguments are those of `explain`; the study holds the one hypothesis, whatever its verdict.

    Raises:
        UserError: the program does not take this network's inputs, or data, labels or budget cannot be used.
    """
    run = _begin(
        network, data, labels=labels, budget=budget, seed=seed, jobs=jobs, out=out, resume=resume, on_event=on_event
    )
    priced = replace(hypothesis, residual_bits=_checked_residual(run, hypothesis))
    guarded = _guarded_until_one_stands(run, (_verified(run, Candidate(priced, seconds=None, exact=False)),))
    return _conclude(run, guarded, out, command)


def _begin(
    network: Network,
    data: Any,
    *,
    labels: Any,
    also: tuple[Proposer, ...] = (),
    budget: str | float,
    seed: int,
    jobs: int,
    out: str | Path | None,
    resume: bool,
    on_event: Listener | None,
) -> Run:
    """Read the budget, check and split the data, open the journal."""
    seconds = parse_budget(budget)
    workers = executor(jobs)
    clock = Clock(seconds)
    prepared = prepare_data(network, data, labels, seed)
    journal = journal_for(out, identity_of(network, prepared, seed, seconds, also), resume=resume)
    run = Run(network, prepared, clock, seed, journal, workers, on_event or (lambda _: None), also)
    distinct = len(prepared.inputs)
    run.note("data", prepared.source, f"{distinct} distinct rows, {len(prepared.find)} to search with", clock.used)
    return run


def _checked_residual(run: Run, hypothesis: Hypothesis) -> float:
    answers, valid = answers_to(hypothesis.program, run.data.inputs)
    if answers is None or not valid.all():
        raise UserError("got a program that cannot compute on these data, expected integers that stay within 64 bits")
    return residual_of(run.network, answers, run.data.outputs, within=hypothesis.within)


def _propose(run: Run) -> tuple[Candidate, ...]:
    """Search the search split, or take over what a stopped run had found."""

    def make() -> list[dict[str, Any]]:
        sample = Sample(*(part[run.data.find] for part in (run.data.inputs, run.data.outputs)))
        seconds, note = run.search_seconds, run.note
        found = candidates(run.network, sample, seconds=seconds, seed=run.seed, also=run.also, note=note)
        return [{"h": hypothesis_to_data(c.hypothesis), "seconds": c.seconds, "exact": c.exact} for c in found]

    items = run.journal.once("search", make)
    return tuple(Candidate(hypothesis_from_data(item["h"]), item["seconds"], item["exact"]) for item in items)


def _tested_in_turn(run: Run, found: tuple[Candidate, ...]) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The first few candidates with evidence, and the others. An approximate program much longer than an exact one that
    stands is not worth the time; where none stands, the first that is nearly always right is tested again as that."""
    tested: list[Candidate] = []
    left: list[Candidate] = []
    for candidate in found[:VERIFIED]:
        least = min((c.hypothesis.total_bits for c in tested if c.exact and _stands(c)), default=float("inf"))
        if candidate.exact or candidate.hypothesis.total_bits < DOUBT * least:
            tested.append(_verified(run, candidate))
        else:
            left.append(candidate)
    if not any(_stands(each) for each in tested):
        tested += [_verified(run, _conceded(run, each)) for each in [c for c in tested if _nearly_right(c)][:1]]
    return tuple(tested), (*left, *found[VERIFIED:])


def _stands(candidate: Candidate) -> bool:
    return candidate.hypothesis.verdict.rank <= Verdict.BEHAVIOURAL.rank


def _nearly_right(candidate: Candidate) -> bool:
    """Whether a program that was refuted as exact is right on most inputs that were not searched."""
    hypothesis = candidate.hypothesis
    kept = [r.value for r in hypothesis.evidence if r.name == HeldOut.name and r.value is not None]
    return hypothesis.verdict is Verdict.REFUTED and not hypothesis.approximate and bool(kept) and kept[0] >= FLOOR


def _conceded(run: Run, candidate: Candidate) -> Candidate:
    lesser = conceded(candidate.hypothesis)
    answers, _ = answers_to(lesser.program, run.data.inputs)
    assert answers is not None
    residual = residual_of(run.network, answers, run.data.outputs, within=lesser.within)
    return replace(candidate, hypothesis=lesser.with_evidence(Evidence(), residual_bits=residual), exact=False)


def _verified(run: Run, candidate: Candidate) -> Candidate:
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
        return hypothesis, verify_all(_case(run, hypothesis))
    spelled = replace(hypothesis, program=spelled_out(program))
    evidence = verify_all(_case(run, spelled))
    causal = evidence.of("causal")
    found = any(r.passed and r.name == "interchange" for r in causal) and not any(r.status == "fail" for r in causal)
    return (spelled if found else hypothesis), evidence


def _case(run: Run, hypothesis: Hypothesis) -> Case:
    data = run.data
    find = Sample(data.inputs[data.find], data.outputs[data.find])
    test = Sample(data.inputs[data.test], data.outputs[data.test])
    return Case(run.network, hypothesis, find, test, run.seed, run.clock.part(VERIFY_SHARE))


def _guarded_until_one_stands(run: Run, tested: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Null controls for the best hypothesis; for the next one only if they bring it down, and it is not the same again
    in other words."""
    answered, fallen = list(_ranked(tested)), []
    for index, candidate in enumerate(answered):
        before = candidate.hypothesis
        if before.verdict.rank > Verdict.BEHAVIOURAL.rank:
            continue
        after = fallen_with(before, fallen, run.data.inputs)
        if after is None:
            after = guarded(run, before, _case(run, before), found_after=candidate.seconds)
        answered[index] = replace(candidate, hypothesis=after)
        if after.verdict.rank <= Verdict.BEHAVIOURAL.rank:
            break
        fallen.append(after)
    return tuple(answered)


def _ranked(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """By verdict, then those that hold at greater lengths, then by total description length, which counts half again
    where the program is wrong somewhere, and half again where the causal tests do not bear it out."""

    def order(candidate: Candidate) -> tuple[int, bool, float]:
        hypothesis = candidate.hypothesis
        causal = hypothesis.evidence.of("causal")
        sound = any(r.passed for r in causal) and not any(r.status == "fail" for r in causal)
        doubts = (not sound) + (not candidate.exact)
        return hypothesis.verdict.rank, hypothesis.evidence.truncated, hypothesis.total_bits * DOUBT**doubts

    return tuple(sorted(found, key=order))


def _conclude(run: Run, ranked: tuple[Candidate, ...], out: str | Path | None, command: str | None) -> Study:
    """Examples into the programs, the study together, and everything to disk."""
    rows = run.data.inputs[run.data.find]
    hypotheses = (candidate.hypothesis for candidate in ranked)
    finished = tuple(replace(h, program=h.program.with_examples(rows)) for h in hypotheses)
    facts = RunFacts(
        data_n=len(run.data.inputs),
        data_source=run.data.source,
        data_sha256=run.data.sha256,
        budget_s=run.clock.seconds,
        seed=run.seed,
        seconds=round(run.clock.used, 2),
        command=command or python_call(),
        environment=environment(),
    )
    study = Study(run.network.facts, facts, finished, tuple(run.attempts))
    if out is not None:
        study.save(out)
        study.report(Path(out) / "report.html")
        run.journal.clear()
    return study
