"""Detector: linear threshold functions with small whole weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call, expr_bits
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis._snap import shortest_between
from scrutable.synthesis.detect._view import View, whole_view
from scrutable.synthesis.detect._write import Number, choice, linear, plain, scaled, summed
from scrutable.work import Clock, generator

ROUNDS = 16
ADDED = 48
MULTIPLES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
LARGEST_WEIGHT = 12
MOST_WHOLE = 12
"""Weights are searched for by integer programming for at most so many columns."""
NODES = 400


@final
@dataclass(frozen=True, slots=True)
class Threshold(Method):
    """`w * x >= c` for answers of two values.

    The weights of least sum come from a linear programme over the rows that matter (added as they are violated); they
    are taken to whole numbers by scaling, or by an integer programme, and the threshold to the cheapest number between.

    Reference: S. Muroga, Threshold logic and its applications (1971).
    """

    name: str = "threshold"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if len(np.unique(table.target)) != 2:
            return "the answers do not have exactly two values"
        return "the answers are real numbers" if table.real else None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = whole_view(table)
        if not view.width:
            return
        low, high = np.unique(view.target).tolist()
        holds = view.target == high
        for weights in separating(view.columns, holds, clock):
            condition = _condition(view, weights, holds)
            if condition is not None:
                yield scored(choice(condition, high, low), table)
                return


def separating(columns: np.ndarray, holds: np.ndarray, clock: Clock) -> Iterator[np.ndarray]:
    """Weights `(k,)` under which every row that holds is above every other one: whole ones as far as they are found.

    Cost: some linear programmes of a few hundred rows; then, for few columns, an integer programme of limited nodes.
    """
    rows = _first_rows(holds, 2 * columns.shape[1] + 32)
    real = None
    for _ in range(ROUNDS):
        if clock.over:
            return
        real = _programme(columns[rows], holds[rows], whole=False)
        if real is None:
            return
        sums = columns @ real[0]
        bad = _violated(sums, holds, real[1], 0.499)
        if not len(bad):
            break
        rows = np.unique(np.concatenate([rows, bad]))
    else:
        return
    assert real is not None
    yield from _whole_multiples(columns, holds, real[0])
    if columns.shape[1] <= MOST_WHOLE:
        yield from _whole(columns, holds, rows, clock)
    if columns.dtype.kind == "f":
        yield real[0]


def _whole_multiples(columns: np.ndarray, holds: np.ndarray, weights: np.ndarray) -> Iterator[np.ndarray]:
    """The lightest multiple of the weights that separates the rows when taken to whole numbers, if one does."""
    size = np.abs(weights[np.abs(weights) > 1e-9])
    units = [1.0, *(1.0 / s for s in np.unique(np.round(size, 9)))][:MOST_WHOLE]
    scaled = np.rint(np.multiply.outer(np.outer(units, MULTIPLES).ravel(), weights))
    whole = np.unique(scaled[np.abs(scaled).max(axis=1) <= 10**4], axis=0).astype(np.int64)
    for candidate in whole[np.argsort(np.abs(whole).sum(axis=1), kind="stable")]:
        if candidate.any() and _parts(columns @ candidate, holds) is not None:
            yield candidate
            return


def _whole(columns: np.ndarray, holds: np.ndarray, rows: np.ndarray, clock: Clock) -> Iterator[np.ndarray]:
    """The lightest whole weights, by integer programming."""
    for _ in range(ROUNDS // 2):
        if clock.over:
            return
        solved = _programme(columns[rows], holds[rows], whole=True)
        if solved is None:
            return
        weights = np.rint(solved[0]).astype(np.int64)
        bad = _violated(columns @ weights, holds, solved[1], 0.499)
        if not len(bad):
            yield weights
            return
        rows = np.unique(np.concatenate([rows, bad]))


def _first_rows(holds: np.ndarray, count: int) -> np.ndarray:
    """As many rows of either kind, as far as there are."""
    rng = generator(0, "detect", "threshold")
    parts = [np.flatnonzero(holds == kind) for kind in (True, False)]
    return np.sort(np.concatenate([rng.permutation(part)[:count] for part in parts]))


def _violated(sums: np.ndarray, holds: np.ndarray, threshold: float, margin: float) -> np.ndarray:
    """The rows on the wrong side of the threshold, or too near it; the worst ones."""
    lacking = margin - np.where(holds, sums - threshold, threshold - sums)
    worst = np.argsort(-lacking, kind="stable")[:ADDED]
    return worst[lacking[worst] > 1e-6]


def _programme(columns: np.ndarray, holds: np.ndarray, *, whole: bool) -> tuple[np.ndarray, float] | None:
    """Weights of least sum, and a threshold at least one half away from every row; None if there are none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    k = columns.shape[1]
    side = np.where(holds, 1.0, -1.0)[:, None]
    matrix = np.hstack([side * columns, -side * columns, -side])
    cost = np.concatenate([np.ones(2 * k), [0.0]])
    most = LARGEST_WEIGHT if whole else np.inf
    low, high = np.append(np.zeros(2 * k), -np.inf), np.append(np.full(2 * k, most), np.inf)
    result = milp(
        cost,
        constraints=LinearConstraint(matrix, lb=0.5),
        bounds=Bounds(low, high),  # type: ignore[arg-type]
        integrality=np.append(np.full(2 * k, int(whole)), 0),
        options={"node_limit": NODES} if whole else {},
    )
    if result.x is None:
        return None
    return result.x[:k] - result.x[k : 2 * k], float(result.x[-1])


def _parts(sums: np.ndarray, holds: np.ndarray) -> tuple[Number, Number] | None:
    """The largest sum of the rows that do not hold and the least of those that do, if the former is smaller."""
    low, high = sums[~holds].max(), sums[holds].min()
    return (plain(low), plain(high)) if low < high else None


def _condition(view: View, weights: np.ndarray, holds: np.ndarray) -> Expr | None:
    """The shortest way to say that the weighted sum is above what separates the rows."""
    parts = _parts(view.columns @ weights, holds)
    if parts is None:
        return None
    low, high = parts
    options: list[Expr] = []
    for sign in (1, -1):
        expr = linear((sign * weights).tolist(), view.leaves)
        for strict in (True, False):
            value = _between(low, high, strict=strict)
            if sign > 0:
                options.append(call("lt" if strict else "le", value, expr))
            else:
                options.append(call("lt" if strict else "le", expr, -value))
    options += _two_sided(view.leaves, weights.tolist(), low, high)
    return min(options, key=lambda e: (expr_bits(e, view.width), str(e)))


def _between(low: Number, high: Number, *, strict: bool) -> Number:
    """The cheapest `c` with `low <= c < high` for `c < u`, or `low < c <= high` for `c <= u`."""
    if isinstance(low, int) and isinstance(high, int):
        first, last = (low, high - 1) if strict else (low + 1, high)
        return min(max(0, first), last)
    value = shortest_between(float(low), float(high))
    return value if strict or value > low else float(high)


def _two_sided(leaves: Sequence[Expr], weights: Sequence[Number], low: Number, high: Number) -> list[Expr]:
    """`b < a` and `b <= a` for the sums of negative and of positive weights, where that is the same."""
    more = [scaled(w, leaf) for w, leaf in zip(weights, leaves, strict=True) if w > 0]
    less = [scaled(-w, leaf) for w, leaf in zip(weights, leaves, strict=True) if w < 0]
    if not (more and less):
        return []
    options: list[Expr] = []
    if low <= 0 < high:
        options.append(call("lt", summed(less), summed(more)))
    if low < 0 <= high:
        options.append(call("le", summed(less), summed(more)))
    return options
