"""The planes that a function is made of, by repeated consensus.

A local plane stands at every point: its value and its slopes. The one that most points share (their values lie on it
and their slopes agree) is refitted to those points and taken out with them; then the next.

References: M. Fischler and R. Bolles, Random sample consensus (1981); P. Bradley and O. Mangasarian, k-plane clustering
(2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.synthesis.piecewise._forms import extended
from scrutable.synthesis.piecewise._sample import Sample

MOST_PLANES = 8
SEEDS = 160
FEWEST, FEWEST_SURE = 0.015, 0.004
"""A plane on fewer of the points than this is a rounded kink, or chance; the smaller share is for exact values."""
EXACT = 0.002
"""A tolerance of at most this is for values without noise."""
ROUNDS = 6


def planes_of(sample: Sample, *, tolerance: float, rng: np.random.Generator, by_slopes: bool = True) -> np.ndarray:
    """The planes of a plain sample (see `Sample.plain`), `(k, d + 1)`, those of most points first.

    Arguments:
        tolerance: how far a value may be from its plane, in standard deviations of the values.
        by_slopes: whether slopes must agree too, to five times the tolerance and a little more.
    """
    apart = 0.06 + 5 * tolerance if by_slopes else float("inf")
    crowd = _Crowd(extended(sample.x), sample, tolerance, apart)
    left = np.ones(len(sample.x), dtype=bool)
    least = FEWEST_SURE if tolerance <= EXACT else FEWEST
    fewest = max(sample.x.shape[1] + 2, int(least * len(sample.x)))
    found: list[np.ndarray] = []
    while len(found) < MOST_PLANES and left.sum() >= fewest:
        plane = crowd.consensus(left, rng)
        inside = left & crowd.inside(plane)
        if inside.sum() < fewest:
            break
        found.append(plane)
        left &= ~inside
    distinct = _distinct(found, 0.03 + 2.5 * tolerance).reshape(-1, crowd.wide.shape[1])
    return _refined(distinct, crowd.wide, sample, fewest)


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Points that vote for planes: by their values, `wide` being their places, and by their slopes."""

    wide: np.ndarray
    sample: Sample
    tolerance: float
    apart: float

    def inside(self, plane: np.ndarray) -> np.ndarray:
        """The points that lie on a plane and have its slopes, `(n,)`."""
        return self._votes(plane[None])[:, 0]

    def _votes(self, planes: np.ndarray) -> np.ndarray:
        """For each point and plane, `(n, m)`."""
        assert self.sample.slopes is not None
        votes = np.abs(self.wide @ planes.T - self.sample.y[:, None]) <= self.tolerance
        for column in range(planes.shape[1] - 1) if np.isfinite(self.apart) else ():
            votes &= np.abs(self.sample.slopes[:, column, None] - planes[:, column]) <= self.apart
        return votes

    def consensus(self, left: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The local plane that most of the points `left` share, refitted to them."""
        slopes, rows = self.sample.slopes, np.flatnonzero(left)
        assert slopes is not None
        seeds = rng.choice(rows, min(SEEDS, len(rows)), replace=False)
        constants = self.sample.y[seeds] - (slopes[seeds] * self.sample.x[seeds]).sum(axis=1)
        tried = np.concatenate([slopes[seeds], constants[:, None]], axis=1)
        plane = tried[self._votes(tried)[rows].sum(axis=0).argmax()]
        for _ in range(ROUNDS):
            inside = left & self.inside(plane)
            if inside.sum() < self.wide.shape[1] + 1:
                break
            plane = np.linalg.lstsq(self.wide[inside], self.sample.y[inside], rcond=1e-9)[0]
        return plane


def _distinct(found: list[np.ndarray], apart: float) -> np.ndarray:
    kept: list[np.ndarray] = []
    for plane in found:
        if not any(np.abs(plane - other).max() <= apart for other in kept):
            kept.append(plane)
    return np.array(kept)


def _refined(planes: np.ndarray, wide: np.ndarray, sample: Sample, fewest: int) -> np.ndarray:
    """Each plane fitted again to the points nearer to it than to any other, the farther half of them left out."""
    if not len(planes):
        return planes
    for _ in range(ROUNDS):
        labels, miss = nearest(planes, wide, sample)
        kept = []
        for i in range(len(planes)):
            rows = np.flatnonzero(labels == i)
            if len(rows) < fewest:
                continue
            rows = rows[np.argsort(miss[rows], kind="stable")[: max(fewest, (3 * len(rows)) // 4)]]
            kept.append(np.linalg.lstsq(wide[rows], sample.y[rows], rcond=1e-9)[0])
        planes = np.array(kept).reshape(len(kept), wide.shape[1])
    return planes


def nearest(planes: np.ndarray, wide: np.ndarray, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """For each point the plane that its value and slopes fit best, and how far its value is from it."""
    assert sample.slopes is not None
    miss = np.abs(wide @ planes.T - sample.y[:, None])
    turn = np.abs(sample.slopes[:, None, :] - planes[None, :, :-1]).max(axis=2)
    labels = (miss + 0.2 * turn).argmin(axis=1)
    return labels, miss[np.arange(len(labels)), labels]
