"""Columns of a machine's table as decision lists: `if test: value elif test: value else: value`.

Values are numbers, variables, and sums of variables, bounded or taken modulo; tests compare a variable, or such a sum,
with a number. It finds what has many exceptions, where the expression search, which knows more shapes, gives up.

Reference: R. Rivest, Learning decision lists, Machine Learning 2 (1987).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from scrutable.program import INT, Expr, Var, call, const, expr_bits
from scrutable.synthesis.enumeration import Found
from scrutable.work import Clock

FACTORS = (0, 1, -1, 2, -2)
MOST_LEAVES, MOST_ROWS, MOST_VALUES = 3, 512, 24
MOST_RULES = 4
BEAM = 16
CHEAPEST = 2.0
"""A list still lacks its last value, of at least so many bits."""
SHIFTS = 2
TESTED_SUMS = 6
WRONG = 8.0
"""What a row still to be said right counts for while a list is unfinished, in bits."""


@dataclass(frozen=True, eq=False)
class _Said:
    """Expressions with their lengths, and a row of truths for each `(k, rows)`: where it is right, or where it holds."""

    exprs: list[Expr]
    bits: np.ndarray
    truths: np.ndarray

    @staticmethod
    def of(pieces: Mapping[Expr, np.ndarray], scope: int) -> _Said:
        """Cheapest first."""
        bits = {expr: expr_bits(expr, scope) for expr in pieces}
        exprs = sorted(pieces, key=lambda expr: (bits[expr], str(expr)))
        return _Said(exprs, np.array([bits[e] for e in exprs]), np.stack([pieces[e] for e in exprs]))


@dataclass(frozen=True, eq=False)
class _List:
    """An unfinished list: rules so far as places of test and value, and the rows they leave."""

    left: np.ndarray
    bits: float = 0.0
    rules: tuple[tuple[int, int], ...] = field(default=())


def listed(
    leaves: Mapping[str, np.ndarray], column: np.ndarray, *, clock: Clock, below: float = np.inf, beam: int = BEAM
) -> Found | None:
    """The shortest decision list found that says `column`; None if there is none of at most four rules.

    Arguments:
        leaves: whole numbers `(rows,)`. column: whole numbers, `(rows,)`.
        below: only what is shorter than so many bits is of interest.
        beam: unfinished lists kept after each rule.
    """
    if not 1 <= len(leaves) <= MOST_LEAVES or len(column) > MOST_ROWS or below <= _CONDITIONAL + 4 * CHEAPEST:
        return None
    scope, sums = len(leaves), list(_sums(leaves, column))
    values = _Said.of({e: v == column for e, v in _values(leaves, column, sums) if (v == column).any()}, scope)
    tests = _Said.of({e: v for e, v in _tests(leaves, column, sums) if v.any() and not v.all()}, scope)
    best: Found | None = None
    lists = [_List(np.ones(len(column), dtype=bool))]
    for _ in range(MOST_RULES + 1):
        for each in lists:
            last = np.flatnonzero(values.truths[:, each.left].all(axis=1))[:1]
            if len(last) and each.bits + values.bits[last[0]] < below:
                expr = _written(each, int(last[0]), tests, values)
                best, below = Found(expr, expr_bits(expr, scope)), each.bits + values.bits[last[0]]
        grown = [new for each in lists for new in _grown(each, tests, values) if new[1].bits + CHEAPEST < below]
        lists = [each for _, each in sorted(grown, key=lambda pair: pair[0])[:beam]]
        if not lists or clock.over:
            break
    return best


def _grown(each: _List, tests: _Said, values: _Said) -> Iterator[tuple[float, _List]]:
    """The list with one more rule: for each test the cheapest value that is right wherever it holds."""
    met = tests.truths & each.left
    wrong = (each.left & ~values.truths).astype(np.float32)
    fits = (met.astype(np.float32) @ wrong.T) == 0
    useful = met.any(axis=1) & (met.sum(axis=1) < each.left.sum()) & fits.any(axis=1)
    seen: set[bytes] = set()
    for test in np.flatnonzero(useful).tolist():
        left = each.left & ~tests.truths[test]
        key = left.tobytes()
        if key not in seen:
            seen.add(key)
            value = int(fits[test].argmax())
            bits = each.bits + float(tests.bits[test] + values.bits[value]) + _CONDITIONAL
            missing = int((left & ~values.truths).sum(axis=1).min())
            yield bits + WRONG * missing, _List(left, bits, (*each.rules, (test, value)))


_CONDITIONAL = expr_bits(call("if", call("eq", Var("a", INT), 0), 0, 0), 1) - sum(
    expr_bits(part, 1) for part in (call("eq", Var("a", INT), 0), const(0), const(0))
)


def _written(each: _List, last: int, tests: _Said, values: _Said) -> Expr:
    expr = values.exprs[last]
    for test, value in reversed(each.rules):
        expr = call("if", tests.exprs[test], values.exprs[value], expr)
    return expr


def _sums(leaves: Mapping[str, np.ndarray], column: np.ndarray) -> Iterator[tuple[Expr, np.ndarray]]:
    """Sums of variables, and the whole numbers to add that are right most often."""
    for factors in product(FACTORS, repeat=len(leaves)):
        if sum(map(bool, factors)) == 0 or (len(leaves) > 2 and any(abs(f) > 1 for f in factors)):
            continue
        total = sum(f * values for f, values in zip(factors, leaves.values(), strict=True))
        shifts, counts = np.unique(column - total, return_counts=True)
        for shift in shifts[np.argsort(-counts, kind="stable")][:SHIFTS].tolist():
            yield _sum(dict(zip(leaves, factors, strict=True)), shift), np.asarray(total + shift)


def _sum(factors: Mapping[str, int], shift: int) -> Expr:
    """Positive parts first, so that nothing is written as a negative number but a sum of negative parts only."""
    parts = [(f, Var(name, INT) if abs(f) == 1 else call("mul", Var(name, INT), abs(f))) for name, f in factors.items()]
    added = [part for f, part in parts if f > 0]
    taken = [part for f, part in parts if f < 0]
    if shift > 0 or (shift == 0 and not added):
        added.append(const(shift))
    elif shift < 0:
        taken.append(const(-shift))
    if not added:
        return call("sub", _sum({name: f for name, f in factors.items()}, 0), -shift)
    expr = added[0]
    for part in added[1:]:
        expr = call("add", expr, part)
    for part in taken:
        expr = call("sub", expr, part)
    return expr


def _values(
    leaves: Mapping[str, np.ndarray], column: np.ndarray, sums: list[tuple[Expr, np.ndarray]]
) -> Iterator[tuple[Expr, np.ndarray]]:
    low, high = int(column.min()), int(column.max())
    for value in np.unique(column).tolist():
        yield const(value), np.full(len(column), value)
    yield from ((Var(name, INT), values) for name, values in leaves.items())
    for expr, values in sums:
        yield expr, values
        yield call("max", expr, low), np.maximum(values, low)
        yield call("min", expr, high), np.minimum(values, high)
        yield call("min", call("max", expr, low), high), np.clip(values, low, high)
        if low == 0 and high > 0:
            yield call("mod", expr, high + 1), values % (high + 1)


def _tests(
    leaves: Mapping[str, np.ndarray], column: np.ndarray, sums: list[tuple[Expr, np.ndarray]]
) -> Iterator[tuple[Expr, np.ndarray]]:
    likely = sorted(sums, key=lambda pair: -int((pair[1] == column).sum()))[:TESTED_SUMS]
    for expr, values in (*((Var(name, INT), values) for name, values in leaves.items()), *likely):
        for value in np.unique(values)[:MOST_VALUES].tolist():
            yield call("eq", expr, value), values == value
            yield call("le", expr, value), values <= value
            yield call("le", value, expr), value <= values
            yield call("lt", expr, value), values < value
            yield call("lt", value, expr), value < values
    for name, values in leaves.items():
        for other, beside in leaves.items():
            if name != other:
                yield call("lt", Var(name, INT), Var(other, INT)), values < beside
                if name < other:
                    yield call("eq", Var(name, INT), Var(other, INT)), values == beside
