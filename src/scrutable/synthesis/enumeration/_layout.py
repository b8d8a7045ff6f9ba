"""How value vectors are laid out in memory, compared and turned into 64-bit codes.

Numbers are kept in the narrowest type that holds the data with room for products: 16, 32 or 64-bit integers, or double
precision. Truths are packed 64 examples to a word. Examples are padded to a multiple of 64 by repeating the first one,
so that no operation needs to know about padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from scrutable.synthesis.enumeration._table import mixed
from scrutable.work import generator

WORD = 64
CODED_BYTES = 1 << 19
_ROUNDING = np.uint64(1 << 21)  # reals are coded by the leading 30 bits of their mantissa
_DROPPED = np.uint64(22)
_EIGHT = np.uint64(0x0101010101010101)
RELATIVE, ABSOLUTE = 1e-9, 1e-12
_INTEGER_LIMITS: tuple[tuple[Any, float], ...] = ((np.int16, 2.0**14 - 1), (np.int32, 2.0**30 - 1))
_WIDEST_LIMIT, _REAL_LIMIT = 2.0**61, 1e100


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape and type of value vectors.

    Arguments:
        rows: examples, a multiple of 64.
        dtype: of numbers.
        limit: the largest magnitude a number may have; candidates beyond it are dropped.
    """

    rows: int
    dtype: np.dtype
    limit: float

    @staticmethod
    def fitting(count: int, columns: list[np.ndarray]) -> Layout:
        """The layout for `count` examples of these columns."""
        rows = WORD * max(1, -(-count // WORD))
        if any(each.dtype.kind == "f" for each in columns):
            return Layout(rows, np.dtype(np.float64), _REAL_LIMIT)
        largest = max((float(np.abs(each.astype(np.float64)).max()) for each in columns if each.size), default=1.0)
        for dtype, limit in _INTEGER_LIMITS:
            if 4 * largest * largest <= limit:
                return Layout(rows, np.dtype(dtype), limit)
        return Layout(rows, np.dtype(np.int64), _WIDEST_LIMIT)

    @property
    def reals(self) -> bool:
        """Whether numbers are in double precision."""
        return self.dtype.kind == "f"

    def numbers(self, column: np.ndarray) -> np.ndarray:
        """A column of examples as a number vector `(rows,)`."""
        return _padded(np.asarray(column), self.rows).astype(self.dtype)

    def truths(self, column: np.ndarray) -> np.ndarray:
        """A column of examples as packed truths `(words,)`."""
        return pack(_padded(np.asarray(column).astype(bool), self.rows)[None])[0]

    def inside(self, values: np.ndarray) -> bool:
        """Whether all number vectors stay within the limit."""
        return not values.size or bool(values.max() <= self.limit and values.min() >= -self.limit)

    def largest(self, values: np.ndarray) -> np.ndarray:
        """The largest magnitude in each number vector, in their own type."""
        return np.abs(values).max(axis=1)  # the limits leave out the one integer without an absolute value

    def lanes(self, truths: np.ndarray) -> np.ndarray:
        """Packed truths as masks for `if`: -1 or 0 in the numbers' type, truths for reals. Shape `(k, rows)`."""
        bits = unpack(truths, self.rows)
        return bits.astype(bool) if self.reals else -bits.astype(self.dtype)

    def same(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Which vectors are equal. Reals may differ by one part in 10^9. Shapes `(k, width)`."""
        if left.dtype.kind != "f":
            return _all(_words(left) == _words(right))
        allowed = RELATIVE * np.maximum(np.abs(left), np.abs(right)) + ABSOLUTE
        return _all(np.abs(left - right) <= allowed)


def _all(bits: np.ndarray) -> np.ndarray:
    """Whether each row of `(k, width)` truths holds throughout; eight are taken at a time where that is possible."""
    if bits.shape[1] % 8:
        return np.asarray(bits.all(axis=1))
    return reduce(np.bitwise_and, bits.view(np.uint64).T) == _EIGHT


def pack(bits: np.ndarray) -> np.ndarray:
    """Truths `(k, rows)` packed 64 to a word: `(k, rows / 64)`, uint64."""
    return np.packbits(bits, axis=None, bitorder="little").view(np.uint64).reshape(len(bits), bits.shape[1] // WORD)


def unpack(words: np.ndarray, rows: int) -> np.ndarray:
    """The inverse of `pack`, as 0 and 1 in uint8."""
    data = np.ascontiguousarray(words).view(np.uint8).reshape(-1)
    return np.unpackbits(data, bitorder="little").reshape(len(words), rows)


class Coder:
    """Codes value vectors: each word is mixed, all are combined with random odd weights, and the sum is mixed again."""

    def __init__(self, words: int) -> None:
        rng = generator(0, "enumeration", "codes")
        self._inner, self._outer = rng.integers(0, 2**64, (2, words), dtype=np.uint64) | np.uint64(1)
        self._repeated = np.tile(self._inner, (max(1, CODED_BYTES // self._inner.nbytes), 1))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The 64-bit code of each vector of `(k, width)`."""
        words, step = _words(values), len(self._repeated)
        codes = np.empty(len(words), dtype=np.uint64)
        for low in range(0, len(words), step):
            part = words[low : low + step]
            part = part * self._repeated[: len(part)]  # weights repeated: one long product is faster than many short
            part ^= part >> np.uint64(32)
            np.vecdot(part, self._outer, out=codes[low : low + step])
        return mixed(codes)


def _words(values: np.ndarray) -> np.ndarray:
    """The vectors as 64-bit words; reals rounded to 30 bits of mantissa, tiny ones to zero."""
    values = np.ascontiguousarray(values)
    if values.dtype.kind != "f":
        return values.view(np.uint64)
    return (np.where(np.abs(values) < ABSOLUTE, 0.0, values).view(np.uint64) + _ROUNDING) >> _DROPPED


def _padded(column: np.ndarray, rows: int) -> np.ndarray:
    return np.concatenate([column, np.repeat(column[:1], rows - len(column))])
