"""One climb through the levels of a bank: candidates of each cost, and every shortcut as soon as it can apply."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from scrutable.synthesis.enumeration._ahead import beside, prepared_blocks
from scrutable.synthesis.enumeration._bank import NUMBERED, Bank
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._kernels import Kind
from scrutable.synthesis.enumeration._layout import unpack
from scrutable.synthesis.enumeration._literals import fit_beside, fit_literals
from scrutable.synthesis.enumeration._shortcuts import meet
from scrutable.synthesis.enumeration._unify import unify
from scrutable.synthesis.enumeration._weights import Weights
from scrutable.work import Clock

PATIENCE = 300_000
"""After the first find, as many candidates again and at least so many are looked at for a shorter expression."""
HIGHEST = 400
GATHERED = 1 << 16
NUMBERED_TRUTHS = 4096
_NOTHING_NEW = 64


@dataclass(slots=True)
class Meter:
    """What a search has used and may still use.

    Arguments:
        clock: the time it has.
        left: the candidates it may still look at, each counted once for every 64 examples that it is computed on.
        seen: the candidates looked at so far, in all climbs.
    """

    clock: Clock
    left: int
    seen: int = 0

    @property
    def over(self) -> bool:
        """Whether no more candidates are to be looked at."""
        return self.left <= 0 or self.clock.over

    def count(self, candidates: int, words: int) -> None:
        """Add to the candidates looked at, computed on 64 examples `words` times."""
        self.seen += candidates
        self.left -= candidates * words


class Climb:
    """One climb through the levels of a bank, for some goals.

    Arguments:
        hold: as long as fewer candidates were looked at, expressions that fail on other examples do not end it.
        slack: expressions so many bits longer than the shortest are looked for too.
    """

    def __init__(self, meter: Meter, bank: Bank, goals: list[Goal], *, hold: int, slack: float) -> None:
        self.bank, self.goals = bank, goals
        self.learned: Weights | None = None
        self._meter, self._hold, self._slack = meter, hold, slack
        self._met = {"number": 0, "truth": 0}
        self._began = meter.seen
        self._first_find: int | None = None
        self._unify_at, self._beside = 0, False
        self._first: int | None = None

    def up(self, *, first: int | None = None) -> tuple[int, bool]:
        """Go up until done.

        Arguments:
            first: after so many candidates without a find the climb ends, if the partial solutions suggest other
                weights, which are then in `learned`; None never.

        Returns:
            The last complete level, and whether nothing was left to look at.
        """
        bank, done, latest = self.bank, 0, 0
        self._first = first
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
        for goal in self.goals:
            for leaf in self.bank.leaves:
                vector = goal.vectors.get(leaf.kind)
                if vector is not None and self.bank.layout.same(self.bank.vector(leaf)[None], vector[None])[0]:
                    goal.offer(leaf.expr)

    def _level(self, cost: int) -> bool:
        """Every candidate of one cost, then the shortcuts from the new entries. False when a limit has been reached."""
        bank = self.bank
        with closing(prepared_blocks(bank, cost)) as candidates:
            for each in candidates:
                block = each.block
                self._meter.count(len(block.values), bank.truths.width)
                for goal in self.goals:
                    goal.watch(block, each.codes, cost)
                bank.store(block.gives).keep(each.sifted, cost=cost, op=block.op, decode=block.decode)
                if self._meter.over:
                    break
        if self._meter.clock.over:
            return False
        if "add" in bank.grammar.operators and not bank.grammar.typed:
            self._number_truths(cost)
        self._shortcuts(cost)
        return not (bank.capped or self._meter.over)

    def _number_truths(self, cost: int) -> None:
        """New truths also serve as the numbers 0 and 1, as long as they are among the cheapest."""
        start, stop = self.bank.truths.levels.get(cost, (0, 0))
        stop = min(stop, NUMBERED_TRUTHS)
        if start >= stop:
            return
        values = unpack(self.bank.truths.values[start:stop], self.bank.layout.rows).astype(self.bank.layout.dtype)
        store = self.bank.numbers
        store.add(values, store.coder(values), cost=cost, op=NUMBERED, decode=lambda at: (start + at,))

    def _shortcuts(self, cost: int) -> None:
        for kind in ("number", "truth"):
            start, stop = self._met[kind], self.bank.store(kind).size
            self._met[kind] = stop
            for goal in self.goals:
                if start < stop and cost <= goal.bound and not self._meter.clock.over:
                    self._from_new(goal, kind, start, stop)
        seen = self._meter.seen - self._began
        if seen >= self._unify_at or self._meter.over:
            beside, self._beside = self._unify_at > 0 and not self._beside, self._beside or self._unify_at > 0
            self._unify_at = 2 * seen + 20_000
            for goal in self.goals:
                if not self._meter.clock.over:
                    unify(self.bank, goal, self._meter.clock)
                if beside and not goal.found:
                    fit_beside(self.bank, goal, self._meter.clock)

    def _from_new(self, goal: Goal, kind: Kind, start: int, stop: int) -> None:
        """What one goal makes of the new entries from `start` to `stop`: expressions, and beside them its pools."""
        clock = self._meter.clock

        def gather() -> None:
            for low in range(start, stop, GATHERED):
                if not clock.over:
                    goal.gather(kind, low, min(stop, low + GATHERED))

        with beside(gather, size=stop - start):
            meet(self.bank, goal, kind, (start, stop), clock)
            if kind == "number":
                fit_literals(self.bank, goal, (start, stop), clock)

    def _finished(self, cost: int) -> bool:
        """Whether every target has an expression and looking on has stopped being worth it."""
        seen = self._meter.seen - self._began
        if not all(goal.found for goal in self.goals):
            if self._first is not None and seen >= self._first and not any(goal.failing for goal in self.goals):
                self._first, self.learned = None, _learned(self.bank, self.goals)
                if self.learned is not None:
                    return True
            return seen >= self._hold and any(goal.failing and not goal.found for goal in self.goals)
        if self._first_find is None:
            self._first_find = seen
        longer = all(cost > goal.best + self._slack for goal in self.goals)
        return longer or seen > 2 * self._first_find + PATIENCE


def _learned(bank: Bank, goals: list[Goal]) -> Weights | None:
    """The weights that the partial solutions of the goals without an expression suggest; None for no others."""
    open_ = [goal for goal in goals if not goal.found]
    shares = [share for goal in open_ for share in goal.partial()]
    return bank.weights.learned(shares, base=max((goal.base for goal in open_), default=1.0))
