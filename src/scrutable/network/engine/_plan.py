"""Many requests as a few index arrays: those that change the same values run together, equal ones once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._site import Site
from scrutable.network.engine._node import Rows
from scrutable.network.engine._pick import Pick


@final
@dataclass(frozen=True, slots=True, eq=False)
class Swap:
    """Interchange interventions: inputs, run with sites set to what they are for other inputs.

    Arguments:
        base: positions among the inputs of the inputs to run, `(m,)`, or one.
        sources: for each site, positions of the inputs to take its value from, `(m,)`, or one for all.
    """

    base: np.ndarray | int
    sources: Mapping[str | Site, np.ndarray | int]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A value that is changed in every request of a group: for each, the input to take it from and which pick."""

    name: str
    sources: np.ndarray
    picks: np.ndarray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Different requests that change the same values.

    Arguments:
        bases: `(k,)`, for each request the input to run. places: `(m,)`, where results go among all requests asked
            for, and which: `(m,)`, the request that gives each.
    """

    bases: np.ndarray
    columns: tuple[Column, ...]
    places: np.ndarray
    which: np.ndarray

    def some(self, rows: slice) -> Group:
        """Some of its requests."""
        columns = tuple(Column(c.name, c.sources[rows], c.picks[rows]) for c in self.columns)
        return Group(self.bases[rows], columns, self.places, self.which)


def plan(swaps: Sequence[Swap], index: np.ndarray, resolve: Callable[[str | Site], tuple[str, int]]) -> list[Group]:
    """Requests sorted into groups.

    Arguments:
        index: for each input, which distinct one it is. resolve: the value that a site is part of, and which pick.

    Raises:
        UserError: positions that do not exist, or numbers of them that do not fit.
    """
    blocks: dict[tuple[str, ...], list[np.ndarray]] = {}
    start = 0
    for swap in swaps:
        sites = sorted((*resolve(site), positions) for site, positions in swap.sources.items())
        base = _positions(swap.base, len(index))
        block = np.empty((len(base), 2 + 2 * len(sites)), dtype=np.int64)
        block[:, 0], block[:, 1] = np.arange(start, start + len(base)), index[base]
        for at, (_, pick, positions) in enumerate(sites):
            sources = _positions(positions, len(index))
            if len(sources) not in (1, len(base)):
                raise UserError(f"got {len(sources)} sources for {len(base)} bases, expected one for each, or one")
            block[:, 2 + 2 * at], block[:, 3 + 2 * at] = index[sources], pick
        blocks.setdefault(tuple(name for name, _, _ in sites), []).append(block)
        start += len(base)
    return [_group(names, np.concatenate(parts)) for names, parts in blocks.items()]


def _group(names: tuple[str, ...], table: np.ndarray) -> Group:
    once, which = np.unique(table[:, 1:], axis=0, return_inverse=True)
    columns = tuple(Column(name, once[:, 1 + 2 * at], once[:, 2 + 2 * at]) for at, name in enumerate(names))
    return Group(once[:, 0], columns, table[:, 0], which.reshape(-1))


def _positions(given: np.ndarray | int, n: int) -> np.ndarray:
    positions = np.atleast_1d(np.asarray(given))
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise UserError(f"got positions of shape {positions.shape} and type {positions.dtype}, expected whole numbers")
    if len(positions) and (positions.min() < 0 or positions.max() >= n):
        raise UserError(f"got positions from {positions.min()} to {positions.max()}, expected 0 to {n - 1}")
    return positions


def blended(value: Tensor, source: Tensor, rows: Rows, picks: Sequence[Pick], which: np.ndarray) -> Tensor:
    """A value with, in each row, the numbers of one pick set to those of another value.

    Arguments:
        which: `(n,)`: the pick of each row.
    """
    old, new = rows.first(value), rows.first(source)
    used = np.unique(which)
    if len(used) == 1:
        return rows.back(picks[used[0]].blend(old, new))
    result = old.clone()
    for pick in used:
        at = torch.from_numpy(np.flatnonzero(which == pick)).to(value.device)
        result[at] = picks[pick].blend(old[at], new[at])
    return rows.back(result)
