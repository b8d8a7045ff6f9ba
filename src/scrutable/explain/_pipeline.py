"""`explain`: from a network to a verified program, as a list of steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrutable.errors import UserError
from scrutable.explain._circuit import ASKED_SHARE, circuit_of
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
from scrutable.explain._screen import DOUBT, Candidate, Effort, residual_of
from scrutable.explain._search import candidates
from scrutable.explain._study import RunFacts, Study, subject_of
from scrutable.explain._testing import case_of, sound, stands, tested_in_turn, verified
from scrutable.guard import GUARDS
from scrutable.hypothesis import Hypothesis, hypothesis_from_data, hypothesis_to_data, plain, read_as
from scrutable.network import Network
from scrutable.propose import Proposer, optional
from scrutable.verify import Sample, answers_to
from scrutable.work import Clock, executor, one_thread, parse_budget

VERIFIED = 3


@one_thread()
def explain(
    network: Network,
    data: Any = None,
    *,
    labels: Any = None,
    also: Iterable[str | Proposer] = (),
    circuit: bool = False,
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
        circuit: also look for the smallest circuit of the network, beside the one that the program's places induce: a
            quarter of the budget is kept for it. It is no part of the verdict.

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
        circuit=circuit,
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=out,
        resume=resume,
        on_event=on_event,
    )
    return _conclude(run, _ranked(_examined(run, _propose(run))), out, command)


@one_thread()
def verify(
    network: Network,
    hypothesis: Hypothesis,
    data: Any = None,
    *,
    labels: Any = None,
    circuit: bool = False,
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
        network,
        data,
        labels=labels,
        circuit=circuit,
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=out,
        resume=resume,
        on_event=on_event,
    )
    priced = replace(hypothesis, residual_bits=_checked_residual(run, hypothesis))
    guarded = _guarded_until_one_stands(run, (verified(run, Candidate(priced, effort=None, exact=False)),))
    return _conclude(run, guarded, out, command)


def _begin(
    network: Network,
    data: Any,
    *,
    labels: Any,
    also: tuple[Proposer, ...] = (),
    circuit: bool,
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
    reserved = ASKED_SHARE * seconds if circuit else 0.0
    clock = Clock(seconds - reserved)
    prepared = prepare_data(network, data, labels, seed)
    journal = journal_for(out, identity_of(network, prepared, seed, clock.seconds, also), resume=resume)
    run = Run(network, prepared, clock, seed, journal, workers, on_event or (lambda _: None), also, reserved)
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
        return [{"h": hypothesis_to_data(c.hypothesis), "effort": plain(c.effort), "exact": c.exact} for c in found]

    items = run.journal.once("search", make)
    return tuple(Candidate(hypothesis_from_data(i["h"]), read_as(Effort, i["effort"]), i["exact"]) for i in items)


def _examined(run: Run, others: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """All candidates, tested and controlled in turn until one stands that the insides bear out."""
    guarded: tuple[Candidate, ...] = ()
    while others and len(guarded) < VERIFIED and not _answered(guarded, others):
        tested, others = tested_in_turn(run, others, most=VERIFIED, before=guarded)
        if not tested:
            break
        guarded += _guarded_until_one_stands(run, tested, before=guarded, sound_only=_placed(others))
    if not _answered(guarded, ()):
        guarded = _guarded_until_one_stands(run, guarded)
    return (*guarded, *others)


def _answered(guarded: tuple[Candidate, ...], others: tuple[Candidate, ...]) -> bool:
    """Whether one stands that the insides bear out, or one that they do not and no other exact one says where it
    lives."""
    standing = [each for each in guarded if stands(each) and _controlled(each)]
    return any(sound(each) or not _placed(others) for each in standing)


def _placed(others: tuple[Candidate, ...]) -> bool:
    """Whether an exact one says where its variables live."""
    return any(each.exact and each.placed for each in others)


def _guarded_until_one_stands(
    run: Run, tested: tuple[Candidate, ...], *, before: tuple[Candidate, ...] = (), sound_only: bool = False
) -> tuple[Candidate, ...]:
    """Null controls for the best hypothesis; for the next one only if they bring it down, and it is not the same again
    in other words, nor one of those `before` that fell. Where the insides do not bear out the best one, also for the
    next exact one that they do: what can be no more than behavioural must not stand in its way.

    Arguments:
        sound_only: whether those that the insides do not bear out wait until the others are tested.
    """
    answered = list(_ranked(tested))
    known = (each.hypothesis for each in (*before, *tested))
    fallen = [each for each in known if any(r.status == "fail" for r in each.evidence.of("guard"))]
    doubtful = sound_only
    for index, candidate in enumerate(answered):
        waits = doubtful and not (sound(candidate) and candidate.exact)
        if not stands(candidate) or (waits and not _controlled(candidate)):
            continue
        if not _controlled(candidate):
            answered[index] = replace(candidate, hypothesis=_guarded(run, candidate, fallen))
        if not stands(answered[index]):
            fallen.append(answered[index].hypothesis)
        elif sound(answered[index]):
            break
        else:
            doubtful = True
    return tuple(answered)


def _guarded(run: Run, candidate: Candidate, fallen: list[Hypothesis]) -> Hypothesis:
    untried = candidate.hypothesis
    again = fallen_with(untried, fallen, run.data.inputs)
    return again or guarded(run, untried, case_of(run, untried), effort=candidate.effort)


def _controlled(candidate: Candidate) -> bool:
    """Whether it has met the null controls."""
    return any(candidate.hypothesis.evidence.named(guard.name) is not None for guard in GUARDS)


def _ranked(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """By verdict, then those that have met the null controls, then those that hold at greater lengths, then by total
    description length, which counts half again where the program is wrong somewhere, and half again where the causal
    tests do not bear it out."""

    def order(candidate: Candidate) -> tuple[int, bool, bool, float]:
        hypothesis = candidate.hypothesis
        doubts = (not sound(candidate)) + (not candidate.exact)
        bits = hypothesis.total_bits * DOUBT**doubts
        return hypothesis.verdict.rank, not _controlled(candidate), hypothesis.evidence.truncated, bits

    return tuple(sorted(found, key=order))


def _conclude(run: Run, ranked: tuple[Candidate, ...], out: str | Path | None, command: str | None) -> Study:
    """Examples into the programs, the study together, and everything to disk."""
    rows = run.data.inputs[run.data.find]
    hypotheses = (candidate.hypothesis for candidate in ranked)
    finished = tuple(replace(h, program=h.program.with_examples(rows)) for h in hypotheses)
    subject = subject_of(finished)
    circuit = None if subject is None else circuit_of(run, subject)
    study = Study(run.network.facts, _facts(run, command), finished, tuple(run.attempts), circuit)
    if out is not None:
        study.save(out)
        study.report(Path(out) / "report.html")
        run.journal.clear()
    return study


def _facts(run: Run, command: str | None) -> RunFacts:
    return RunFacts(
        data_n=len(run.data.inputs),
        data_source=run.data.source,
        data_sha256=run.data.sha256,
        budget_s=run.clock.seconds + run.reserved,
        seed=run.seed,
        seconds=round(run.clock.used, 2),
        command=command or python_call(),
        environment=environment(),
    )
