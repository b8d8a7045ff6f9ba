"""Expressions for what is computed at one position, from the values of variables there.

Where only classes matter, any labels do that tell them apart: those of the shortest expression are taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program import BOOL, INT, REAL, Call, Const, Expr, Var, call, const, expr_bits, substitute
from scrutable.propose._attention_classes import in_order, joint
from scrutable.synthesis.enumeration import Grammar, search_many
from scrutable.work import Clock

Columns = Mapping[str, np.ndarray]
ROUNDED = 1e-4
"""Real answers are rounded to so many places before they are put into words."""
SECONDS = 1.5
MOST_CANDIDATES = 40_000
MEMORY = 64 * 2**20


def rows_of(columns: Columns, target: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """One row for each combination of values that occurs."""
    _, first = np.unique(joint(list(columns.values())), return_index=True)
    return {name: column[first] for name, column in columns.items()}, target[first]


def same_classes(columns: Columns, target: np.ndarray) -> Expr | None:
    """A short expression that has equal values exactly where `target` has; None where none is found.

    Arguments:
        columns, target: as `rows_of` gives them; `target` is in the order of first appearance.
    """
    for expr, values in _bank(columns):
        if values.dtype.kind == "f":
            values = np.round(values, 6)
        if np.array_equal(in_order(values), target):
            return expr
    return None


def exactly(columns: Columns, target: np.ndarray, *, truth: bool, clock: Clock) -> Expr:
    """An expression for these values; a table if nothing shorter is found.

    Arguments:
        truth: whether a condition may say 0 and 1.
    """
    condition = truth and bool(np.isin(target, (0, 1)).all())
    for expr, values in _bank(columns):
        if values.dtype.kind == "b" and not condition:
            continue
        if np.abs(values.astype(np.float64) - target).max() <= (ROUNDED if target.dtype.kind == "f" else 0):
            return expr
    if target.dtype.kind == "f":
        chosen = _either_of(columns, target)
        if chosen is not None:
            return chosen
    if any(column.dtype.kind == "f" for column in columns.values()):
        return _thresholds(columns, target)
    return _searched(columns, target, condition=condition, clock=clock)


def _either_of(columns: Columns, target: np.ndarray) -> Expr | None:
    """One real number or another one, or what is left of it to one, by a condition."""
    conditions = [(_leaf(n, c), c) for n, c in columns.items() if c.dtype.kind == "b"]
    reals: list[tuple[Expr, np.ndarray]] = [(_leaf(n, c), c) for n, c in columns.items() if c.dtype.kind == "f"]
    reals += [(call("sub", 1, expr), 1 - values) for expr, values in reals]
    for condition, truth in conditions:
        for left, x in reals:
            for right, y in reals:
                if np.abs(np.where(truth, x, y) - target).max() <= ROUNDED:
                    return call("if", condition, left, right)
    return None


def table(columns: Columns, target: np.ndarray) -> Expr:
    """A lookup table; the most frequent value is its default and needs no rows."""
    names = list(columns)
    keys = zip(*(columns[name].tolist() for name in names), strict=True)
    entries = dict(zip(keys, target.tolist(), strict=True))
    default = Counter(entries.values()).most_common(1)[0][0]
    rows = tuple((key, value) for key, value in entries.items() if value != default)
    return call("table", *(_leaf(name, columns[name]) for name in names), params=(rows, default))


def _searched(columns: Columns, target: np.ndarray, *, condition: bool, clock: Clock) -> Expr:
    """By the expression search, numbers and conditions both where a condition may say it."""
    targets = {"number": target, **({"condition": target == 1} if condition else {})}
    numeric = {name: column.astype(np.int64) for name, column in columns.items() if column.dtype.kind != "b"}
    leaves = {**numeric, **{name: column for name, column in columns.items() if column.dtype.kind == "b"}}
    grammar = replace(Grammar.fitting(leaves, targets.values()), memory=MEMORY, typed=True, divisors="numbers")
    try:
        part = clock.at_most(SECONDS)
        found = search_many(leaves, targets, grammar=grammar, clock=part, limit=2, most=MOST_CANDIDATES)
    except ScrutableError:
        found = {}
    types = {name: _leaf(name, column) for name, column in columns.items()}
    ways = [substitute(each.expr, dict(types)) for several in found.values() for each in several]
    ways.append(table(columns, target))
    return min(ways, key=lambda expr: (expr_bits(expr, len(columns)), str(expr)))


def _thresholds(columns: Columns, target: np.ndarray) -> Expr:
    """Real numbers cut where the answer changes; the pieces are then said by whole numbers."""
    whole = {name: column for name, column in columns.items() if column.dtype.kind != "f"}
    pieces: dict[str, tuple[Expr, np.ndarray]] = {}
    codes = dict(columns)
    for name, column in columns.items():
        if column.dtype.kind == "f":
            others = [each for other, each in codes.items() if other != name]
            pieces[name] = _pieces(name, column, target, others)
            codes[name] = pieces[name][1]
    rows, wanted = rows_of(codes, target)
    if not whole and len(pieces) == 1:
        (name,) = pieces
        return _stairs(columns[name], name, target)
    return substitute(table(rows, wanted), {name: expr for name, (expr, _) in pieces.items()})


def _cuts(column: np.ndarray, target: np.ndarray, others: list[np.ndarray]) -> list[float]:
    """Half way between neighbours at which the answer changes for some values of the other columns."""
    levels = np.unique(np.round(column, 9))
    beside = joint(others) if others else np.zeros(len(column), dtype=np.int64)
    answers = [
        dict(zip(beside[near].tolist(), target[near].tolist(), strict=True))
        for near in (np.abs(column - level) < 1e-8 for level in levels)
    ]
    cuts = []
    held = dict(answers[0])
    for low, high, after in zip(levels, levels[1:], answers[1:], strict=False):
        if any(key in held and held[key] != value for key, value in after.items()):
            cuts.append(float(_short(low, high)))
            held = {}
        held |= after
    return cuts


def _short(low: float, high: float) -> float:
    """The number of fewest digits between two."""
    for digits in range(12):
        scale = 10.0**digits
        value = np.round((low + high) / 2 * scale) / scale
        if low < value < high:
            return float(value)
    return float((low + high) / 2)


def _pieces(name: str, column: np.ndarray, target: np.ndarray, others: list[np.ndarray]) -> tuple[Expr, np.ndarray]:
    cuts = _cuts(column, target, others)
    code = np.searchsorted(cuts, column)
    return _ladder(Var(name, REAL), cuts, [const(number) for number in range(len(cuts) + 1)]), code


def _stairs(column: np.ndarray, name: str, target: np.ndarray) -> Expr:
    cuts = _cuts(column, target, [])
    _, first = np.unique(np.searchsorted(cuts, column), return_index=True)
    return _ladder(Var(name, REAL), cuts, [_literal(value) for value in target[first]])


def _ladder(leaf: Expr, cuts: Sequence[float], steps: Sequence[Expr]) -> Expr:
    """The step that a number is on, found by halving: there is one more of them than cuts between them."""
    if not cuts:
        return steps[0]
    at = len(cuts) // 2
    above, below = (
        _ladder(leaf, cuts[at + 1 :], steps[at + 1 :]),
        _ladder(leaf, cuts[:at], steps[: at + 1]),
    )
    return call("if", call("lt", const(cuts[at]), leaf), above, below)


def _literal(value: np.ndarray) -> Const:
    return const(value.item())


def _leaf(name: str, column: np.ndarray) -> Var:
    return Var(name, {"b": BOOL, "f": REAL}.get(column.dtype.kind, INT))


def _bank(columns: Columns) -> Iterator[tuple[Expr, np.ndarray]]:
    """Short expressions, shortest first, with their values."""
    one: list[tuple[Expr, np.ndarray]] = [(_leaf(name, column), column) for name, column in columns.items()]
    yield from one
    level = list(_over(one))
    yield from level
    if len(level) > 4000:
        return
    numbers = [each for each in (*one, *level) if each[1].dtype.kind != "b"]
    truths = [each for each in (*one, *level) if each[1].dtype.kind == "b"]
    yield from _unary(numbers[len(one) :])
    simple = [each for each in truths if _size(each[0]) <= 3][:60]
    for i, left in enumerate(simple):
        for right in simple[i + 1 :]:
            yield call("and", left[0], right[0]), left[1] & right[1]
            yield call("or", left[0], right[0]), left[1] | right[1]
    yield from _pairs([*numbers[len(one) : len(one) + 40]], one)


def _size(expr: Expr) -> int:
    return 1 + sum(map(_size, expr.args)) if isinstance(expr, Call) else 1


def _over(one: list[tuple[Expr, np.ndarray]]) -> Iterator[tuple[Expr, np.ndarray]]:
    truths = [each for each in one if each[1].dtype.kind == "b"]
    for expr, values in truths:
        yield call("not", expr), ~values
    yield from _unary([each for each in one if each[1].dtype.kind != "b"])
    for i, (a, x) in enumerate(truths):
        for b, y in truths[i + 1 :]:
            yield call("and", a, b), x & y
            yield call("or", a, b), x | y
            yield call("xor", a, b), x ^ y
    numbers = [each for each in one if each[1].dtype.kind != "b"]
    yield from _pairs(numbers, numbers)


def _unary(numbers: list[tuple[Expr, np.ndarray]]) -> Iterator[tuple[Expr, np.ndarray]]:
    for expr, values in numbers:
        levels = np.unique(values)
        if values.dtype.kind == "f" or len(levels) > 40:
            continue
        for value in levels.tolist():
            yield call("eq", expr, value), values == value
        for value in levels.tolist()[1:]:
            yield call("lt", expr, value), values < value
        for value in levels.tolist()[1:-1]:
            yield call("min", expr, value), np.minimum(values, value)
            yield call("max", expr, value), np.maximum(values, value)
        for value in (2, 3):
            yield call("mod", expr, value), values % value
            yield call("floordiv", expr, value), values // value


def _pairs(
    left: list[tuple[Expr, np.ndarray]], right: list[tuple[Expr, np.ndarray]]
) -> Iterator[tuple[Expr, np.ndarray]]:
    for a, x in left:
        for b, y in right:
            if a == b or y.dtype.kind == "b" or x.dtype.kind == "b":
                continue
            yield call("sub", a, b), x - y
            if str(a) < str(b) or len(left) != len(right):
                yield call("add", a, b), x + y
                yield call("eq", a, b), np.abs(x - y) < 1e-9
                yield call("min", a, b), np.minimum(x, y)
                yield call("max", a, b), np.maximum(x, y)
                yield call("mul", a, b), x * y
            yield call("lt", a, b), x < y - 1e-9
            yield call("le", a, b), x <= y + 1e-9
