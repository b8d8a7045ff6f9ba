"""Detector: labels by the largest of several weighted sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import View, relevant_view
from scrutable.synthesis.detect._write import linear
from scrutable.synthesis.detect.argmax import shifts
from scrutable.work import Clock, generator

MOST_LABELS = 6
MOST_COLUMNS = 10
ROUNDS = 10
FIRST = 24
ADDED = 32
MULTIPLES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
LARGEST = 50


@final
@dataclass(frozen=True, slots=True)
class Weighing(Method):
    """The place of the largest of three to six weighted sums with small whole weights: a linear classifier.

    A linear programme gives the lightest weights under which every row's own sum is largest; the rows that break it are
    added until none does. The weights are taken to whole numbers by scaling, the constants follow from the rows.

    Reference: K. Crammer, Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines
    (2001), for the constraints.
    """

    name: str = "weighing"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        labels = len(np.unique(table.target))
        return None if 3 <= labels <= MOST_LABELS else f"not from three to {MOST_LABELS} different answers"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        lowest = int(view.target.min())
        labels = int(view.target.max()) - lowest + 1
        if not view.whole or not 1 < view.width <= MOST_COLUMNS or labels > MOST_LABELS:
            return
        weights = _lightest(view, view.target - lowest, labels, clock)
        expr = None if weights is None else _whole(view, view.target - lowest, weights)
        if expr is not None:
            yield scored(call("add", expr, lowest) if lowest else expr, table)


def _lightest(view: View, wanted: np.ndarray, labels: int, clock: Clock) -> np.ndarray | None:
    """Weights `(labels, k)` and constants in a last column, right on every row; None if there are none."""
    rng = generator(0, "detect", "weighing")
    rows = np.sort(np.concatenate([rng.permutation(np.flatnonzero(wanted == c))[:FIRST] for c in range(labels)]))
    columns = np.column_stack([view.columns, np.ones(view.rows)])
    for _ in range(ROUNDS):
        if clock.over:
            return None
        weights = _programme(columns[rows], wanted[rows], labels)
        if weights is None:
            return None
        sums = columns @ weights.T
        own = sums[np.arange(view.rows), wanted]
        lacking = (sums + (np.arange(labels) < wanted[:, None]) - own[:, None] - 1e-6 > 0).sum(axis=1)
        bad = np.argsort(-lacking, kind="stable")[:ADDED]
        bad = bad[lacking[bad] > 0]
        if not len(bad):
            return weights
        rows = np.unique(np.concatenate([rows, bad]))
    return None


def _programme(columns: np.ndarray, wanted: np.ndarray, labels: int) -> np.ndarray | None:
    """The weights of least sum under which every row's own sum is at least as large as later ones, and 1 larger than
    earlier ones."""
    from scipy.optimize import linprog

    n, k = columns.shape
    others = [(c, np.flatnonzero(wanted != c)) for c in range(labels)]
    matrix, needed = [], []
    for other, rows in others:
        block = np.zeros((len(rows), labels, k))
        block[np.arange(len(rows)), wanted[rows]] = columns[rows]
        block[:, other] -= columns[rows]
        matrix.append(block.reshape(len(rows), -1))
        needed.append((other < wanted[rows]).astype(np.float64))
    left = np.concatenate(matrix)
    cost = np.ones((labels, k))
    cost[:, -1] = 1e-3
    result = linprog(
        np.tile(cost.ravel(), 2), A_ub=np.hstack([-left, left]), b_ub=-np.concatenate(needed), method="highs"
    )
    if result.status != 0:
        return None
    return (result.x[: labels * k] - result.x[labels * k :]).reshape(labels, k)


def _whole(view: View, wanted: np.ndarray, weights: np.ndarray) -> Expr | None:
    """The lightest multiple of the weights that is right when taken to whole numbers."""
    slopes = weights[:, :-1]
    size = np.abs(slopes[np.abs(slopes) > 1e-7])
    units = [1.0, *(1.0 / s for s in np.unique(np.round(size, 7)))][:MOST_COLUMNS]
    options = np.unique(np.rint([slopes * unit * m for unit in units for m in MULTIPLES]).astype(np.int64), axis=0)
    options = options[np.abs(options).max(axis=(1, 2)) <= LARGEST]
    for option in options[np.argsort(np.abs(options).sum(axis=(1, 2)), kind="stable")]:
        sums = view.columns @ option.T
        moved = shifts(sums, wanted)
        if ((sums + moved).argmax(axis=1) == wanted).all():
            return call(
                "argmax", *(linear(w.tolist(), view.leaves, c) for w, c in zip(option, moved.tolist(), strict=True))
            )
    return None
