"""From a network to candidate programs: every suitable proposer in turn, then an attack on the best, then again.

The same procedure runs on the network under study and on the null networks of the guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module

import numpy as np

from scrutable.explain._compact import beaten_by
from scrutable.explain._screen import DOUBT, Candidate, Effort, Sight, conceded, polished, screened
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.propose import PROPOSERS, Problem, Proposer
from scrutable.verify import Case, Sample, find_counter_examples
from scrutable.work import Clock, Memo

ROUNDS = 3
"""Of searches; what is left after the last is attacked until one stands."""
KEPT = 6
ATTACK_SHARE = 0.3
MORE_SECONDS = 1.0
LIMIT = 32
"""Counter-examples that an attack stops at. A program that meets fewer, there or among what was searched, is nearly
always right."""
LONG = 500.0
"""An answer of more bits is no reason for others to hurry: a shorter one is worth looking for."""
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
    like: Effort | None = None,
    also: tuple[Proposer, ...] = (),
) -> tuple[Hypothesis, ...]:
    """The best hypotheses about a network, cheapest first, at most six. See `candidates`."""
    sample = Sample(inputs, outputs)
    found = candidates(network, sample, seconds=seconds, seed=seed, like=like, also=also)
    return tuple(candidate.hypothesis for candidate in found)


def candidates(
    network: Network,
    sample: Sample,
    *,
    seconds: float,
    seed: int,
    like: Effort | None = None,
    also: tuple[Proposer, ...] = (),
    note: Note = lambda *_: None,
) -> tuple[Candidate, ...]:
    """Run every suitable proposer, keep what agrees with the network on the search split, try to break the cheapest
    exact candidate, and start again with the counter-examples found. What was broken, or was offered as exact and is
    not, and is nearly always right is offered as approximate, where nothing exact is left in the end or only what is
    much longer.

    Arguments:
        sample: the search split.
        seconds: for everything.
        like: what another search spent. Only the proposers that it had asked are asked, each for no longer, though it
            shares its time out as it did there: so a null search repeats the real one up to where that had its answer.
        also: proposers beyond the usual ones; they come last.
        note: told what each proposer did.
    """
    loaded()
    clock = Clock(seconds if like is None else like.planned, ends=seconds)
    sight = Sight(network, sample, sample.rows(slice(0)), seed)
    proposers = (*PROPOSERS, *also)
    kept: tuple[Candidate, ...] = ()
    broken: list[Candidate] = []
    until: float | None = None
    turn = _Turn(proposers, clock, like, note)
    for number in range(ROUNDS + KEPT):
        if number < ROUNDS:
            kept = _best((*_still_right(kept, sight), *turn.run(sight, until=until)))
        counter = _attack(kept, sight, clock, note)
        if counter is None:
            break
        sight = sight.with_counter(counter)
        before, kept = kept, _still_right(kept, sight)
        broken += _fallen(before, kept)
        nearly = [each.seconds for each in (*kept, *broken)]
        if len(counter) < LIMIT and nearly:
            until = clock.used + max(PATIENCE, min(nearly))
        if clock.over:
            break
    exact = min((each.hypothesis.total_bits for each in kept if each.exact), default=float("inf"))
    lesser = _still_right((*broken, *turn.nearly), sight)
    return _best((*kept, *(each for each in lesser if DOUBT * each.hypothesis.total_bits < exact)))


@cache
def loaded() -> None:
    """Import what proposers import when they first need it, so that the time they are given is spent searching."""
    for name in ("scipy.optimize", "sklearn.linear_model", "sklearn.tree"):
        import_module(name)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One proposer after the other, round after round, and what each has spent.

    Arguments:
        clock: of the whole search. like: another search that this one repeats, or None. note: see `candidates`.
        nearly: what was offered as exact and is not, but is nearly always right, now said to be approximate.
    """

    proposers: tuple[Proposer, ...]
    clock: Clock
    like: Effort | None
    note: Note
    spent: dict[str, float] = field(default_factory=dict)
    nulls: Memo = field(default_factory=Memo)
    nearly: list[Candidate] = field(default_factory=list)

    def run(self, sight: Sight, *, until: float | None) -> Iterator[Candidate]:
        """The candidates of every suitable proposer that no plain description beats. With a short answer in hand the
        others still look for a shorter one, together about as long as that took; one that tells where variables live
        has its time until there is an answer that does.

        Arguments:
            until: when to end, in the clock's seconds, because there is an answer that is nearly always right; or None.
        """
        memo, located = Memo(), False
        suitable = tuple(self._suitable(_problem(sight, self.clock, memo)))
        for index, proposer in enumerate(suitable):
            share = proposer.weight / sum(each.weight for each in suitable[index:])
            clock = self._clock(proposer, share, None if proposer.locates and not located else until)
            for candidate in self._asked(proposer, _problem(sight, clock, memo), sight):
                short = candidate.exact and candidate.hypothesis.total_bits <= LONG
                until = 2 * self.clock.used if short and until is None else until
                located |= candidate.exact and candidate.placed
                yield candidate

    def _clock(self, proposer: Proposer, share: float, until: float | None) -> Clock:
        clock = self.clock.part(share)
        if until is not None:
            clock = clock.at_most(max(MORE_SECONDS, until - self.clock.used))
        if self.like is not None:
            clock = clock.ending_after(self.like.spent.get(proposer.name, 0.0) - self.spent.get(proposer.name, 0.0))
        return clock

    def _asked(self, proposer: Proposer, problem: Problem, sight: Sight) -> Iterator[Candidate]:
        """What one proposer finds; it is not asked where a search that this one repeats had not asked it."""
        if self.like is not None and problem.clock.over:
            return
        before = self.spent.pop(proposer.name, 0.0)
        offered, good, longer = 0, 0, []
        for hypothesis in proposer.propose(problem):
            offered += 1
            self.spent[proposer.name] = before + problem.clock.used
            effort = Effort(self.clock.seconds, self.clock.used, dict(self.spent))
            claim = polished(hypothesis, sight)
            candidate = screened(claim, sight, effort, conceding=LIMIT)
            if candidate is not None:
                agrees = candidate.hypothesis.approximate == claim.approximate
                good += agrees
                beaten = beaten_by(candidate.hypothesis, sight, self.nulls)
                if beaten is None and agrees:
                    yield candidate
                elif beaten is None:
                    self.nearly.append(candidate)
                elif agrees:
                    longer.append(beaten)
            if problem.clock.over:
                break
        self.spent[proposer.name] = before + problem.clock.used
        outcome = f"{offered} proposed, {good} agree with the network{_none_shorter(longer)}"
        self.note("propose", proposer.name, outcome, problem.clock.used)

    def _suitable(self, problem: Problem) -> Iterator[Proposer]:
        """The proposers that can work on this network; the others say why not."""
        for proposer in self.proposers:
            started = problem.clock.used
            reason = proposer.unsuitable(problem)
            if reason is None:
                yield proposer
            else:
                self.note("propose", proposer.name, f"not suitable: {reason}", problem.clock.used - started)


def _none_shorter(nulls: list[str]) -> str:
    """What to add when candidates were dropped for being no shorter than a plain description."""
    if not nulls:
        return ""
    return f", {len(nulls)} of them no shorter than a plain description ({', '.join(dict.fromkeys(nulls))})"


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
    checked = (screened(candidate.hypothesis, sight, candidate.effort) for candidate in kept)
    return tuple(candidate for candidate in checked if candidate is not None)


def _fallen(before: tuple[Candidate, ...], after: tuple[Candidate, ...]) -> Iterator[Candidate]:
    """Those that counter-examples have cost their claim, with a lesser one."""
    left = {candidate.hypothesis.program.source for candidate in after}
    for candidate in before:
        if candidate.hypothesis.program.source not in left:
            yield replace(candidate, hypothesis=conceded(candidate.hypothesis))


def _best(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The cheapest few, each program once, as it was found first: among them the cheapest exact one that says where its
    variables live, however many shorter ones there are that do not."""
    ranked = sorted(found, key=lambda c: (c.hypothesis.total_bits, c.hypothesis.program.source, c.seconds))
    unique: dict[str, Candidate] = {}
    for candidate in ranked:
        unique.setdefault(candidate.hypothesis.program.source, candidate)
    best = tuple(unique.values())
    placed = next((at for at, candidate in enumerate(best) if candidate.exact and candidate.placed), 0)
    return best[:KEPT] if placed < KEPT else (*best[: KEPT - 1], best[placed])


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
