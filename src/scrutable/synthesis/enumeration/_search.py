"""The search itself: level by level, with every shortcut tried as soon as it can apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import const, expr_bits
from scrutable.synthesis._base import Found
from scrutable.synthesis.enumeration._ahead import coded_blocks
from scrutable.synthesis.enumeration._bank import NUMBERED, Bank
from scrutable.synthesis.enumeration._examples import Examples
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._grammar import Grammar
from scrutable.synthesis.enumeration._kernels import Kind
from scrutable.synthesis.enumeration._layout import Layout, unpack
from scrutable.synthesis.enumeration._shortcuts import fit_literals, meet
from scrutable.synthesis.enumeration._unify import unify
from scrutable.work import Clock

ROUNDS = 16
EAGER = 8
"""So many rounds end as soon as what fits the chosen examples fails on others; later ones go on for longer."""
MOST_CANDIDATES = 3_000_000
"""The usual limit of a search, in candidates over 64 examples each; it ends in a few seconds."""
PATIENCE = 300_000
"""After the first find, as many candidates again and at least so many are looked at for a shorter expression."""
HIGHEST = 400
MOST_FAILING = 16
GATHERED = 1 << 16
NUMBERED_TRUTHS = 4096
_NOTHING_NEW = 64


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search did.

    Arguments:
        candidates: value vectors computed and looked up (see `_levels`); shortcuts are not counted.
        distinct: value vectors stored.
        level: the last cost, in bits, whose candidates were all looked at in the last round.
        rounds: how often the search began again with examples on which what it had found failed.
        capped: the memory limit was reached, so that later levels are incomplete.
        limited: the limit of candidates was reached.
        exhausted: every expression of the grammar has been looked at.
    """

    candidates: int
    distinct: int
    level: int
    rounds: int
    capped: bool
    limited: bool
    exhausted: bool


def search(
    leaves: Mapping[str, np.ndarray],
    target: np.ndarray,
    *,
    grammar: Grammar,
    clock: Clock,
    limit: int,
    most: int = MOST_CANDIDATES,
) -> Iterator[Found]:
    """Expressions over `leaves` that equal `target` on every example, shortest first.

    Bottom-up enumeration by cost with observational equivalence, meeting in the middle, and unification. Everything
    yielded has been computed by the program language and equals the target on all rows (reals within 1e-6).

    Arguments:
        leaves: named columns `(n,)`, int64, bool or float64.
        target: the column to express.
        grammar: operators, literals and the memory limit; see `Grammar.fitting`.
        clock: when it is over, what was found by then is yielded.
        limit: the most expressions yielded.
        most: the most candidates looked at, each counted once for every 64 examples that it is computed on. A search
            that ends before the clock does gives the same answer every time.

    Raises:
        UserError: columns of unequal length, empty, or not numbers.

    Reference: A. Albarghouthi, S. Gulwani, Z. Kincaid, Recursive program synthesis (CAV 2013) for the equivalence.
    """
    yield from search_many(leaves, {"target": target}, grammar=grammar, clock=clock, limit=limit, most=most)["target"]


def search_many(
    leaves: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    *,
    grammar: Grammar,
    clock: Clock,
    limit: int,
    most: int = MOST_CANDIDATES,
    slack: float = 0.0,
) -> dict[str, tuple[Found, ...]]:
    """As `search`, for several targets over one bank: for each, at most `limit` expressions, shortest first.

    `cheapest_together` chooses one for each target so that the total with shared parts is least. For its sake
    expressions up to `slack` bits longer than the shortest are looked for too.
    """
    return Search(leaves, targets, grammar=grammar, clock=clock, limit=limit, most=most, slack=slack).run()


@final
class Search:
    """One search and what it cost. `run` does the work once; `effort` can be read afterwards."""

    def __init__(
        self,
        leaves: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
        *,
        grammar: Grammar,
        clock: Clock,
        limit: int,
        most: int = MOST_CANDIDATES,
        slack: float = 0.0,
    ) -> None:
        self._examples = Examples.of(leaves, targets)
        self._grammar, self._clock, self._limit = grammar, clock, limit
        self._left = most
        self.slack = slack
        self._possible = [name for name in targets if name not in self._examples.impossible]
        self._candidates = 0
        self._rounds = 0
        self.effort = Effort(0, 0, 0, 0, capped=False, limited=False, exhausted=False)

    def run(self) -> dict[str, tuple[Found, ...]]:
        """For each target, what was found for it. Empty for a target that contradicts itself."""
        nothing: dict[str, tuple[Found, ...]] = {name: () for name in self._examples.targets}
        constant = {name: self._constant(name) for name in self._possible}
        self._possible = [name for name in self._possible if not constant[name]]
        with np.errstate(all="ignore"):  # candidates that overflow are dropped
            found = self._rerun() if self._possible else {}
        return nothing | {name: each for name, each in constant.items() if each} | found

    def _constant(self, name: str) -> tuple[Found, ...]:
        column = self._examples.targets[name]
        if not (column == column[0]).all():
            return ()
        literal = const(column[0].item())
        return (Found(literal, expr_bits(literal, len(self._examples.leaves))),)

    def _rerun(self) -> dict[str, tuple[Found, ...]]:
        """Again with more examples as long as what fits the chosen ones fails on others."""
        failing: list[int] = []
        goals: list[Goal] = []
        for _ in range(ROUNDS):
            rows = self._examples.choose(2 * len(failing), failing)
            goals = self._round(rows)
            self._rounds += 1
            new = [row for goal in goals if not goal.found for row in goal.failing]
            failing = list(dict.fromkeys([*failing, *new[:MOST_FAILING]]))
            enough = len(rows) >= self._examples.count or all(goal.found for goal in goals)
            if enough or self.over or not failing:
                break
        return {goal.name: goal.ranked(self._limit) for goal in goals}

    def _round(self, rows: np.ndarray) -> list[Goal]:
        columns = {name: each[rows] for name, each in self._examples.leaves.items()}
        targets = [self._examples.targets[name][rows] for name in self._possible]
        constants = [np.array([value]) for value in self._grammar.constants]
        layout = Layout.fitting(len(rows), [*columns.values(), *targets, *constants])
        bank = Bank(columns, self._grammar, layout)
        goals = [Goal(name, self._examples, rows, bank, slack=self.slack) for name in self._possible]
        hold = 0 if self._rounds < EAGER else PATIENCE << (self._rounds - EAGER)
        level, exhausted = _Levels(self, bank, goals, self._clock, hold).climb()
        distinct = bank.numbers.size + bank.truths.size
        self.effort = Effort(
            self._candidates, distinct, level, self._rounds + 1, bank.capped, self._left <= 0, exhausted
        )
        return goals

    @property
    def seen(self) -> int:
        """The candidates looked at so far, in all rounds."""
        return self._candidates

    @property
    def over(self) -> bool:
        """Whether no more candidates are to be looked at."""
        return self._left <= 0 or self._clock.over

    def count(self, candidates: int, words: int) -> None:
        """Add to the candidates looked at, computed on 64 examples `words` times."""
        self._candidates += candidates
        self._left -= candidates * words


class _Levels:
    """One climb through the levels of a bank."""

    def __init__(self, search: Search, bank: Bank, goals: list[Goal], clock: Clock, hold: int) -> None:
        self._search, self._bank, self._goals, self._clock = search, bank, goals, clock
        self._hold = hold
        self._met = {"number": 0, "truth": 0}
        self._began = search.seen
        self._first_find: int | None = None
        self._unify_at = 0

    def climb(self) -> tuple[int, bool]:
        """Go up until done; return the last complete level and whether nothing was left to look at."""
        bank, done, latest = self._bank, 0, 0
        self._offer_leaves()
        for cost in range(1, HIGHEST):
            size = bank.numbers.size + bank.truths.size
            if not self._level(cost):
                return done, False
            done = cost
            if bank.numbers.size + bank.truths.size > size or cost in bank.numbers.levels or cost in bank.truths.levels:
                latest = cost
            if cost > 3 * latest + _NOTHING_NEW:
                return done, True
            if self._finished(cost):
                return done, False
        return done, False

    def _offer_leaves(self) -> None:
        for goal in self._goals:
            for kind, vector in goal.vectors.items():
                entry = int(self._bank.store(kind).find(vector[None])[0])
                if entry >= 0:
                    goal.offer(self._bank.expr(kind, entry))

    def _level(self, cost: int) -> bool:
        """Every candidate of one cost, then the shortcuts from the new entries. False when a limit has been reached."""
        bank = self._bank
        with closing(coded_blocks(bank, cost)) as candidates:
            for block, codes in candidates:
                self._search.count(len(block.values), bank.truths.width)
                for goal in self._goals:
                    goal.watch(block, codes, cost)
                bank.store(block.gives).add(block.values, codes, cost=cost, op=block.op, decode=block.decode)
                if self._search.over:
                    break
        if self._clock.over:
            return False
        if "add" in bank.grammar.operators and not bank.grammar.typed:
            self._number_truths(cost)
        self._shortcuts(cost)
        return not (bank.capped or self._search.over)

    def _number_truths(self, cost: int) -> None:
        """New truths also serve as the numbers 0 and 1, as long as they are among the cheapest."""
        start, stop = self._bank.truths.levels.get(cost, (0, 0))
        stop = min(stop, NUMBERED_TRUTHS)
        if start >= stop:
            return
        values = unpack(self._bank.truths.values[start:stop], self._bank.layout.rows).astype(self._bank.layout.dtype)
        store = self._bank.numbers
        store.add(values, store.coder(values), cost=cost, op=NUMBERED, decode=lambda at: (start + at,))

    def _shortcuts(self, cost: int) -> None:
        for kind in ("number", "truth"):
            start, stop = self._met[kind], self._bank.store(kind).size
            self._met[kind] = stop
            for goal in self._goals:
                if start < stop and cost <= goal.bound and not self._clock.over:
                    self._from_new(goal, kind, start, stop)
        seen = self._search.seen - self._began
        if seen >= self._unify_at or self._search.over:
            self._unify_at = 2 * seen + 20_000
            for goal in self._goals:
                if not self._clock.over:
                    unify(self._bank, goal, self._clock)

    def _from_new(self, goal: Goal, kind: Kind, start: int, stop: int) -> None:
        """What one goal makes of the new entries from `start` to `stop`."""
        meet(self._bank, goal, kind, (start, stop), self._clock)
        if kind == "number":
            fit_literals(self._bank, goal, (start, stop), self._clock)
        for low in range(start, stop, GATHERED):
            if not self._clock.over:
                goal.gather(kind, low, min(stop, low + GATHERED))

    def _finished(self, cost: int) -> bool:
        """Whether every target has an expression and looking on has stopped being worth it."""
        seen = self._search.seen - self._began
        if not all(goal.found for goal in self._goals):
            return seen >= self._hold and any(goal.failing and not goal.found for goal in self._goals)
        if self._first_find is None:
            self._first_find = seen
        longer = all(cost > goal.best + self._search.slack for goal in self._goals)
        return longer or seen > 2 * self._first_find + PATIENCE
