"""Linear equations in remainders, solved exactly."""

from __future__ import annotations

import numpy as np

PRIME = 2**31 - 1
DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24)
LARGEST = 10**6


def solved(matrix: np.ndarray, target: np.ndarray, modulus: int) -> np.ndarray | None:
    """Weights `w`, `(c,)`, with `matrix @ w == target` modulo `modulus`; None if elimination finds none.

    Pivots are units, taken from the earliest columns that have one; columns without get the weight 0, so that of
    dependent columns the earlier ones are used. For a prime modulus the answer None is final.

    Arguments:
        matrix: `(r, c)`, int64 entries from 0 below the modulus.
        target: `(r,)`, likewise.
        modulus: at most `PRIME`.
    """
    work = np.column_stack([matrix, target]) % modulus
    pivots: list[int] = []
    for j in range(matrix.shape[1]):
        done = len(pivots)
        place = _unit(work[done:, j], modulus)
        if place is None:
            continue
        work[[done, done + place]] = work[[done + place, done]]
        inverse = pow(int(work[done, j]), -1, modulus)
        work[done, j:] = work[done, j:] * inverse % modulus
        others = np.flatnonzero(work[:, j])
        others = others[others != done]
        work[others, j:] = (work[others, j:] - work[others, j, None] * work[done, None, j:]) % modulus
        pivots.append(j)
        if len(pivots) == len(work):
            break
    if work[len(pivots) :, -1].any():
        return None
    weights = np.zeros(matrix.shape[1], dtype=np.int64)
    weights[pivots] = work[: len(pivots), -1]
    return weights


def _unit(column: np.ndarray, modulus: int) -> int | None:
    """Where the column first has an entry that can be inverted."""
    units = np.flatnonzero(np.gcd(column, modulus) == 1)
    return int(units[0]) if len(units) else None


def fractions(weights: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Small whole numbers and a common denominator that stand behind remainders modulo `PRIME`; None if none do."""
    for d in DENOMINATORS:
        whole = centred(weights * d, PRIME)
        if np.abs(whole).max(initial=0) <= LARGEST:
            return whole, d
    return None


def centred(values: np.ndarray, modulus: int) -> np.ndarray:
    """The remainders that are least in size, from `-(modulus - 1) // 2` to `modulus // 2`."""
    values = values % modulus
    return np.where(values > modulus // 2, values - modulus, values)
