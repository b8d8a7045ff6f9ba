"""p-values from null controls, and what becomes of them when several are asked for at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def p_value(found: float, nulls: np.ndarray | Sequence[float]) -> float:
    """The chance of a null at or above `found`: `(1 + nulls at or above it) / (nulls + 1)`, never zero.

    Reference: Phipson & Smyth, "Permutation p-values should never be zero", Statistical Applications in Genetics and
    Molecular Biology 2010.
    """
    return (1 + int((np.asarray(nulls) >= found).sum())) / (len(nulls) + 1)


def max_t(found: np.ndarray, nulls: np.ndarray) -> np.ndarray:
    """p-values of several claims that hold together: each claim is compared with the best null of each round.

    The chance that any claim without substance gets one of at most 0.05 is 0.05, whatever their dependence (Westfall &
    Young, "Resampling-based multiple testing", 1993, single step).

    Arguments:
        found: `(k,)`, a statistic for each claim. nulls: `(B, k)`, the same statistics in each round of the null.
    """
    best = np.asarray(nulls, float).max(axis=1)
    return np.array([p_value(each, best) for each in np.asarray(found, float)])


def holm(values: np.ndarray | list[float]) -> np.ndarray:
    """p-values of several claims, `(k,)`, made to hold together whatever their dependence.

    Reference: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.
    """
    values = np.asarray(values, float)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted
