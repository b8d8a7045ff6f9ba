"""Which numbers of a value a site is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._along import Along
from scrutable.network._site import ALL, Index, Position, Site, Span


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """A choice of indices on each axis of a value, and directions of what is on the last.

    Arguments:
        chosen: for each axis, arranged so that together they choose all combinations. drop: axes at one index, which
            are left out of what is read (never the last: units stay an axis).
        lines: directions; None for the units themselves. whole: whether everything is chosen.
    """

    chosen: tuple[np.ndarray, ...]
    drop: tuple[int, ...]
    lines: Along | None
    whole: bool

    @staticmethod
    def of(site: Site, shape: tuple[int, ...]) -> Pick:
        """The numbers of a site in values whose rows have a shape.

        Raises:
            UserError: not one index for each axis, an index that does not exist, or directions of another size.
        """
        indices = site.indices
        if indices == (ALL,):
            indices = (ALL,) * len(shape)
        if len(indices) != len(shape):
            raise UserError(
                f"got {site.text} for rows of shape {shape}, expected {len(shape)} indices, one for each axis"
            )
        lists = [_listed(index, size, site) for index, size in zip(indices, shape, strict=True)]
        lines = site.lines_over(len(lists[-1]) if lists else 0)
        whole = lines is None and all(len(c) == size for c, size in zip(lists, shape, strict=True))
        drop = tuple(axis for axis, index in enumerate(indices[:-1]) if isinstance(index, int))
        return Pick(np.ix_(*lists), drop, lines, whole)

    def read(self, value: Tensor) -> Tensor:
        """The numbers of a value `(n, ...)`, rows in front: `(n, axes that are no single index..., k)`."""
        held = self._held(value)
        if self.lines is not None:
            held = self.lines.read(held)
        return held.reshape([size for axis, size in enumerate(held.shape) if axis - 1 not in self.drop])

    def put(self, value: Tensor, new: Tensor) -> Tensor:
        """A value with its numbers set to `new`, shaped as `read` gives them; what directions do not hold stays as
        it was."""
        if self.whole and not self.drop:
            return new.to(value)
        held = self._held(value)
        width = held.shape[-1] if self.lines is None else len(self.lines.directions)
        new = new.to(value).reshape(*held.shape[:-1], width)
        if self.lines is not None:
            new = self.lines.put(held, new)
        result = value.clone()
        result[self._index()] = new
        return result

    def blend(self, value: Tensor, source: Tensor) -> Tensor:
        """A value with its numbers set to those of another."""
        return source if self.whole else self.put(value, self.read(source))

    def _held(self, value: Tensor) -> Tensor:
        return value if self.whole else value[self._index()]

    def _index(self) -> tuple[slice | Tensor, ...]:
        return (slice(None), *map(torch.from_numpy, self.chosen))


def _listed(index: Index, size: int, site: Site) -> np.ndarray:
    if isinstance(index, Position):
        raise UserError(f"got {site.text[:80]}, expected a number or a span in the place of t")
    if isinstance(index, Span):
        outside = any(end is not None and abs(end) > size for end in (index.start, index.stop))
        found = np.arange(size)[index.slice]
    else:
        numbers = np.array(index if isinstance(index, tuple) else [index])
        outside = bool((numbers < -size).any() or (numbers >= size).any())
        found = numbers % max(size, 1)
    if outside or len(found) == 0 or len(set(found.tolist())) < len(found):
        raise UserError(f"got {site.text[:80]}, expected different indices from 0 to {size - 1}")
    return found
