"""Short expressions for answers that registers determine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program import INT, Call, Const, Expr, Var, expr_bits, walk
from scrutable.propose._registers_heard import Heard
from scrutable.synthesis import Found, Table, synthesise
from scrutable.synthesis.detect import DETECTORS
from scrutable.synthesis.enumeration import Grammar, cheapest_together, search_many
from scrutable.work import Clock

MEMORY = 64 * 2**20
MOST_ROWS = 4096
CANDIDATES = 4
MOST_LITERALS = 10
Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look.

    Arguments:
        most: candidates of the enumeration. seconds: the time for one table. detect: whether detectors run too.
    """

    most: int
    seconds: float
    detect: bool = False


@dataclass(frozen=True, slots=True)
class Literals:
    """The numbers that expressions may use.

    Arguments:
        values: the cheapest first.
        banned: never used: the length of the sequences, unless the inputs themselves suggest it.
    """

    values: tuple[int, ...]
    banned: frozenset[int]

    @staticmethod
    def of(heard: Heard) -> Literals:
        """Small numbers, and those that the data suggest."""
        values = heard.fitting((0, 1, 2, *heard.own, -1, 3, 4, 5, 7))
        banned = frozenset({heard.length} - set(values))
        return Literals(tuple(values)[:MOST_LITERALS], banned)

    def allowed(self, expr: Expr) -> bool:
        """Whether no banned number occurs, in a table either."""
        return not any(self._bad(node) for node in walk(expr))

    def _bad(self, node: Expr) -> bool:
        if isinstance(node, Call):
            return node.op == "table"
        return isinstance(node, Const) and node.value in self.banned


def named(leaves: Columns, targets: Columns, literals: Literals, effort: Effort, clock: Clock) -> Mapping[str, Expr]:
    """One expression for each target, so that all together are short; nothing when one has none.

    Arguments:
        leaves, targets: columns `(steps,)`; the same leaves always come with the same targets.
    """
    leaves, targets = _once(leaves, targets)
    part = clock.at_most(effort.seconds)
    found: dict[str, tuple[Found, ...]] = {}
    for name, column in targets.items():
        found[name] = _ways(leaves, column, literals, effort, part.part(1 / (len(targets) - len(found))))
        if not found[name]:
            return {}
    chosen = cheapest_together(found, scope=len(leaves)) if len(found) > 1 else None
    return chosen.whole if chosen else {name: each[0].expr for name, each in found.items()}


def _ways(leaves: Columns, column: np.ndarray, literals: Literals, effort: Effort, clock: Clock) -> tuple[Found, ...]:
    for name, values in leaves.items():
        if np.array_equal(values, column):
            return (Found(Var(name, INT), expr_bits(Var(name, INT), len(leaves))),)
    found = list(_enumerated(leaves, column, literals, effort, clock.part(0.6 if effort.detect else 1.0)))
    if effort.detect:
        found += _detected(leaves, column, clock)
    good = [each for each in found if literals.allowed(each.expr)]
    return tuple(sorted(good, key=lambda each: (each.bits, str(each.expr))))


def _detected(leaves: Columns, column: np.ndarray, clock: Clock) -> tuple[Found, ...]:
    try:
        return synthesise(Table(dict(leaves), column), clock=clock, methods=DETECTORS, limit=CANDIDATES)
    except ScrutableError:
        return ()


def _enumerated(
    leaves: Columns, column: np.ndarray, literals: Literals, effort: Effort, clock: Clock
) -> tuple[Found, ...]:
    fitting = Grammar.fitting(leaves, [column])
    grammar = replace(fitting, constants=literals.values, divisors="numbers", memory=MEMORY, typed=True)
    try:
        return search_many(
            dict(leaves), {"answer": column}, grammar=grammar, clock=clock, limit=CANDIDATES, most=effort.most
        )["answer"]
    except ScrutableError:
        return ()


def _once(leaves: Columns, targets: Columns) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Each different row once, at most 4096."""
    table = np.stack([*leaves.values(), *targets.values()], axis=1).astype(np.int64)
    first = np.sort(np.unique(table, axis=0, return_index=True)[1])[:MOST_ROWS]
    columns = table[first].T
    names = [*leaves, *targets]
    cut = len(leaves)
    return dict(zip(names[:cut], columns[:cut], strict=True)), dict(zip(names[cut:], columns[cut:], strict=True))
