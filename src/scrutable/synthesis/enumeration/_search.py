"""The search itself: level by level, with every shortcut tried as soon as it can apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import const, expr_bits
from scrutable.synthesis._base import Found
from scrutable.synthesis.enumeration._bank import Bank
from scrutable.synthesis.enumeration._climb import PATIENCE, Climb, Meter
from scrutable.synthesis.enumeration._examples import Examples
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._grammar import Grammar
from scrutable.synthesis.enumeration._layout import Layout
from scrutable.work import Clock

ROUNDS = 16
EAGER = 8
"""So many rounds end as soon as what fits the chosen examples fails on others; later ones go on for longer."""
MOST_CANDIDATES = 3_000_000
"""The usual limit of a search, in candidates over 64 examples each; it ends in a few seconds."""
FIRST = 300_000
"""A climb that has found nothing after so many candidates begins again with learned weights."""
MOST_FAILING = 16


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
    """One search and what it cost. `run` does the work once; `effort` can be read afterwards.

    Arguments are those of `search_many`, and `learning`: whether weights are learned where nothing is found.
    """

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
        learning: bool = True,
    ) -> None:
        self._examples = Examples.of(leaves, targets)
        self._grammar, self._limit = grammar, limit
        self._meter = Meter(clock, most)
        self._slack = slack
        self._possible = [name for name in targets if name not in self._examples.impossible]
        self._rounds = 0
        self._learning = learning
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
            if enough or self._meter.over or not failing:
                break
        return {goal.name: goal.ranked(self._limit) for goal in goals}

    def _round(self, rows: np.ndarray) -> list[Goal]:
        """One climb; where it finds nothing, another with weights learned from the partial solutions it saw."""
        columns = {name: each[rows] for name, each in self._examples.leaves.items()}
        targets = [self._examples.targets[name][rows] for name in self._possible]
        constants = [np.array([value]) for value in self._grammar.constants]
        layout = Layout.fitting(len(rows), [*columns.values(), *targets, *constants])
        hold = 0 if self._rounds < EAGER else PATIENCE << (self._rounds - EAGER)
        bank, meter = Bank(columns, self._grammar, layout), self._meter
        goals = [Goal(name, self._examples, rows, bank, slack=self._slack) for name in self._possible]
        climb = Climb(meter, bank, goals, hold=hold, slack=self._slack)
        level, exhausted = climb.up(first=FIRST if self._learning else None)
        if climb.learned is not None:
            bank = Bank(columns, self._grammar, layout, climb.learned)
            climb = Climb(meter, bank, [goal.moved(bank) for goal in goals], hold=hold, slack=self._slack)
            level, exhausted = climb.up()
        distinct = bank.numbers.size + bank.truths.size
        self.effort = Effort(meter.seen, distinct, level, self._rounds + 1, bank.capped, meter.left <= 0, exhausted)
        return climb.goals
