"""Vectors that mean the same: classes by distance."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import linkage

MOST_CLASSES = 400
EDGE = 0.02
"""What contributes less than this share of what varies most is not read."""
BLUR = 0.4
"""What differs by more than this share of what varies most, where all that is read is the same, is not understood."""
CLEARLY = 2 / 3
"""What says more leaves at most this share of what is missed otherwise."""
WITHIN = 0.02
"""Values nearer to each other than this share of what varies most are one."""


def classes(vectors: np.ndarray, within: float) -> np.ndarray | None:
    """A class for each of `(n, k)` vectors, numbered in the order of first appearance; None for too many of them.

    Vectors nearer to each other than `within` are of one class, and so are those that a chain of such joins.
    """
    _, first, place = np.unique(np.round(vectors / within * 4), axis=0, return_index=True, return_inverse=True)
    place = place.reshape(-1)
    if len(first) > 8 * MOST_CLASSES:
        return None
    distinct = vectors[first]
    joined = _joined(distinct, within)
    found = in_order(joined[place])
    return found if found.max() < MOST_CLASSES else None


def _joined(vectors: np.ndarray, within: float) -> np.ndarray:
    label = np.arange(len(vectors))
    for at in range(len(vectors)):
        near = np.abs(vectors - vectors[at]).max(1) < within
        groups = np.unique(label[near])
        if len(groups) > 1:
            label[np.isin(label, groups)] = groups[0]
    return label


def apart(vectors: np.ndarray, least: float, most: float) -> float:
    """Between `least` and `most`, a distance that tells vectors, `(n, k)`, of one class from those of others.

    It is the middle of the widest gap between distances at which more and more of them are joined in chains.
    """
    if least >= most or len(vectors) < 2:
        return least
    joined = linkage(vectors, method="single", metric="chebyshev")[:, 2]
    steps = np.array([least, *joined[(joined > least) & (joined < most)], most])
    at = int(np.argmax(steps[1:] / steps[:-1]))
    return float(np.sqrt(steps[at] * steps[at + 1]))


def settled_by(columns: list[np.ndarray], vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What vectors are where columns agree: the means, `(groups, k)`, the group of each, and how far any of each group
    is from its mean, `(groups,)`."""
    group = joint(columns) if columns else np.zeros(len(vectors), dtype=np.int64)
    sums = np.zeros((group.max(initial=0) + 1, vectors.shape[1]))
    np.add.at(sums, group, vectors)
    means = sums / np.bincount(group, minlength=len(sums))[:, None]
    off = np.zeros(len(means))
    np.maximum.at(off, group, np.abs(vectors - means[group]).max(1, initial=0.0))
    return means, group, off


def told_apart(means: np.ndarray, off: np.ndarray) -> bool:
    """Whether groups of vectors do not touch: any two means, `(groups, k)`, are farther apart than the vectors of the
    two groups are from them, `(groups,)`."""
    between = np.abs(means[:, None] - means[None]).max(-1)
    touching = between <= off[:, None] + off[None]
    return len(means) > 1 and not touching[~np.eye(len(means), dtype=bool)].any()


def in_order(labels: np.ndarray) -> np.ndarray:
    """The same classes numbered in the order of first appearance."""
    _, first, place = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place.reshape(-1)]


def joint(columns: list[np.ndarray]) -> np.ndarray:
    """The classes of rows that agree in every column, in the order of first appearance."""
    if not columns:
        return np.zeros(0, dtype=np.int64)
    rows = np.stack([in_order(np.round(c, 6) if c.dtype.kind == "f" else c) for c in columns], axis=1)
    _, place = np.unique(rows, axis=0, return_inverse=True)
    return in_order(place.reshape(-1))


def determines(columns: list[np.ndarray], target: np.ndarray) -> bool:
    """Whether rows that agree in every column agree in the target."""
    if not columns:
        return bool((target == target[0]).all())
    return joint(columns).max() == joint([*columns, target]).max()


def needed(columns: dict[str, np.ndarray], target: np.ndarray) -> list[str]:
    """A smallest choice of columns that determines the target, the last ones dropped first."""
    kept = list(columns)
    for name in reversed(list(columns)):
        fewer = [each for each in kept if each != name]
        if determines([columns[each] for each in fewer], target):
            kept = fewer
    return kept


def spread(view: np.ndarray) -> float:
    """By how much the number that varies most varies."""
    return float(np.ptp(view, axis=0).max(initial=0.0)) if len(view) else 0.0
