"""From a network to candidate programs: every suitable proposer in turn, then an attack on the best, then again.

The same procedure runs on the network under study and on the null networks of the guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module

import numpy as np

from scrutable.explain._compact import beaten_by
from scrutable.explain._screen import DOUBT, Candidate, Sight, conceded, polished, screened
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.propose import PROPOSERS, Problem, Proposer
from scrutable.verify import Case, Sample, find_counter_examples
from scrutable.work import Clock, Memo

ROUNDS = 3
KEPT = 6
ATTACK_SHARE = 0.3
MORE_SECONDS = 1.0
LIMIT = 32
"""Counter-examples that an attack stops at. A program that meets fewer is nearly always right."""
PATIENCE = 6.0
"""Seconds, at least, to find what is exact after such a program was broken."""

Note = Callable[[str, str, str, float], None]


def search(
    network: Network,
    inputs: np.ndarray,
    outputs: np.ndarray,
    *,
    seconds: float,
    seed: int,
    schedule: float | None = None,
    also: tuple[Proposer, ...] = (),
) -> tuple[Hypothesis, ...]:
    """The best hypotheses about a network, cheapest first, at most six. See `candidates`."""
    sample = Sample(inputs, outputs)
    found = candidates(network, sample, seconds=seconds, seed=seed, schedule=schedule, also=also)
    return tuple(candidate.hypothesis for candidate in found)


def candidates(
    network: Network,
    sample: Sample,
    *,
    seconds: float,
    seed: int,
    schedule: float | None = None,
    also: tuple[Proposer, ...] = (),
    note: Note = lambda *_: None,
) -> tuple[Candidate, ...]:
    """Run every suitable proposer, keep what agrees with the network on the search split, try to break the cheapest
    exact candidate, and start again with the counter-examples found. What was broken and is nearly always right is
    offered as approximate, where nothing exact is left in the end or only what is much longer.

    Arguments:
        sample: the search split.
        seconds: for everything.
        schedule: the time by which the shares of the proposers are reckoned, when it is not `seconds`: a null search
            that must stop earlier still gives each proposer the time it had in the real one.
        also: proposers beyond the usual ones; they come last.
        note: told what each proposer did.
    """
    loaded()
    clock, planned = Clock(seconds), Clock(schedule or seconds)
    sight = Sight(network, sample, sample.rows(slice(0)), seed)
    proposers = (*PROPOSERS, *also)
    kept: tuple[Candidate, ...] = ()
    broken: list[Candidate] = []
    until: float | None = None
    nulls = Memo()
    for _ in range(ROUNDS):
        offered = tuple(_one_round(sight, proposers, (clock, planned), nulls, note, until=until))
        kept = _best((*_still_right(kept, sight), *offered))
        counter = _attack(kept, sight, clock, note)
        if counter is None:
            break
        sight = sight.with_counter(counter)
        before, kept = kept, _still_right(kept, sight)
        broken += _fallen(before, kept)
        nearly = [each.seconds or 0.0 for each in (*kept, *broken)]
        if len(counter) < LIMIT and nearly:
            until = clock.used + max(PATIENCE, min(nearly))
        if clock.over:
            break
    exact = min((each.hypothesis.total_bits for each in kept if each.exact), default=float("inf"))
    lesser = _still_right(tuple(broken), sight)
    return _best((*kept, *(each for each in lesser if DOUBT * each.hypothesis.total_bits < exact)))


@cache
def loaded() -> None:
    """Import what proposers import when they first need it, so that the time they are given is spent searching."""
    for name in ("scipy.optimize", "sklearn.linear_model", "sklearn.tree"):
        import_module(name)


def _one_round(
    sight: Sight,
    proposers: tuple[Proposer, ...],
    clocks: tuple[Clock, Clock],
    nulls: Memo,
    note: Note,
    *,
    until: float | None,
) -> Iterator[Candidate]:
    """The candidates of every suitable proposer that no plain description beats. With an answer in hand the others
    still look for a shorter one, together about as long as that took.

    Arguments:
        until: when to end, in the clock's seconds, because there is an answer that is nearly always right; or None.
    """
    memo, (clock, planned) = Memo(), clocks
    suitable = tuple(_suitable(proposers, _problem(sight, Clock(clock.left), memo), note))
    for index, proposer in enumerate(suitable):
        started = clock.used
        part = proposer.weight / sum(each.weight for each in suitable[index:])
        share = min(planned.left * part, clock.left)
        if until is not None:
            share = min(share, max(MORE_SECONDS, until - clock.used))
        problem = _problem(sight, Clock(share), memo)
        offered, good, longer = 0, 0, []
        for hypothesis in proposer.propose(problem):
            offered += 1
            candidate = screened(polished(hypothesis, sight), sight, clock.used)
            if candidate is not None:
                good += 1
                beaten = beaten_by(candidate.hypothesis, sight, nulls)
                if beaten is not None:
                    longer.append(beaten)
                    continue
                until = 2 * clock.used if candidate.exact and until is None else until
                yield candidate
            if problem.clock.over:
                break
        outcome = f"{offered} proposed, {good} agree with the network{_none_shorter(longer)}"
        note("propose", proposer.name, outcome, clock.used - started)


def _none_shorter(nulls: list[str]) -> str:
    """What to add when candidates were dropped for being no shorter than a plain description."""
    if not nulls:
        return ""
    return f", {len(nulls)} of them no shorter than a plain description ({', '.join(dict.fromkeys(nulls))})"


def _suitable(proposers: tuple[Proposer, ...], problem: Problem, note: Note) -> Iterator[Proposer]:
    """The proposers that can work on this network; the others say why not."""
    clock = problem.clock
    for proposer in proposers:
        started = clock.used
        reason = proposer.unsuitable(problem)
        if reason is None:
            yield proposer
        else:
            note("propose", proposer.name, f"not suitable: {reason}", clock.used - started)


def _problem(sight: Sight, clock: Clock, memo: Memo) -> Problem:
    return Problem(
        network=sight.network,
        inputs=sight.sample.inputs,
        outputs=sight.sample.outputs,
        counter_inputs=sight.counter.inputs,
        counter_outputs=sight.counter.outputs,
        seed=sight.seed,
        clock=clock,
        memo=memo,
    )


def _still_right(kept: tuple[Candidate, ...], sight: Sight) -> tuple[Candidate, ...]:
    checked = (screened(candidate.hypothesis, sight, candidate.seconds) for candidate in kept)
    return tuple(candidate for candidate in checked if candidate is not None)


def _fallen(before: tuple[Candidate, ...], after: tuple[Candidate, ...]) -> Iterator[Candidate]:
    """Those that counter-examples have cost their claim, with a lesser one."""
    left = {candidate.hypothesis.program.source for candidate in after}
    for candidate in before:
        if candidate.hypothesis.program.source not in left:
            yield replace(candidate, hypothesis=conceded(candidate.hypothesis))


def _best(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The cheapest few, each program once, as it was found first."""
    ranked = sorted(found, key=lambda c: (c.hypothesis.total_bits, c.hypothesis.program.source, c.seconds))
    unique: dict[str, Candidate] = {}
    for candidate in ranked:
        unique.setdefault(candidate.hypothesis.program.source, candidate)
    return tuple(unique.values())[:KEPT]


def _attack(kept: tuple[Candidate, ...], sight: Sight, clock: Clock, note: Note) -> Sample | None:
    """Inputs that break the cheapest exact candidate, or None."""
    target = next((candidate.hypothesis for candidate in kept if candidate.exact), None)
    if target is None or clock.over:
        return None
    started = clock.used
    case = Case(sight.network, target, sight.sample, sight.sample, sight.seed, clock.part(ATTACK_SHARE))
    found = find_counter_examples(case, limit=LIMIT)
    note("attack", target.provenance.proposer, f"{len(found)} counter-examples found", clock.used - started)
    return found if len(found) else None
