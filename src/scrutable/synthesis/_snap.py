"""Numbers as a person would write them: the shortest one that is close enough."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, isfinite, log10

import numpy as np


def shortest_between(low: float, high: float) -> float:
    """The decimal with the fewest digits in `[low, high)`; `low` itself when there is nothing between.

    >>> shortest_between(2.4371, 2.6112)
    2.5
    """
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return float(low)
    if low <= 0 < high:
        return 0.0
    start = floor(log10(max(abs(low), abs(high)))) if max(abs(low), abs(high)) > 0 else 0
    for places in range(-start, 18):
        unit = Fraction(10) ** -places
        lowest, highest = ceil(Fraction(low) / unit), ceil(Fraction(high) / unit) - 1
        if lowest <= highest:
            middle = min(max(round(Fraction((low + high) / 2) / unit), lowest), highest)
            value = float(middle * unit)
            if low <= value < high:
                return value
    return float(low)


def rational(values: np.ndarray, *, tolerance: float, largest: int = 12) -> np.ndarray | None:
    """Each value as the nearest fraction with a small denominator, as objects; None if one is beyond `tolerance`."""
    found = np.empty(values.shape, dtype=object)
    for place, value in np.ndenumerate(values):
        near = next(
            (
                f
                for f in (Fraction(float(value)).limit_denominator(d) for d in range(1, largest + 1))
                if _near(f, value, tolerance)
            ),
            None,
        )
        if near is None:
            return None
        found[place] = near
    return found


def _near(fraction: Fraction, value: float, tolerance: float) -> bool:
    return abs(float(fraction) - float(value)) <= tolerance


def decimals(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Each value rounded as far as its own error allows, by the shortest decimal within one error of it."""
    found = [
        shortest_between(v - e, np.nextafter(v + e, np.inf)) for v, e in zip(values.flat, errors.flat, strict=True)
    ]
    return np.array(found).reshape(values.shape)
