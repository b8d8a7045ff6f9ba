"""A smooth stand-in for an unknown function: a polynomial in a few coordinates, with its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

MOST_TERMS = 250
MOST_DEGREE = 24
_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24)


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A fitted polynomial.

    Arguments:
        misfit: mean square of the weighted residual on rows that were not fitted.
        slopes: for each variable, the derivative by its logarithm (`v * dg/dv`) on the fitted rows, `(variables, n)`.
        fit: its values there, `(n,)`.
    """

    misfit: float
    slopes: np.ndarray
    fit: np.ndarray


def surrogate(
    points: np.ndarray, aims: Sequence[tuple[np.ndarray, np.ndarray]], *, gradient: bool = True
) -> tuple[int, Surrogate]:
    """The best polynomial fit to one of several targets: in the variables, or in their logarithms where positive.

    Arguments:
        points: `(n, variables)`; the last quarter of the rows judges the fits.
        aims: target and weight, each `(n,)`; the weighted residual is made small.

    Returns:
        Which target was fitted best, and the fit.
    """
    systems = [_System.of(points, logs=False)]
    if points.shape[1] and (points > 0).all(axis=0).any():
        systems.append(_System.of(points, logs=True))
    best: tuple[float, int, _System, np.ndarray] | None = None
    for system in systems:
        for place, (target, weight) in enumerate(aims):
            coefficients, misfit = _best_degree(system.terms * weight, weight * target, system.powers.sum(axis=1))
            if best is None or misfit < best[0]:
                best = misfit, place, system, coefficients
    assert best is not None
    misfit, place, system, coefficients = best
    slopes = system.slopes(coefficients) if gradient else np.zeros((0, len(points)))
    return place, Surrogate(misfit, slopes, coefficients @ system.terms[: len(coefficients)])


def basis(coordinates: np.ndarray) -> np.ndarray:
    """All Chebyshev products up to a total degree, `(terms, n)`, of coordinates in -1 to 1, `(n, variables)`."""
    powers = _indices(coordinates.shape[1])
    return _products(_chebyshev(coordinates, int(powers.max(initial=0)))[0], powers)


def scaled(points: np.ndarray) -> np.ndarray:
    """Each column moved and stretched to -1 to 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    return 2 * (points - low) / np.where(high > low, high - low, 1.0) - 1


@dataclass(frozen=True, slots=True)
class _System:
    """Coordinates, and the terms over them.

    Arguments:
        powers: the exponents of each term, `(terms, variables)`.
        values, by_coordinate: Chebyshev polynomials and their derivatives, `(variables, degree + 1, n)`.
        by_logs: the derivative of each coordinate by the logarithm of its variable, `(n, variables)`.
        terms: `(terms, n)`.
    """

    powers: np.ndarray
    values: np.ndarray
    by_coordinate: np.ndarray
    by_logs: np.ndarray
    terms: np.ndarray

    @staticmethod
    def of(points: np.ndarray, *, logs: bool) -> _System:
        positive = (points > 0).all(axis=0) & logs
        raw = np.where(positive, np.log(np.where(positive, points, 1.0)), points)
        span = np.ptp(raw, axis=0)
        span[span == 0] = 1.0
        powers = _indices(points.shape[1])
        values, slopes = _chebyshev(scaled(raw), int(powers.max(initial=0)))
        return _System(powers, values, slopes, np.where(positive, 1.0, points) * 2 / span, _products(values, powers))

    def slopes(self, coefficients: np.ndarray) -> np.ndarray:
        """The derivatives of the fit by the logarithms of the variables, `(variables, n)`."""
        powers = self.powers[: len(coefficients)]
        found = np.zeros((powers.shape[1], self.terms.shape[1]))
        for i in range(powers.shape[1]):
            terms = _products(self.values, powers, self.by_coordinate, i)
            found[i] = coefficients @ terms * self.by_logs[:, i]
        return found


def _best_degree(terms: np.ndarray, target: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients of the terms up to the degree that predicts best, and the mean square it misses by there."""
    fitted = len(target) * 3 // 4
    gram = terms[:, :fitted] @ terms[:, :fitted].T
    size = np.sqrt(np.diag(gram))
    size[size == 0] = 1.0
    gram /= size[:, None] * size
    gram[np.diag_indices_from(gram)] += 1e-14
    right = (terms[:, :fitted] @ target[:fitted]) / size
    best, least = np.zeros(1), np.inf
    for degree in sorted(set(_STEPS) & set(degrees.tolist()) | {int(degrees.max())}):
        count = int((degrees <= degree).sum())
        coefficients = np.linalg.solve(gram[:count, :count], right[:count]) / size[:count]
        misfit = float(np.mean((coefficients @ terms[:count, fitted:] - target[fitted:]) ** 2))
        if misfit < least:
            best, least = coefficients, misfit
    return best, least


@cache
def _indices(variables: int) -> np.ndarray:
    """Exponents of all terms up to the largest total degree that keeps them few, `(terms, variables)`."""
    if not variables:
        return np.zeros((1, 0), dtype=int)
    degree = 1
    while degree < MOST_DEGREE and _count(variables, degree + 1) <= MOST_TERMS:
        degree += 1
    return np.array(sorted(_up_to(variables, degree), key=sum))


def _up_to(variables: int, degree: int):
    if variables == 1:
        yield from ((d,) for d in range(degree + 1))
        return
    for first in range(degree + 1):
        for rest in _up_to(variables - 1, degree - first):
            yield (first, *rest)


def _count(variables: int, degree: int) -> int:
    count = 1
    for i in range(1, variables + 1):
        count = count * (degree + i) // i
    return count


def _chebyshev(coordinates: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Values and derivatives of the polynomials, each `(variables, degree + 1, n)`."""
    x = coordinates.T
    values = np.ones((x.shape[0], degree + 1, x.shape[1]))
    slopes = np.zeros_like(values)
    if degree:
        values[:, 1], slopes[:, 1] = x, 1.0
    for d in range(2, degree + 1):
        values[:, d] = 2 * x * values[:, d - 1] - values[:, d - 2]
        slopes[:, d] = 2 * values[:, d - 1] + 2 * x * slopes[:, d - 1] - slopes[:, d - 2]
    return values, slopes


def _products(values: np.ndarray, powers: np.ndarray, slopes: np.ndarray | None = None, by: int = -1) -> np.ndarray:
    """Each term from one with a variable less: one multiplication for each. `(terms, n)`."""
    sources = [slopes if i == by and slopes is not None else values for i in range(powers.shape[1])]
    result = np.ones((len(powers), values.shape[2]))
    start = np.ones(values.shape[2])
    for i, source in enumerate(sources):
        start = start * source[i][0]
    known = {(0,) * powers.shape[1]: 0}
    zero = slopes is not None
    for place, power in enumerate(map(tuple, powers.tolist())):
        last = max((i for i, p in enumerate(power) if p), default=None)
        if last is None:
            result[place] = start
            continue
        parent = (*power[:last], 0, *power[last + 1 :])
        if zero and last == by:
            rest = power[:last]
            result[place] = sources[last][last][power[last]]
            for i, p in enumerate(rest):
                result[place] *= sources[i][i][p]
        else:
            result[place] = result[known[parent]] * sources[last][last][power[last]]
        known[power] = place
    return result


__all__ = ["Surrogate", "basis", "scaled", "surrogate"]
