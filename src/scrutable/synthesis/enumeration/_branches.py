"""Branch points: conditions with a literal worked out from where two partial solutions are wrong."""

from __future__ import annotations

import numpy as np

from scrutable.program import call, const
from scrutable.synthesis.enumeration._bank import Bank, joined
from scrutable.synthesis.enumeration._cover import Pool, within
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._grammar import constant_cost
from scrutable.synthesis.enumeration._kernels import Kind
from scrutable.synthesis.enumeration._layout import unpack
from scrutable.synthesis.enumeration._literals import between

TERMS, PAIRS, COMPARED = 96, 48, 128
_KEPT = 8

Branch = tuple[int, str, int, int | float, int, int]
"""Cost, comparison, the number compared, the literal, and the entries used where it holds and where it does not."""


def branch(bank: Bank, goal: Goal, kind: Kind) -> None:
    """Offer conditionals `if w <= c`, `if c <= w`, `if w == c` between two terms that together are right everywhere."""
    pool = goal.pools["equal"]
    found: list[Branch] = []
    for yes, no in _complements(pool):
        must = unpack(~pool.masks[[no, yes]], bank.layout.rows).astype(bool)
        cost = int(pool.costs[yes] + pool.costs[no])
        terms = (int(pool.entries[yes]), int(pool.entries[no]))
        found += [(cost + more, *rest, *terms) for more, *rest in _separating(bank, must[0], must[1])]  # type: ignore[misc]
    for _, name, number, literal, yes, no in sorted(found)[:_KEPT]:
        compared = bank.expr("number", number)
        pair = (const(literal), compared) if name == "ge" else (compared, const(literal))
        test = call("le" if name == "ge" else name, *pair)
        goal.offer(joined("if", test, bank.expr(kind, yes), bank.expr(kind, no)))


def _complements(pool: Pool) -> list[tuple[int, int]]:
    """Pairs of the most useful terms of which one is always right, the cheapest first; both orders."""
    worth = np.bitwise_count(pool.masks).sum(axis=1) / pool.costs
    top = np.sort(np.argsort(-worth, kind="stable")[:TERMS])
    full = within(~pool.masks[top], pool.masks[top])
    yes, no = np.nonzero(full & ~np.eye(len(top), dtype=bool))
    order = np.argsort(pool.costs[top[yes]] + pool.costs[top[no]], kind="stable")[:PAIRS]
    return [(int(top[yes[i]]), int(top[no[i]])) for i in order]


def _separating(bank: Bank, true: np.ndarray, false: np.ndarray) -> list[tuple[int, str, int, int | float]]:
    """Comparisons of cheap numbers with a literal that hold on all of `true` and on none of `false`."""
    if not true.any() or not false.any():
        return []
    count, operators = min(bank.numbers.size, COMPARED), bank.grammar.operators
    inside, outside = bank.numbers.values[:count, true], bank.numbers.values[:count, false]
    least, most = inside.min(axis=1), inside.max(axis=1)
    fits: list[tuple[str, int, int | float]] = []
    if "le" in operators:
        bound = outside.min(axis=1)
        fits += [("le", int(i), between(most[i], bound[i])) for i in np.flatnonzero(most < bound)]
        bound = outside.max(axis=1)
        fits += [("ge", int(i), between(least[i], bound[i])) for i in np.flatnonzero(least > bound)]
    if "eq" in operators and not bank.layout.reals:
        one = (least == most) & (outside != least[:, None]).all(axis=1)
        fits += [("eq", int(i), least[i].item()) for i in np.flatnonzero(one)]
    costs = bank.numbers.cost
    return [(int(costs[number]) + constant_cost(literal), name, number, literal) for name, number, literal in fits]
