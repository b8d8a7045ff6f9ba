"""Shapes of data whose rows come first."""

from __future__ import annotations

from math import prod

import numpy as np


def flat_rows(x: np.ndarray) -> np.ndarray:
    """`(n, ...)` as `(n, k)`, also when there are no rows (where NumPy cannot tell what `-1` stands for)."""
    return x.reshape(len(x), prod(x.shape[1:]))
