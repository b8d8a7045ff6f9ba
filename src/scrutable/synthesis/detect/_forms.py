"""Weighted sums with small whole weights, as candidates for the quantity that answers depend on."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import gcd

import numpy as np

from scrutable.synthesis.detect._view import View, some_rows

LARGEST_WEIGHT = {1: 1, 2: 7, 3: 4, 4: 3}
"""By the number of columns; one for more of them."""
ROWS_FIRST = 128
BATCH = 1 << 20
MOST_SLOPE = 16


def forms(view: View) -> np.ndarray:
    """Weights `(m, k)` in which no column is missing, without common divisor, the first one positive; lightest first.

    To the small ones come the direction in which the answers grow on average, and the weights that write the columns
    one after the other, as digits.
    """
    k = view.width
    found = [*_small(k)] if k <= 8 else [(1,) * k]
    for extra in (_slope(view), *_digits(view)):
        if extra is not None and extra not in found:
            found.append(extra)
    return np.array(found, dtype=np.int64).reshape(len(found), k)


@lru_cache(maxsize=32)
def _small(k: int) -> tuple[tuple[int, ...], ...]:
    most = LARGEST_WEIGHT.get(k, 1)
    others = [w for w in range(-most, most + 1) if w]
    every = [w for w in product(range(1, most + 1), *([others] * (k - 1))) if gcd(*w) == 1]
    if most == 1:
        every += [(1,) * i + (w,) + (1,) * (k - i - 1) for i in range(k) for w in (2, 3)]
    return tuple(sorted(every, key=lambda w: (sum(map(abs, w)), [-x for x in w])))


def _slope(view: View) -> tuple[int, ...] | None:
    """The least-squares direction as small whole numbers; None if it is no such thing."""
    columns = view.columns.astype(np.float64)
    middle = columns.mean(axis=0)
    slope = np.linalg.lstsq(columns - middle, view.target - view.target.mean(), rcond=None)[0]
    size = np.abs(slope)
    if not size.min(initial=0.0) > 1e-9 * size.max(initial=1.0):
        return None
    best, least = None, 0.12
    for d in range(1, MOST_SLOPE + 1):
        scaled = slope / size.min() * d
        error = float(np.abs(scaled - np.rint(scaled)).max()) / d
        if error < least:
            best, least = np.rint(scaled).astype(np.int64), error / 2
    if best is None or np.abs(best).max() > 10**6:
        return None
    best = best // np.gcd.reduce(best) * (1 if best[0] > 0 else -1)
    return tuple(int(w) for w in best)


def _digits(view: View) -> list[tuple[int, ...]]:
    """Positional weights with the columns as digits, the first or the last one highest."""
    if not view.whole:
        return []
    sizes = [int(c.max() - min(c.min(), 0)) + 1 for c in view.columns.T]
    up = [1]
    for size in sizes[:-1]:
        up.append(up[-1] * size)
    down = [1]
    for size in sizes[:0:-1]:
        down.append(down[-1] * size)
    return [tuple(w) for w in (up, down[::-1]) if max(w) < 1 << 31]


def consistent(view: View, weights: np.ndarray, *, modulus: int = 0) -> np.ndarray:
    """Which of the weighted sums (their remainders, with a modulus) determine the answers on some of the rows.

    Cost: one sort of 128 numbers for each.
    """
    rows = some_rows(view, ROWS_FIRST)
    columns = view.columns[rows]
    answers = np.unique(view.target[rows], return_inverse=True)[1]
    labels = int(answers.max()) + 1
    good = np.ones(len(weights), dtype=bool)
    step = max(1, BATCH // len(rows))
    for low in range(0, len(weights), step):
        sums = weights[low : low + step] @ columns.T
        coded = np.sort((sums % modulus if modulus else sums) * labels + answers, axis=1)
        same = coded[:, 1:] // labels == coded[:, :-1] // labels
        good[low : low + step] = ~(same & (coded[:, 1:] != coded[:, :-1])).any(axis=1)
    return good
