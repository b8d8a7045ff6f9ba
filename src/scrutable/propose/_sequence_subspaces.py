"""What the value of a variable changes in a place: linear subspaces, and what a place should hold for a value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

MOST_VALUES = 400
NEGLIGIBLE = 1e-3


def subspaces(held: np.ndarray, values: np.ndarray) -> Iterator[np.ndarray]:
    """Projections `(numbers, numbers)` onto everything, and onto what changes with the value: the differences of means
    by value, those at each position, and the slope of a number.

    All but the first both orthogonal and such that what varies apart from the value stays (orthogonal in the metric of
    the covariance).

    Arguments:
        held: `(n, length, numbers)`. values: `(n, length)`, or `(n, length, k)` for several numbers.
    """
    rows = held.reshape(-1, held.shape[2])
    centred, flat = rows - rows.mean(0), values.reshape(len(rows), -1).astype(np.float64)
    yield np.eye(held.shape[2])
    inverse = np.linalg.pinv(centred.T @ centred / len(rows), rcond=NEGLIGIBLE**2, hermitian=True)
    levels, kinds = _numbered(flat), [(flat - flat.mean(0)).T @ centred]
    if 2 < levels.max() + 1 <= MOST_VALUES:
        kinds.append(_weighted(levels) @ centred)
    if (levels.max() + 1) * held.shape[1] <= MOST_VALUES:
        kinds.append(_weighted(_at_positions(levels, held.shape)) @ (held - held.mean(0)).reshape(rows.shape))
    for directions in kinds:
        axes = _span(directions)
        yield axes @ axes.T
        read = inverse @ axes
        yield read @ np.linalg.pinv(axes.T @ read) @ axes.T


def expected(held: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What a place holds on average for a value at a position, `(n, length, numbers)`.

    Where there are too many of these, the sum of a part for each number and one for the position.
    """
    rows = held.reshape(-1, held.shape[2])
    flat = values.reshape(len(rows), -1)
    joint = _at_positions(_numbered(flat), held.shape)
    if joint.max() + 1 <= MOST_VALUES:
        weights = _weighted(joint)
        return (weights.T @ (weights @ rows)).reshape(held.shape)
    columns = [*(_numbered(column[:, None]) for column in flat.T), np.tile(np.arange(held.shape[1]), len(held))]
    design = np.concatenate([_one_hot(column) for column in columns], axis=1)
    found = np.linalg.lstsq(design.T @ design, design.T @ rows, rcond=None)[0]
    return (design @ found).reshape(held.shape)


def _numbered(flat: np.ndarray) -> np.ndarray:
    """A number for each different row, `(m,)`."""
    return np.unique(np.round(flat.astype(np.float64), 6), axis=0, return_inverse=True)[1].reshape(-1)


def _at_positions(levels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return _numbered((levels.reshape(shape[:2]) * shape[1] + np.arange(shape[1])).reshape(-1, 1))


def _one_hot(levels: np.ndarray) -> np.ndarray:
    return (levels[:, None] == np.arange(levels.max() + 1)).astype(np.float64)


def _weighted(levels: np.ndarray) -> np.ndarray:
    """Maps rows to the sums of each level over the root of its size, `(levels, m)`."""
    codes = _one_hot(levels)
    return (codes / np.sqrt(codes.sum(0))).T


def linear_share(rows: np.ndarray, wanted: np.ndarray) -> float:
    """The share of the variance of `wanted`, `(m, k)`, that a linear map of `rows`, `(m, d)`, and constants explain."""
    design = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    left = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    total = float(((wanted - wanted.mean(0)) ** 2).sum())
    return 1 - float((left**2).sum()) / total if total > 0 else 1.0


def _span(directions: np.ndarray) -> np.ndarray:
    _, sizes, axes = np.linalg.svd(directions, full_matrices=False)
    return axes[sizes > max(NEGLIGIBLE * sizes[0], 1e-9)].T
