"""Detector: weighted sums, whole, rational, or rounded down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis._snap import decimals, rational
from scrutable.synthesis.detect._view import View, whole_view
from scrutable.synthesis.detect._write import linear
from scrutable.work import Clock

DIVISORS = (*range(1, 17), 20, 24, 25, 32, 50, 60, 64, 100, 128, 256, 1000)
NEAR = 1 << 10
"""So many roundings of the weights are tried for one divisor."""
LARGEST = 1 << 40


@final
@dataclass(frozen=True, slots=True)
class Affine(Method):
    """`w * x + c` by least squares, with weights taken to whole numbers or small fractions.

    Whole answers may be rounded down: `(w * x + c) // d` holds when `d * y - w * x` stays within `d` whole numbers. The
    weights are the least-squares ones times `d`, rounded either way. Real answers are given with fractions where they
    fit, and with decimals as long as the data support.
    """

    name: str = "affine"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return None if table.rows > 1 else "fewer than two rows"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = whole_view(table)
        if not view.width or view.rows < view.width + 1:
            return
        if table.real or not view.whole:
            yield from _real(view, table)
            return
        expr = rounded_down(view, clock)
        if expr is not None:
            yield scored(expr, table)


def _least_squares(view: View) -> np.ndarray:
    """Weights and constant, `(k + 1,)`, with centred columns for accuracy."""
    columns, target = view.columns.astype(np.float64), view.target.astype(np.float64)
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    solved = np.linalg.lstsq((columns - middle) / scale, target - target.mean(), rcond=1e-10)[0] / scale
    return np.append(solved, target.mean() - float(middle @ solved))


def rounded_down(view: View, clock: Clock) -> Expr | None:
    """`(w * x + c) // d` with the least divisor that fits every row; None if there is none."""
    weights = _least_squares(view)[:-1]
    for d in DIVISORS:
        if clock.over or np.abs(weights).max(initial=0.0) * d > LARGEST:
            return None
        for whole in _roundings(weights * d, ties=d > 1):
            rest = d * view.target - view.columns @ whole
            low, high = int(rest.max()), int(rest.min()) + d - 1
            if low > high or not whole.any():
                continue
            constant = min(max(low, 0), high)
            expr = linear(whole.tolist(), view.leaves, constant)
            return expr if d == 1 else call("floordiv", expr, d)
    return None


def _roundings(weights: np.ndarray, *, ties: bool) -> Iterator[np.ndarray]:
    """The nearest whole weights, then those with the least certain ones rounded the other way."""
    near = np.rint(weights).astype(np.int64)
    yield near
    if not ties:
        return
    other = near + np.where(weights > near, 1, -1)
    doubtful = np.argsort(-np.abs(weights - near), kind="stable")[:4]
    doubtful = doubtful[np.abs(weights - near)[doubtful] > 0.15]
    for mask in range(1, 1 << len(doubtful)):
        turned = near.copy()
        for place, j in enumerate(doubtful):
            if mask >> place & 1:
                turned[j] = other[j]
        yield turned


def _real(view: View, table: Table) -> Iterator[Found]:
    """Fractions and decimals for real answers; only what leaves less than a thousandth of the spread is said."""
    weights = _least_squares(view)
    target = view.target.astype(np.float64)
    spread = float(target.std()) or 1.0
    fit = view.columns @ weights[:-1] + weights[-1]
    error = float(np.sqrt(np.mean((fit - target) ** 2)))
    if error > 1e-3 * spread:
        return
    reach = np.append(np.abs(view.columns).max(axis=0), 1.0)
    sizes = np.maximum(error, 1e-9 * spread) / reach
    exact = rational(weights, tolerance=float(sizes.max()) + 1e-9, largest=12) if error < 1e-6 * spread else None
    options = [decimals(weights, factor * sizes) for factor in (0.1, 1.0)]
    if exact is not None:
        options.insert(0, np.array([float(each) for each in exact]))
    kept = [np.where(np.abs(each) * reach < 1e-3 * error, 0.0, each) for each in options]
    found = [scored(_real_sum(each, view), table) for each in kept]
    yield from (each for each in found if table.real or each.residual == 0)


def _real_sum(weights: np.ndarray, view: View) -> Expr:
    """The sum with whole weights written as integers where the columns are whole."""
    numbers = [int(w) if float(w).is_integer() and abs(w) < LARGEST else float(w) for w in weights]
    return linear(numbers[:-1], view.leaves, numbers[-1])
