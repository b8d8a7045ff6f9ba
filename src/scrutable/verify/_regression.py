"""Program values beside activations, and the regression from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEW = 16
HINGES, MOST_ROWS = 384, 8000
"""Of a regression that bends, and the rows that it is fitted on."""
NARROW = 2
"""Variables that every other hinge reads at most: units of a network often read few of them."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Program values that go with activations, row by row.

    Arguments:
        values: `(m, k)` values of the variables. outputs: `(m, q)` the network's output at the same time.
        groups: `(m,)` when or where each was taken; stand-ins come from the same group if there are any.
            For rows with a value at each position all three have an axis of positions after the first.
    """

    values: np.ndarray
    outputs: np.ndarray
    groups: np.ndarray

    @property
    def flat(self) -> Codes:
        """With all positions of all rows on one axis."""
        count = self.groups.size
        values, outputs = (part.reshape(count, part.shape[-1]) for part in (self.values, self.outputs))
        return Codes(values, outputs, self.groups.reshape(count))

    def rows(self, index: np.ndarray) -> Codes:
        """Some of the rows."""
        return Codes(self.values[index], self.outputs[index], self.groups[index])

    def and_rows(self, others: Codes) -> Codes:
        """These rows and others after them."""
        mine, theirs = (self.values, self.outputs, self.groups), (others.values, others.outputs, others.groups)
        return Codes(*(np.concatenate(both) for both in zip(mine, theirs, strict=True)))

    def shuffled(self, rng: np.random.Generator) -> Codes:
        """Decoy variables: the same values and outputs, handed to other rows of the same group.

        Where the group settles the values, as for what only counts steps, to any other rows, and groups are forgotten:
        a stand-in from the same group would give the value away.
        """
        order = np.arange(len(self.groups))
        for group in np.unique(self.groups):
            rows = np.flatnonzero(self.groups == group)
            order[rows] = rng.permutation(rows)
        if (self.values[order] == self.values).all():
            order = rng.permutation(order)
            return Codes(self.values[order], self.outputs[order], np.full(len(order), -1))
        return Codes(self.values[order], self.outputs[order], self.groups)


@dataclass(frozen=True, slots=True)
class Features:
    """What a regression reads of values and outputs.

    Arguments:
        levels: of each column, those that get a one-hot code, or None where it has too many.
        slopes, offsets: `(k, h)` and `(h,)`: hinges `max(values @ slopes + offsets, 0)`; none for what is linear.
    """

    levels: tuple[np.ndarray | None, ...]
    slopes: np.ndarray
    offsets: np.ndarray

    @staticmethod
    def linear(codes: Codes) -> Features:
        """Numbers, and one-hot codes of columns with few values."""
        levels = tuple(_levels(column) for column in _numbers(codes).T)
        return Features(levels, np.zeros((codes.values.shape[1], 0)), np.zeros(0))

    @staticmethod
    def bent(codes: Codes, rng: np.random.Generator) -> Features:
        """The same and hinges of the values in random directions, each through the values of a random row.

        Every other direction is across all variables, the rest across one or two of them.
        """
        values, spread = codes.values, codes.values.std(axis=0)
        slopes = rng.standard_normal((values.shape[1], HINGES)) / np.where(spread > 0, spread, 1.0)[:, None]
        rank = rng.random(slopes.shape).argsort(axis=0).argsort(axis=0)
        slopes[:, ::2] *= (rank < rng.integers(1, NARROW + 1, size=HINGES))[:, ::2]
        through = values[rng.integers(0, len(values), HINGES)]
        return Features(Features.linear(codes).levels, slopes, -(through * slopes.T).sum(axis=1))

    def of(self, codes: Codes) -> np.ndarray:
        """`(m, f)`."""
        numbers = _numbers(codes)
        hot = [(numbers[:, [i]] == level).astype(float) for i, level in enumerate(self.levels) if level is not None]
        return np.concatenate([numbers, *hot, np.maximum(codes.values @ self.slopes + self.offsets, 0.0)], axis=1)


@dataclass(frozen=True, slots=True)
class Regression:
    """Least squares from features of values and outputs, centred and scaled, to activations."""

    features: Features
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def predict(self, codes: Codes) -> np.ndarray:
        """`(m, d)`."""
        return self.weights[0] + (self.features.of(codes) - self.centre) / self.scale @ self.weights[1:]


def fit_regression(activations: np.ndarray, codes: Codes, features: Features) -> Regression:
    """Least squares with a trace of ridge, so that columns that depend on each other are no trouble."""
    raw = features.of(codes)
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = (raw - centre) / scale
    gram = scaled.T @ scaled / len(scaled) + 1e-6 * np.eye(scaled.shape[1])
    mean = activations.mean(axis=0)
    slopes = np.linalg.solve(gram, scaled.T @ (activations - mean) / len(scaled))
    return Regression(features, centre, scale, np.concatenate([mean[None], slopes]))


def _numbers(codes: Codes) -> np.ndarray:
    return np.concatenate([codes.values, codes.outputs], axis=1)


def _levels(column: np.ndarray) -> np.ndarray | None:
    levels = np.unique(column)
    return levels if 2 < len(levels) <= FEW else None
