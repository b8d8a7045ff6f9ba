"""Intermediate quantities that answers often depend on: of all columns together, of two, or of one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from scrutable.program import Call, Expr, call
from scrutable.synthesis.detect._forms import consistent, forms
from scrutable.synthesis.detect._view import EVIDENCE, View, coded, disagreement, merged, row_keys
from scrutable.synthesis.detect._write import folded, linear, summed

Quantity = tuple[Expr, np.ndarray]
PAIR_WEIGHTS = ((1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2), (3, 1), (1, 3), (3, -1), (1, -3))
LARGEST = 2**31
MOST_LEVELS = 64
MOST_CELLS = 1 << 21
MOST_SUMS = 24
FIRST_ROWS = 512
FEWER = 0.6
"""Classes of levels are worth a quantity when there are so many fewer."""


def of_all(view: View) -> Iterator[Quantity]:
    """Sums with small weights that survive a first look, and symmetric functions of all columns."""
    if view.whole:
        sums = forms(view)
        for weights in sums[consistent(view, sums)][:MOST_SUMS]:
            yield linear(weights.tolist(), view.leaves), view.columns @ weights
    high, low = view.columns.max(axis=1), view.columns.min(axis=1)
    most, least = folded("max", view.leaves), folded("min", view.leaves)
    yield most, high
    yield least, low
    if view.width > 1:
        yield call("sub", most, least), high - low
    if view.whole and view.width == 3:
        middle = view.columns.sum(axis=1) - high - low
        yield call("sub", call("sub", summed(view.leaves), most), least), middle
    if view.whole and 2 < view.width <= 5:
        pairs = list(combinations(range(view.width), 2))
        same = sum((view.columns[:, i] == view.columns[:, j]).astype(np.int64) for i, j in pairs)
        yield summed([call("eq", view.leaves[i], view.leaves[j]) for i, j in pairs]), np.asarray(same)


def of_two(view: View, i: int, j: int) -> Iterator[Quantity]:
    """Sums, differences, products, extrema and comparisons of two columns."""
    a, b, x, y = view.columns[:, i], view.columns[:, j], view.leaves[i], view.leaves[j]
    for v, w in PAIR_WEIGHTS if view.whole else PAIR_WEIGHTS[:2]:
        yield linear([v, w], [x, y]), v * a + w * b
    yield from _joined("max", x, y, np.maximum(a, b))
    yield from _joined("min", x, y, np.minimum(a, b))
    yield call("abs", call("sub", x, y)), np.abs(a - b)
    yield call("lt", y, x), (a > b).astype(a.dtype)
    yield call("le", x, y), (a <= b).astype(a.dtype)
    yield call("eq", x, y), (a == b).astype(a.dtype)
    yield call("ne", x, y), (a != b).astype(a.dtype)
    if float(np.abs(a).max()) * float(np.abs(b).max()) < LARGEST:
        yield call("mul", x, y), a * b
    if view.whole:
        yield from _divided(x, y, a, b)
        yield from _divided(y, x, b, a)
        if max(np.abs(a).max(), np.abs(b).max()) < 2**15:
            yield call("add", call("mul", x, x), call("mul", y, y)), a * a + b * b


def _joined(op: str, x: Expr, y: Expr, values: np.ndarray) -> Iterator[Quantity]:
    """One call for a largest of more than two: `max(max(x, y), z)` is written `max(x, y, z)`."""
    inside = [e.args if isinstance(e, Call) and e.op == op else (e,) for e in (x, y)]
    yield call(op, *inside[0], *inside[1]), values


def _divided(x: Expr, y: Expr, a: np.ndarray, b: np.ndarray) -> Iterator[Quantity]:
    if (b == 0).all() or len(np.unique(b)) < 3:
        return
    safe = np.where(b == 0, 1, b)
    yield call("mod", x, y), np.where(b == 0, a, a % safe)
    yield call("floordiv", x, y), np.where(b == 0, 0, a // safe)


def classes_of(view: View, j: int) -> np.ndarray | None:
    """Levels of a column that can be exchanged without changing any answer, as a number for each row, by first level.

    None when there are nearly as many classes as levels, when there are too many levels, or when the rows are too thin
    to tell. Cost: one comparison of answers for each pair of levels and each combination of the other columns.
    """
    levels, code = np.unique(view.columns[:, j], return_inverse=True)
    others = [i for i in range(view.width) if i != j]
    _, rest = np.unique(row_keys(view.columns[:, others]), return_inverse=True)
    contexts = int(rest.max()) + 1
    if not 2 < len(levels) <= MOST_LEVELS or contexts * len(levels) > MOST_CELLS:
        return None
    answers = np.full((len(levels), contexts), np.iinfo(np.int64).min)
    answers[code, rest] = view.target.astype(np.int64)
    there = answers != np.iinfo(np.int64).min
    chance = disagreement(view.target)
    group = np.full(len(levels), -1)
    heads: list[tuple[np.ndarray, np.ndarray]] = []
    for level in range(len(levels)):
        for number, (mine, known) in enumerate(heads):
            both = known & there[level]
            if (view.full or both.sum() * chance >= EVIDENCE) and (mine[both] == answers[level][both]).all():
                group[level] = number
                heads[number] = (np.where(known, mine, answers[level]), known | there[level])
                break
        else:
            group[level] = len(heads)
            heads.append((answers[level].copy(), there[level].copy()))
    return group[code] if len(heads) <= FEWER * len(levels) else None


def distinct_after(view: View, rest: np.ndarray, values: np.ndarray) -> int | None:
    """How many different rows remain when some columns make place for `values`; None if answers then conflict.

    Arguments:
        rest: the sum of the codes of the columns that stay, for each row; see `coded`.
    """
    keys = rest + coded(values[:, None], purpose="quantity")[:, 0]
    some = slice(0, None, max(1, view.rows // FIRST_ROWS))
    if merged(keys[some], view.target[some])[0]:
        return None
    conflict, distinct = merged(keys, view.target)
    return None if conflict else distinct
