"""Rows of arrays, looked up by their values."""

from __future__ import annotations

import numpy as np


def relabelled(rows: np.ndarray) -> np.ndarray:
    """A label `(n,)` for each of `rows`, `(n, k)`: equal rows share one."""
    return np.unique(rows + 0.0, axis=0, return_inverse=True)[1].reshape(-1)


def lookup(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The row of `known`, `(m, k)`, equal to each row of `wanted`, `(n, k)`, or -1."""
    index = {row.tobytes(): i for i, row in enumerate(np.ascontiguousarray(known + 0.0))}
    return np.array([index.get(row.tobytes(), -1) for row in np.ascontiguousarray(wanted + 0.0)], dtype=int)


def stand_ins(keys: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each of `wanted`, a random position in `keys` that holds it, or -1."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first, last = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    place = first + np.floor(rng.uniform(size=len(wanted)) * (last - first)).astype(int)
    return np.where(last > first, order[np.minimum(place, len(order) - 1)], -1)
