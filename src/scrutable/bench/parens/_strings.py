"""Strings of parentheses, and what can be said of them."""

from __future__ import annotations

import numpy as np

from scrutable.bench.parens._network import LENGTH


def strings(n: int, rng: np.random.Generator) -> np.ndarray:
    """`(n, 16)`, 1 for an open one: a third balanced, a third with as many open as closed, the others at random."""
    kinds = np.arange(n) % 3
    x = rng.integers(0, 2, size=(n, LENGTH))
    equal = np.tile(np.arange(LENGTH) % 2, (n, 1))
    equal = rng.permuted(equal, axis=1)
    x[kinds == 1] = equal[kinds == 1]
    x[kinds == 0] = _balanced(equal[kinds == 0])
    return x[rng.permutation(n)]


def _balanced(equal: np.ndarray) -> np.ndarray:
    """Each string of as many open as closed turned until it is balanced: to start after its lowest point."""
    low = heights(equal).argmin(axis=1) + 1
    columns = (np.arange(LENGTH) + low[:, None]) % LENGTH
    return np.take_along_axis(equal, columns, axis=1)


def heights(x: np.ndarray) -> np.ndarray:
    """`(n, 16)`: open minus closed ones up to each step."""
    return np.cumsum(2 * x.astype(int) - 1, axis=1)


def equal_counts(x: np.ndarray) -> np.ndarray:
    """Whether there are as many open as closed ones."""
    return heights(x)[:, -1] == 0


def never_below(x: np.ndarray) -> np.ndarray:
    """Whether no closed one comes before its open one."""
    return heights(x).min(axis=1) >= 0


def balanced(x: np.ndarray) -> np.ndarray:
    """1 for balanced strings, `(n,)`."""
    return (equal_counts(x) & never_below(x)).astype(int)
