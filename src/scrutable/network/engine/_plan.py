"""Many requests as a few index arrays: those that change the same values run together, equal ones once."""

from __future__ import annotations

import math
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

LARGEST = 2**62


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
    """A value that is changed in every request of a group: for each, the input to take it from and which pick.

    Arguments:
        used: the picks that there are.
    """

    name: str
    sources: np.ndarray
    picks: np.ndarray
    used: frozenset[int]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Different requests that change the same values.

    Arguments:
        bases: `(k,)`, for each request the input to run. places: `(m,)`, where results go among all requests asked
            for, and which: `(m,)`, the request that gives each; None where they are all different.
    """

    bases: np.ndarray
    columns: tuple[Column, ...]
    places: np.ndarray
    which: np.ndarray | None

    def some(self, rows: slice) -> Group:
        """Some of its requests."""
        columns = tuple(Column(c.name, c.sources[rows], c.picks[rows], c.used) for c in self.columns)
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
    once, which = _different(table[:, 1:])
    columns = tuple(
        Column(name, once[:, 1 + 2 * at], once[:, 2 + 2 * at], frozenset(table[:, 3 + 2 * at].tolist()))
        for at, name in enumerate(names)
    )
    return Group(once[:, 0], columns, table[:, 0], which)


def _different(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The different rows, and which of them each is: rows as they are, and None, where all are different."""
    if len(rows) == 1:
        return rows, None
    sizes = (rows.max(0) + 1).tolist()
    codes = np.ravel_multi_index(tuple(rows.T), sizes) if math.prod(sizes) < LARGEST else rows
    _, first, which = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    return (rows, None) if len(first) == len(rows) else (rows[first], which.reshape(-1))


def in_order(groups: Sequence[Group], outputs: Sequence[Tensor]) -> Tensor:
    """The results of all requests, in the order in which they were asked for.

    Arguments:
        outputs: of each group, `(k, ...)`.
    """
    if len(groups) == 1 and groups[0].which is None:
        return outputs[0]
    order, start = np.empty(sum(len(group.places) for group in groups), dtype=np.int64), 0
    for group, found in zip(groups, outputs, strict=True):
        order[group.places] = start + (np.arange(len(found)) if group.which is None else group.which)
        start += len(found)
    return joined(outputs).index_select(0, torch.from_numpy(order).to(outputs[0].device))


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Rows of several, one after the other."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def _positions(given: np.ndarray | int, n: int) -> np.ndarray:
    positions = np.atleast_1d(np.asarray(given))
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise UserError(f"got positions of shape {positions.shape} and type {positions.dtype}, expected whole numbers")
    if ((positions < 0) | (positions >= n)).any():
        raise UserError(f"got positions from {positions.min()} to {positions.max()}, expected 0 to {n - 1}")
    return positions


def blended(value: Tensor, source: Tensor, rows: Rows, picks: Sequence[Pick], column: Column) -> Tensor:
    """A value with, in each row, the numbers of one pick, that of the column, set to those of another value."""
    old, new = rows.first(value), rows.first(source)
    if len(column.used) == 1:
        return rows.back(picks[min(column.used)].blend(old, new))
    result = old.clone()
    for pick in column.used:
        at = torch.from_numpy(np.flatnonzero(column.picks == pick)).to(value.device)
        result[at] = picks[pick].blend(old[at], new[at])
    return rows.back(result)
