"""Linear separators of weighted rows: logistic regression, dense and with few coefficients.

References: R. Tibshirani and others, The elements of statistical learning (2009), chapter 4, for the Newton steps;
F. Frommlet and G. Nuel, An adaptive ridge procedure for L0 regularization (2016), for the coefficients that vanish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEWTON = 6
ROUNDS = 5
SMALL = 1e-2
"""Coefficients of standardised columns below this are none."""
MOST_COLUMNS = 96
"""Where there are more columns, those that part the sides best are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Separator:
    """`x @ weights > bound` says "above"."""

    weights: np.ndarray
    bound: float

    @property
    def terms(self) -> int:
        """How many columns it reads."""
        return int(np.count_nonzero(self.weights))

    def above(self, x: np.ndarray) -> np.ndarray:
        """For each row of `(n, k)` whether it is above."""
        used = np.flatnonzero(self.weights)
        return x[:, used] @ self.weights[used] > self.bound


def separator(x: np.ndarray, above: np.ndarray, weight: np.ndarray, *, ridge: float) -> Separator:
    """The logistic regression of `above` on all columns.

    Arguments:
        x: standardised columns, `(n, k)`. above, weight: `(n,)`. ridge: penalty on each squared coefficient, in nats.
    """
    used = _telling(x, above, weight)
    point = _newton(x[:, used], above, weight, np.full(len(used), ridge), np.zeros(len(used) + 1), steps=NEWTON)
    return _separator(x.shape[1], used, point)


def sparse_separator(x: np.ndarray, above: np.ndarray, weight: np.ndarray, *, ridge: float, price: float) -> Separator:
    """A logistic regression with few coefficients: each costs about `price` nats. See `separator`.

    The penalty is a ridge whose strength is set anew in each round, `2 price / (w^2 + small)`, so that it comes to
    `price` for every coefficient that stays; those that become small are left out.
    """
    used = _telling(x, above, weight)
    point = _newton(x[:, used], above, weight, np.full(len(used), ridge), np.zeros(len(used) + 1), steps=NEWTON)
    for _ in range(ROUNDS):
        strength = 2 * price / (point[:-1] ** 2 + SMALL**2) + ridge
        point = _newton(x[:, used], above, weight, strength, point, steps=NEWTON // 2)
        kept = np.abs(point[:-1]) > SMALL
        used, point = used[kept], np.append(point[:-1][kept], point[-1])
    point = _newton(x[:, used], above, weight, np.full(len(used), ridge), point, steps=NEWTON)
    return _separator(x.shape[1], used, point)


def _separator(columns: int, used: np.ndarray, point: np.ndarray) -> Separator:
    weights = np.zeros(columns)
    weights[used] = point[:-1]
    return Separator(weights, -float(point[-1]))


def _telling(x: np.ndarray, above: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The columns to look at: all, or those whose weighted means differ most between the sides."""
    if x.shape[1] <= MOST_COLUMNS:
        return np.arange(x.shape[1])
    high, low = (np.average(x[side], axis=0, weights=weight[side]) for side in (above, ~above))
    return np.sort(np.argsort(-np.abs(high - low), kind="stable")[:MOST_COLUMNS])


def _newton(
    x: np.ndarray, above: np.ndarray, weight: np.ndarray, ridge: np.ndarray, start: np.ndarray, *, steps: int
) -> np.ndarray:
    """Coefficients and intercept `(k + 1,)` after a few damped Newton steps on the penalised log likelihood."""
    wide = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    penalty, sign = np.append(ridge, 1e-8), np.where(above, 1.0, -1.0)

    def loss(point: np.ndarray) -> float:
        return float(weight @ np.logaddexp(0.0, -sign * (wide @ point)) + 0.5 * penalty @ point**2)

    point, now = start, loss(start)
    for _ in range(steps):
        wrong = 1.0 / (1.0 + np.exp(np.clip(sign * (wide @ point), -50, 50)))
        slope = wide.T @ (-sign * wrong * weight) + penalty * point
        bend = np.maximum(wrong * (1 - wrong), 1e-6) * weight
        step = np.linalg.solve((wide * bend[:, None]).T @ wide + np.diag(penalty), slope)
        length = 1.0
        while length > 1e-3 and not loss(point - length * step) < now:
            length /= 2
        if length <= 1e-3:
            return point
        before, point = now, point - length * step
        now = loss(point)
        if before - now < 1e-4 * abs(before):
            return point
    return point
