"""Program values beside activations, and the regression from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEW = 16


@dataclass(frozen=True, slots=True)
class Codes:
    """Program values that go with activations, row by row.

    Arguments:
        values: `(m, k)` values of the variables. outputs: `(m, q)` the network's output at the same time.
        groups: `(m,)` when or where each was taken; stand-ins come from the same group if there are any.
    """

    values: np.ndarray
    outputs: np.ndarray
    groups: np.ndarray

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
class Regression:
    """Least squares from values and outputs to activations."""

    levels: tuple[np.ndarray | None, ...]
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def features(self, codes: Codes) -> np.ndarray:
        """`(m, f)`: numbers, centred and scaled, and one-hot codes of columns with few values."""
        return (_features(codes, self.levels) - self.centre) / self.scale

    def predict(self, codes: Codes) -> np.ndarray:
        """`(m, d)`."""
        return self.weights[0] + self.features(codes) @ self.weights[1:]


def fit_regression(activations: np.ndarray, codes: Codes) -> Regression:
    """Least squares with a trace of ridge, so that columns that depend on each other are no trouble."""
    levels = tuple(_levels(column) for column in np.concatenate([codes.values, codes.outputs], axis=1).T)
    raw = _features(codes, levels)
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    features = (raw - centre) / scale
    gram = features.T @ features / len(features) + 1e-6 * np.eye(features.shape[1])
    mean = activations.mean(axis=0)
    slopes = np.linalg.solve(gram, features.T @ (activations - mean) / len(features))
    return Regression(levels, centre, scale, np.concatenate([mean[None], slopes]))


def _levels(column: np.ndarray) -> np.ndarray | None:
    levels = np.unique(column)
    return levels if 2 < len(levels) <= FEW else None


def _features(codes: Codes, levels: tuple[np.ndarray | None, ...]) -> np.ndarray:
    numbers = np.concatenate([codes.values, codes.outputs], axis=1)
    hot = [(numbers[:, [i]] == level).astype(float) for i, level in enumerate(levels) if level is not None]
    return np.concatenate([numbers, *hot], axis=1)
