"""Inputs that a search did not see: drawn afresh, shifted away from the usual, or one step from the data.

Everything here stays inside the declared domain; an open end of a range is taken from the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.verify._base import Case
from scrutable.work import flat_rows

if TYPE_CHECKING:
    from scrutable.network import Domain


class Box:
    """The block of numbers a domain is made of: the ends of each entry's range, and whether entries are whole.

    Arguments:
        domain: the input domain.
        like: data `(n, ...)`; open ends are taken from here.
    """

    def __init__(self, domain: Domain, like: np.ndarray) -> None:
        self.shape = like.shape[1:]
        self.dtype = domain.dtype
        self.is_sequence = domain.is_sequence
        self.lo, self.hi = np.zeros(self.shape), np.zeros(self.shape)
        self.whole = np.zeros(self.shape, bool)
        ranges = domain.ranges
        for entry, (lo, hi, whole) in enumerate(ranges):
            place = (..., entry) if len(ranges) > 1 else (...,)
            self.lo[place] = like[place].min(initial=0) if lo is None else lo
            self.hi[place] = like[place].max(initial=0) if hi is None else hi
            self.whole[place] = whole

    def fill(self, shares: np.ndarray) -> np.ndarray:
        """Values at `shares` of the way from the low to the high end, `(n, ...)`; whole where they must be."""
        steps = np.minimum(np.floor(shares * (self.hi - self.lo + 1)), self.hi - self.lo)
        return (self.lo + np.where(self.whole, steps, shares * (self.hi - self.lo))).astype(self.dtype)

    def nearest(self, x: np.ndarray) -> np.ndarray:
        """The values of the block nearest to `x`, `(n, ...)`."""
        return np.clip(np.where(self.whole, np.rint(x), x), self.lo, self.hi).astype(self.dtype)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Independent uniform values, `(n, ...)`."""
        return self.fill(rng.uniform(size=(n, *self.shape)))


def fresh_inputs(case: Case, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` inputs drawn uniformly from the declared domain, as long as the data's."""
    return Box(case.network.inputs, case.find.inputs).draw(n, rng)


def shifted_inputs(case: Case, n: int, rng: np.random.Generator) -> np.ndarray:
    """About `n` inputs of the declared domain that ordinary sampling hardly ever draws.

    Constant ones and runs, sub-alphabets of two values, extremes only, sorted, and sparse ones (few entries away from
    the low end or from zero).
    """
    box, like = Box(case.network.inputs, case.find.inputs), case.find.inputs
    each = max(1, n // 6)
    kinds = [_constant(box, each, rng), _two_values(box, each, rng), _extremes(box, each, rng), _sparse(box, each, rng)]
    if box.is_sequence:
        kinds += [_runs(box, each, rng), np.sort(box.draw(each, rng), axis=1), np.sort(like[:each], axis=1)]
    return np.concatenate(kinds)


def _entries(box: Box) -> tuple[int, ...]:
    """The shape of one step of a sequence, or of a whole item."""
    return box.shape[1:] if box.is_sequence else box.shape


def _steps(box: Box) -> int:
    return box.shape[0] if box.is_sequence else 1


def _constant(box: Box, n: int, rng: np.random.Generator) -> np.ndarray:
    """Every entry at the same share of its range; for sequences the same step again and again, the ends first."""
    if not box.is_sequence:
        return box.fill(np.broadcast_to(_shares(n, (), rng).reshape(n, *[1] * len(box.shape)), (n, *box.shape)))
    step = _shares(n, _entries(box), rng)
    return box.fill(np.repeat(step[:, None], _steps(box), axis=1))


def _shares(n: int, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    shares = rng.uniform(size=(n, *shape))
    shares[: min(2, n)] = np.arange(2.0)[: min(2, n)].reshape(-1, *[1] * len(shape))
    return shares


def _runs(box: Box, n: int, rng: np.random.Generator) -> np.ndarray:
    """One value up to some step, another from there on."""
    first, second = rng.uniform(size=(2, n, 1, *_entries(box)))
    early = np.arange(_steps(box)) < rng.integers(0, _steps(box) + 1, size=(n, 1))
    return box.fill(np.where(early.reshape(*early.shape, *[1] * len(_entries(box))), first, second))


def _two_values(box: Box, n: int, rng: np.random.Generator) -> np.ndarray:
    values = rng.uniform(size=(2, n, *[1] * len(box.shape)))
    return box.fill(np.where(rng.integers(0, 2, size=(n, *box.shape)) == 1, values[0], values[1]))


def _extremes(box: Box, n: int, rng: np.random.Generator) -> np.ndarray:
    return box.fill(rng.integers(0, 2, size=(n, *box.shape)).astype(float))


def _sparse(box: Box, n: int, rng: np.random.Generator) -> np.ndarray:
    rest = np.clip(np.zeros(box.shape), box.lo, box.hi)
    rare = rng.uniform(size=(n, *box.shape)) < 1.5 / max(1, int(np.prod(box.shape)))
    return np.where(rare, box.draw(n, rng), rest).astype(box.dtype)


def neighbours(case: Case, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each of `inputs` with one entry drawn afresh."""
    drawn = flat_rows(Box(case.network.inputs, case.find.inputs).draw(len(inputs), rng))
    edited = flat_rows(inputs.copy())
    rows, entries = np.arange(len(inputs)), rng.integers(0, max(1, edited.shape[1]), size=len(inputs))
    if edited.shape[1]:
        edited[rows, entries] = drawn[rows, entries]
    return edited.reshape(inputs.shape).astype(inputs.dtype)
