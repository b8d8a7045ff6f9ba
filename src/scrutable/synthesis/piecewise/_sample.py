"""Points of a function to be written in pieces: values, and gradients where they are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scrutable.synthesis._base import INDEPENDENT

NEIGHBOURS = 4
"""Local planes are fitted to this many points more than a plane has coefficients, the point itself included."""


@dataclass(frozen=True)
class Sample:
    """Points of a function.

    Arguments:
        x: `(n, d)`. y: `(n,)`. slopes: the gradient at each point, `(n, d)`; None when unknown.
        independent: how many points count as independent evidence.
    """

    x: np.ndarray
    y: np.ndarray
    slopes: np.ndarray | None = None
    independent: int = INDEPENDENT

    @cached_property
    def middle(self) -> np.ndarray:
        """The middle of the box around the points, `(d,)`."""
        return (self.x.max(axis=0) + self.x.min(axis=0)) / 2

    @cached_property
    def reach(self) -> np.ndarray:
        """Half the width of the box around the points, `(d,)`; 1 where it has none."""
        half = (self.x.max(axis=0) - self.x.min(axis=0)) / 2
        return np.where(half > 0, half, 1.0)

    @cached_property
    def spread(self) -> float:
        """The standard deviation of the values; 1 when they are constant."""
        return float(self.y.std()) or 1.0

    def rows(self, index: np.ndarray | slice) -> Sample:
        """Some of the points."""
        slopes = None if self.slopes is None else self.slopes[index]
        return replace(self, x=self.x[index], y=self.y[index], slopes=slopes)

    @cached_property
    def plain(self) -> Sample:
        """The same function on the box from -1 to 1, its values of mean 0 and deviation 1, with slopes.

        Slopes that are not known are those of planes through each point's nearest neighbours.
        """
        x, y = (self.x - self.middle) / self.reach, (self.y - self.y.mean()) / self.spread
        slopes = local_slopes(x, y) if self.slopes is None else self.slopes * self.reach / self.spread
        return Sample(x, y, slopes, self.independent)

    def restored(self, planes: np.ndarray) -> np.ndarray:
        """Planes of the plain function, `(k, d + 1)`, as planes of this one."""
        slopes = planes[:, :-1] * self.spread / self.reach
        constants = self.y.mean() + self.spread * planes[:, -1] - slopes @ self.middle
        return np.concatenate([slopes, constants[:, None]], axis=1)


def local_slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The slopes of the least-squares plane through each point and its nearest neighbours, `(n, d)`.

    Cost: quadratic in the number of points, in blocks.
    """
    n, d = x.shape
    count = min(n, d + 1 + NEIGHBOURS)
    found = np.zeros((n, d))
    for start in range(0, n, 256):
        block = x[start : start + 256]
        distance = ((block[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
        near = np.argpartition(distance, count - 1, axis=1)[:, :count]
        inside, values = x[near], y[near]
        inside = inside - inside.mean(axis=1, keepdims=True)
        values = values - values.mean(axis=1, keepdims=True)
        found[start : start + 256] = (np.linalg.pinv(inside, rcond=1e-6) @ values[:, :, None])[:, :, 0]
    return found
