"""Inputs of a proposer's own choosing: further questions to the network where data are thin."""

from __future__ import annotations

import numpy as np

from scrutable.propose._base import Problem
from scrutable.work import flat_rows, generator

EVERYTHING = 20_000
"""Input domains of at most this many items are asked about completely."""
QUERIES = 8192
NEIGHBOURS = 8
MOST_PAIRS = 2000
"""Nearest neighbours are looked for among at most this many rows."""


def asked_once(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """What `asked` gives for `QUERIES` inputs, the same for every proposer of a search."""
    return problem.memo.get("tree queries", lambda: asked(problem, QUERIES))


def asked(problem: Problem, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Further inputs and the network's answers: the whole domain when it is small, else points around the data.

    After Craven and Shavlik, "Extracting tree-structured representations of trained networks" (1996).
    """
    domain = problem.network.inputs
    size = domain.size
    if size is not None and size <= EVERYTHING:
        x = domain.enumerate()
    else:
        rng = generator(problem.seed, "tree", "queries")
        x = around(problem.inputs, count, rng)
        if all(r.lo is not None and r.hi is not None for r in domain.ranges):
            x = np.concatenate([x, domain.sample(count // 4, rng)])
        x = inside(problem, x)
    return x, problem.network.predict(x)


def around(data: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of data with some numbers taken from other rows and the rest moved a little, `(count, ...)`."""
    flat = flat_rows(data).astype(np.float64)
    base = flat[rng.integers(0, len(flat), count)]
    other = flat[rng.integers(0, len(flat), count)]
    mixed = np.where(rng.random(base.shape) < 0.2, other, base)
    moved = mixed + rng.normal(size=base.shape) * 0.1 * flat.std(axis=0)
    return moved.reshape(count, *data.shape[1:])


def between(data: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Points on the lines from rows of data to their near neighbours, `(count, ...)`.

    Columns keep the dependence on each other that they have in the data, which independent noise destroys. Distances
    are taken in units of each column's spread. After SMOTE (Chawla, Bowyer, Hall, Kegelmeyer, 2002).
    """
    flat = flat_rows(data).astype(np.float64)
    chosen = rng.permutation(len(flat))[:MOST_PAIRS]
    known = flat[chosen]
    unit = known.std(axis=0)
    scaled = known / np.where(unit > 0, unit, 1.0)
    square = (scaled**2).sum(axis=1)
    apart = square[:, None] - 2 * scaled @ scaled.T + square[None]
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, : max(1, min(NEIGHBOURS, len(known) - 1))]
    base = rng.integers(0, len(known), count)
    other = near[base, rng.integers(0, near.shape[1], count)]
    share = rng.random((count, 1))
    return (known[base] + share * (known[other] - known[base])).reshape(count, *data.shape[1:])


def inside(problem: Problem, x: np.ndarray) -> np.ndarray:
    """The rows put back into the input domain: clipped to its ranges, whole where it is whole."""
    ranges = problem.network.inputs.ranges
    parts = [x] if len(ranges) == 1 else [x[..., i] for i in range(x.shape[-1])]
    fixed = [
        np.clip(np.rint(part) if r.whole else part, -np.inf if r.lo is None else r.lo, np.inf if r.hi is None else r.hi)
        for part, r in zip(parts, ranges, strict=True)
    ]
    whole = fixed[0] if len(ranges) == 1 else np.stack(fixed, axis=-1)
    return whole.astype(problem.inputs.dtype)
