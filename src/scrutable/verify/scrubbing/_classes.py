"""Rows of data that agree on a feature, and draws of one for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import UserError


@final
@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Rows of data in classes.

    Arguments:
        label: `(n,)`, the class of each row. order: rows, class after class. place: `(n,)`, where each row is in
            `order`. start, size: of each class in `order`.
    """

    label: np.ndarray
    order: np.ndarray
    place: np.ndarray
    start: np.ndarray
    size: np.ndarray

    @staticmethod
    def of(values: np.ndarray) -> Classes:
        """Rows of equal values, `(n,)` or `(n, k)`, in one class."""
        _, label = np.unique(np.asarray(values).reshape(len(values), -1), axis=0, return_inverse=True)
        label = label.reshape(-1)
        order = np.argsort(label, kind="stable")
        place = np.empty(len(order), int)
        place[order] = np.arange(len(order))
        size = np.bincount(label)
        return Classes(label, order, place, np.cumsum(size) - size, size)

    def drawn(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row another one of its class, all equally likely; the row itself where it is alone."""
        label = self.label[rows]
        start, size = self.start[label], self.size[label]
        step = np.floor(rng.uniform(size=len(rows)) * np.maximum(size - 1, 1)).astype(int)
        after = np.where(start + step >= self.place[rows], step + 1, step)
        return np.where(size > 1, self.order[np.minimum(start + after, len(self.order) - 1)], rows)

    def permuted(self, rng: np.random.Generator) -> Classes:
        """Classes of the same sizes that mean nothing."""
        return Classes.of(self.label[rng.permutation(len(self.label))])

    def fresh(self, same: Classes) -> np.ndarray:
        """For each row the share of draws that give another input, `(n,)`. `same`: rows of equal inputs."""
        others = self.size[self.label] - 1
        both = Classes.of(np.stack([self.label, same.label], axis=1))
        twins = both.size[both.label] - 1
        return np.where(others > 0, 1 - twins / np.maximum(others, 1), 0.0)


def everything(n: int) -> Classes:
    """All rows in one class."""
    return Classes.of(np.zeros(n))


def feature_classes(name: str, values: np.ndarray, n: int) -> Classes:
    """The classes of a feature's values.

    Raises:
        UserError: it does not give a value for each row.
    """
    values = np.asarray(values)
    if values.ndim == 0 or len(values) != n:
        raise UserError(f"got feature values of shape {values.shape} for {name!r}, expected ({n},) or ({n}, k)")
    return Classes.of(values)
