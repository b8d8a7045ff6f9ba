"""What oblique trees are fitted to: the data, and answers of the network to further questions."""

from __future__ import annotations

import numpy as np

from scrutable.propose._base import Problem
from scrutable.propose._oblique_growth import Ground
from scrutable.propose._oblique_path import Material
from scrutable.propose._oblique_tree import Rows
from scrutable.propose._queries import between, inside
from scrutable.work import flat_rows, generator

QUERIES, PER_ROW = 2048, 4
SLOPE_ROWS = 64
MOST_SLOPES = 8192


def material(problem: Problem, x: np.ndarray, y: np.ndarray, labels: np.ndarray, further: np.ndarray) -> Material:
    """Rows of data `(n, ...)`, questions between them, which together weigh as much, and further inputs `(m, ...)`,
    which do so too. Answers that are none of the labels are left out."""
    rng = generator(problem.seed, "oblique", "between", len(x))
    near = inside(problem, between(x, min(QUERIES, PER_ROW * len(x)), rng)) if len(x) > 1 else x[:0]
    every = np.concatenate([x, near, further])
    raw = problem.network.raw(every)
    answers = np.concatenate([y, problem.network.outputs.decode(raw[len(x) :])])
    known = np.isin(answers, labels)
    weight = _shared_out(known, np.repeat([0, 1, 2], [len(x), len(near), len(further)]), len(x))[known]
    place = np.searchsorted(labels, answers[known])
    rows = Rows(flat_rows(every[known]).astype(np.float64), place, weight, len(labels))
    scores = flat_rows(raw.reshape(len(raw), -1)[known]).astype(np.float64)
    return Material(rows, Ground(scores, *slopes(problem, every[known], rng, rows=SLOPE_ROWS)))


def _shared_out(known: np.ndarray, part: np.ndarray, total: float) -> np.ndarray:
    """Weights `(n,)` such that the known rows of each part weigh `total` together."""
    return total / np.maximum(np.bincount(part, known, 3), 1)[part]


def slopes(problem: Problem, x: np.ndarray, rng: np.random.Generator, *, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the scores at some rows in units of each column's spread, by differences `(m, k)`, and which rows
    they belong to; none where columns are whole or very many."""
    flat = flat_rows(x).astype(np.float64)
    k, unit = flat.shape[1], flat.std(axis=0)
    count = min(rows, MOST_SLOPES // k, len(flat))
    if count < 2 or any(r.whole for r in problem.network.inputs.ranges):
        return np.empty((0, k)), np.empty(0, dtype=np.int64)
    at = rng.permutation(len(flat))[:count]
    moved = flat[at, None] + 0.05 * np.diag(unit)
    both = np.concatenate([moved.reshape(-1, k), flat[at]]).reshape(-1, *x.shape[1:])
    raw = problem.network.raw(inside(problem, both)).reshape(len(both), -1).astype(np.float64)
    change = raw[:-count].reshape(count, k, -1) - raw[-count:, None]
    return np.moveaxis(change, 2, 1).reshape(-1, k), np.repeat(at, raw.shape[1])
