"""Sets of rows of a truth table as single integers, one bit for each row."""

from __future__ import annotations

from functools import lru_cache
from typing import final

import numpy as np


@final
class Space:
    """All rows of `n` Boolean variables.

    A set of rows is an integer: bit r stands for row r, and variable k of row r is bit k of r. Union, intersection and
    complement are the operators of integers, on 64 rows and more in one machine step. Get one from `space`.
    """

    __slots__ = ("full", "n", "ones", "rows", "zeros")

    def __init__(self, n: int) -> None:
        self.n, self.rows = n, 1 << n
        self.full = (1 << self.rows) - 1
        self.ones = tuple(_ones(k, self.rows) for k in range(n))
        self.zeros = tuple(self.full ^ each for each in self.ones)

    def low(self, rows: int, k: int) -> int:
        """The cofactor for variable k false: for each row, whether its twin with k false is in the set."""
        part = rows & self.zeros[k]
        return part | part << (1 << k)

    def high(self, rows: int, k: int) -> int:
        """The cofactor for variable k true."""
        part = rows & self.ones[k]
        return part | part >> (1 << k)

    def exists(self, rows: int, k: int) -> int:
        """The rows of which one of the twins in variable k is in the set."""
        return rows | (rows & self.ones[k]) >> (1 << k) | (rows & self.zeros[k]) << (1 << k)

    def depends(self, rows: int, k: int) -> bool:
        """Whether the set is not the same for both values of variable k."""
        return (rows & self.ones[k]) >> (1 << k) != rows & self.zeros[k]

    def support(self, *sets: int) -> tuple[int, ...]:
        """The variables that any of the sets depends on."""
        return tuple(k for k in range(self.n) if any(self.depends(each, k) for each in sets))

    def array(self, rows: int) -> np.ndarray:
        """The set as `(2**n,)` bools."""
        raw = np.frombuffer(rows.to_bytes(max(1, self.rows // 8), "little"), dtype=np.uint8)
        return np.unpackbits(raw, bitorder="little")[: self.rows].astype(bool)

    def packed(self, rows: np.ndarray) -> int:
        """The set given as `(2**n,)` bools."""
        return int.from_bytes(np.packbits(rows, bitorder="little").tobytes(), "little")

    def box(self, rows: int, variables: tuple[int, ...]) -> np.ndarray:
        """A set that depends on `variables` alone as a box of one axis of two for each of them, in their order."""
        cube = self.array(rows).reshape((2,) * self.n).transpose(tuple(range(self.n - 1, -1, -1)))
        return cube[tuple(slice(None) if k in variables else 0 for k in range(self.n))].transpose(
            np.argsort(np.argsort(variables)).tolist() if variables else ()
        )


@lru_cache(maxsize=32)
def space(n: int) -> Space:
    """The rows of `n` variables; the same object each time."""
    return Space(n)


def _ones(k: int, rows: int) -> int:
    half = 1 << k
    pattern, width = ((1 << half) - 1) << half, 2 * half
    while width < rows:
        pattern |= pattern << width
        width *= 2
    return pattern
