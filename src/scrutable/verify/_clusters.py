"""Classes of points split into clusters, all classes at once."""

from __future__ import annotations

import numpy as np

STARTS, ROUNDS = 3, 8
FEWEST, MOST, MOST_TOGETHER = 32, 256, 4096
"""Points of one class that centres are made from, and of all classes together."""


def split(points: np.ndarray, members: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """A label `(m,)` for each of `points` `(m, d)`: each class of `members` `(m,)` in at most `k` clusters.

    k-means by Lloyd's algorithm: the best of three runs of eight rounds, on some points of each class. A single run
    from random points often puts two centres into one cluster, and the encoding then depends on luck. Centres start
    far apart, after Arthur & Vassilvitskii, "k-means++: the advantages of careful seeding" (2007).
    """
    labels, members = np.unique(members, return_inverse=True)
    some, real = _padded(points, members.reshape(-1), len(labels), rng)
    runs = []
    for _ in range(STARTS):
        centres = _far_apart(some, real, k, rng)
        for _ in range(ROUNDS):
            centres = _moved(some, real, centres)
        runs.append((np.where(real, _squares(some, centres).min(axis=2), 0.0).sum(axis=1), centres))
    best = np.argmin([cost for cost, _ in runs], axis=0)
    centres = np.stack([c for _, c in runs])[best, np.arange(len(labels))]
    nearest = np.empty(len(points), int)
    for label in range(len(labels)):
        rows = np.flatnonzero(members == label)
        nearest[rows] = _squares(points[rows][None], centres[[label]])[0].argmin(axis=1)
    return np.unique(members * k + nearest, return_inverse=True)[1].reshape(-1)


def _padded(
    points: np.ndarray, members: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Some points of each class, `(C, p, d)`, and which of them are there, `(C, p)`."""
    order = rng.permutation(len(members))
    order = order[np.argsort(members[order], kind="stable")]
    sizes = np.bincount(members, minlength=count)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    most = min(int(sizes.max()), max(FEWEST, min(MOST, MOST_TOGETHER // count)))
    kept = place < most
    some = np.zeros((count, most, points.shape[1]))
    real = np.zeros(some.shape[:2], bool)
    some[members[order[kept]], place[kept]] = points[order[kept]]
    real[members[order[kept]], place[kept]] = True
    return some, real


def _far_apart(points: np.ndarray, real: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Centres `(C, k, d)`: points drawn one by one, in proportion to the squared distance from those before."""
    classes = np.arange(len(points))
    first = np.floor(rng.uniform(size=len(points)) * real.sum(axis=1)).astype(int)
    centres = points[classes, first][:, None]
    for _ in range(k - 1):
        weights = np.where(real, np.maximum(_squares(points, centres).min(axis=2), 0.0), 0.0).cumsum(axis=1)
        drawn = (weights <= (rng.uniform(size=len(points)) * weights[:, -1])[:, None]).sum(axis=1)
        drawn = np.where(weights[:, -1] > 0, np.minimum(drawn, points.shape[1] - 1), 0)
        centres = np.concatenate([centres, points[classes, drawn][:, None]], axis=1)
    return centres


def _moved(points: np.ndarray, real: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """One round: each centre goes to the mean of the points nearest to it."""
    nearest = _squares(points, centres).argmin(axis=2)
    held = ((nearest[:, :, None] == np.arange(centres.shape[1])) & real[:, :, None]).astype(float)
    counts = held.sum(axis=1)[:, :, None]
    return np.where(counts > 0, held.transpose(0, 2, 1) @ points / np.maximum(counts, 1), centres)


def _squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances `(C, p, k)`."""
    products = points @ centres.transpose(0, 2, 1)
    return (points**2).sum(axis=2)[:, :, None] + (centres**2).sum(axis=2)[:, None] - 2 * products
