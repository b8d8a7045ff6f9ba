"""Detector: the largest or smallest of several weighted sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import View, relevant_view
from scrutable.synthesis.detect._write import folded, linear
from scrutable.work import Clock

WEIGHTS = {1: 6, 2: 4, 3: 2}
"""The largest weight by the number of columns; pairs of columns with weights up to two for at most eight of them."""
MOST_PARTS = 8
MOST_ALL = 64
FITTED = 4
CELLS = 1 << 23


@final
@dataclass(frozen=True, slots=True)
class Extremum(Method):
    """`max` or `min` of columns, weighted sums and a number, with whole weights: every convex or concave function of
    whole pieces.

    A part of a maximum nowhere exceeds the answers, so its constant is the largest that keeps it below; the parts are
    chosen from sums with small weights, and from fits to the rows that are still unexplained, by how many rows they
    explain.

    Reference: A. Magnani, S. Boyd, Convex piecewise-linear fitting (2009), for the problem; V. Chvatal, A greedy
    heuristic for the set-covering problem (1979).
    """

    name: str = "extremum"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        if len(np.unique(table.target)) < 3:
            return "the answers have fewer than three values"
        return None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not view.whole or not view.width:
            return
        for name, sign in (("max", 1), ("min", -1)):
            if clock.over:
                return
            expr = _largest(view, name, sign)
            if expr is not None:
                yield scored(expr, table)


def _largest(view: View, name: str, sign: int) -> Expr | None:
    """The fewest parts whose maximum (minimum, for sign -1) is the answer on every row."""
    target = sign * view.target
    weights = _candidates(view, target)
    chosen, attained = _cover(view.columns, target, weights)
    if chosen is None:
        return None
    parts = []
    for w in chosen:
        constant = int((target - view.columns @ w).min())
        parts.append((sign * w, sign * constant))
    return _written(parts, view, name)


def _cover(columns: np.ndarray, target: np.ndarray, weights: np.ndarray) -> tuple[list[np.ndarray] | None, np.ndarray]:
    """Weights whose parts together attain every answer, greedily; None if there are none, or too many."""
    rest = target[:, None] - columns @ weights.T
    hits = rest == rest.min(axis=0)
    weight = 1.0 + 0.01 * np.abs(weights).sum(axis=1)
    left, chosen = np.ones(len(target), dtype=bool), []
    while left.any():
        gain = hits[left].sum(axis=0)
        if len(chosen) >= _most(columns):
            return None, left
        extra = _fit(columns[left], target[left], columns, target) if len(chosen) < FITTED else None
        best = int(np.argmax(gain / weight))
        if extra is not None:
            spare = target - columns @ extra
            mine = spare == spare.min()
            if mine[left].sum() > gain[best]:
                chosen.append(extra)
                left &= ~mine
                continue
        if not gain[best]:
            return None, left
        chosen.append(weights[best])
        left &= ~hits[:, best]
    return _needed(columns, target, chosen), left


def _most(columns: np.ndarray) -> int:
    return MOST_PARTS if columns.shape[1] <= MOST_PARTS else MOST_ALL


def _needed(columns: np.ndarray, target: np.ndarray, chosen: list[np.ndarray]) -> list[np.ndarray]:
    """Without the parts that the others make needless."""
    hits = []
    for w in chosen:
        rest = target - columns @ w
        hits.append(rest == rest.min())
    kept = list(range(len(chosen)))
    for i in range(len(chosen)):
        others = [j for j in kept if j != i]
        if others and np.logical_or.reduce([hits[j] for j in others]).all():
            kept = others
    return [chosen[j] for j in kept]


def _fit(some: np.ndarray, wanted: np.ndarray, columns: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Whole weights of a line through the highest of the unexplained rows, if there is one."""
    high = wanted >= np.quantile(wanted, 0.5)
    matrix, aim = some[high].astype(np.float64), wanted[high].astype(np.float64)
    if len(aim) < matrix.shape[1] + 2:
        return None
    solved = np.linalg.lstsq(np.column_stack([matrix, np.ones(len(aim))]), aim, rcond=None)[0][:-1]
    whole = np.rint(solved)
    if not whole.any() or np.abs(whole).max() > 10**6:
        return None
    return whole.astype(np.int64)


def _candidates(view: View, target: np.ndarray) -> np.ndarray:
    """Weights worth trying, lightest first, the constant part included."""
    k = view.width
    found = {(0,) * k}
    if k in WEIGHTS:
        most = range(-WEIGHTS[k], WEIGHTS[k] + 1)
        found |= set(product(most, repeat=k))
    else:
        found |= {_placed(k, (i,), (w,)) for i in range(k) for w in (1, -1, 2, -2)}
        if k <= 8:
            some = [(v, w) for v in (1, -1, 2, -2) for w in (1, -1, 2, -2)]
            found |= {_placed(k, pair, w) for pair in combinations(range(k), 2) for w in some}
            found |= set(product((1, -1), repeat=k)) if k <= 6 else {(1,) * k, (-1,) * k}
    order = sorted(found, key=lambda w: (sum(map(abs, w)), [-x for x in w]))
    return np.array(order[: max(2, CELLS // max(view.rows, 1))], dtype=np.int64)


def _placed(k: int, places: tuple[int, ...], weights: tuple[int, ...]) -> tuple[int, ...]:
    row = [0] * k
    for place, weight in zip(places, weights, strict=True):
        row[place] = weight
    return tuple(row)


def _written(parts: list[tuple[np.ndarray, int]], view: View, name: str) -> Expr:
    """The call, or an absolute value where two parts are opposite."""
    parts = sorted(parts, key=lambda part: (not part[0].any(), (part[0] == 0).tolist()))
    exprs = [linear(w.tolist(), view.leaves, c) for w, c in parts]
    if len(parts) == 2 and (parts[0][0] == -parts[1][0]).all() and parts[0][0].any():
        (w, c), (_, d) = parts
        if (c + d) % 2 == 0:
            size = call("abs", linear(w.tolist(), view.leaves, (c - d) // 2))
            sign = 1 if name == "max" else -1
            return linear([sign], [size], (c + d) // 2)
    return folded(name, exprs)
