"""Inputs that requests are about, each distinct one once, and a cache of values computed for them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.network._runner import in_chunks
from scrutable.network.engine._graph import INPUT, Graph
from scrutable.network.engine._node import Rows

KNOWN = 8


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Distinct inputs, in the order in which they first appear.

    Arguments:
        x: in the shape that the module takes. n: how many there are.
        given: the rows that were given, `(N, bytes)`. index: `(N,)`: which distinct one each is.
        key: a hash of their values: equal pools share what was computed for them.
    """

    x: Tensor
    n: int
    given: np.ndarray
    index: np.ndarray
    key: bytes

    @property
    def whole(self) -> Tensor | None:
        """For each row that was given, which distinct one it is; None where all are distinct."""
        return None if len(self.index) == self.n else torch.from_numpy(self.index).to(self.x.device)

    @staticmethod
    def of(x: Tensor, rows: Rows, known: OrderedDict[bytes, Pool]) -> Pool:
        """The pool of some rows.

        Arguments:
            rows: where they are in x. known: the last pools, found again by their hashes.
        """
        given = np.ascontiguousarray(rows.first(x.detach()).flatten(1).cpu().numpy()).view(np.uint8)
        last = next(reversed(known.values()), None)
        if last is not None and last.x.dtype == x.dtype and np.array_equal(last.given, given):
            return last  # faster than a hash
        key = hashlib.blake2b(given.data, key=str((x.dtype, given.shape)).encode()).digest()
        if key not in known:
            known[key] = _distinct(x, rows, given.copy(), key)
            if len(known) > KNOWN:
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key]


def _distinct(x: Tensor, rows: Rows, given: np.ndarray, key: bytes) -> Pool:
    seen: dict[bytes, int] = {}
    index = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in given])
    if len(seen) == len(given):
        return Pool(x.detach().clone(), len(given), given, index, key)
    firsts = torch.from_numpy(np.unique(index, return_index=True)[1]).to(x.device)
    return Pool(rows.take(x.detach(), firsts), len(seen), given, index, key)


@final
class Bank:
    """Values of nodes for whole pools; pools that were used least recently are dropped first when there are too many.

    Arguments:
        limit: bytes to hold at most. Values that alone take more are computed whenever they are wanted.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._shelves: OrderedDict[tuple[int, bytes], dict[str, Tensor]] = OrderedDict()

    @property
    def used(self) -> int:
        """Bytes held."""
        return sum(v.numel() * v.element_size() for shelf in self._shelves.values() for v in shelf.values())

    def take(
        self, graph: Graph, pool: Pool, names: Iterable[str], index: Tensor | None, *, at_once: int
    ) -> dict[str, Tensor]:
        """Values of nodes for some distinct inputs of a pool (None: all, in order), computed where they are missing.

        Arguments:
            index: `(m,)`. at_once: how many rows to run at once.
        """
        names, shelf = list(names), self._shelf(graph, pool)
        missing = [name for name in names if name not in shelf]
        if not missing:
            return _chosen(graph, {name: shelf[name] for name in names}, index)
        size = pool.n * sum(graph.node(name).bytes for name in missing)
        if size > self.limit and index is not None:
            used, back = torch.unique(index, return_inverse=True)
            fresh = _computed(graph, _chosen(graph, {INPUT: pool.x, **shelf}, used), missing, len(used), at_once)
            return {**_chosen(graph, {n: shelf[n] for n in names if n in shelf}, index), **_chosen(graph, fresh, back)}
        fresh = _computed(graph, {INPUT: pool.x, **shelf}, missing, pool.n, at_once)
        if size <= self.limit:
            shelf.update(fresh)
            self._drop_oldest()
        return _chosen(graph, {name: fresh.get(name, shelf.get(name)) for name in names}, index)  # type: ignore[arg-type]

    def clear(self) -> None:
        """Forget everything."""
        self._shelves.clear()

    def _shelf(self, graph: Graph, pool: Pool) -> dict[str, Tensor]:
        key = (id(graph), pool.key)
        self._shelves.setdefault(key, {})
        self._shelves.move_to_end(key)
        return self._shelves[key]

    def _drop_oldest(self) -> None:
        while self.used > self.limit and self._shelves:
            self._shelves.popitem(last=False)


def _computed(graph: Graph, given: dict[str, Tensor], wanted: list[str], n: int, at_once: int) -> dict[str, Tensor]:
    """Values of n rows from others of the same rows, in chunks that fit into memory."""

    def run(rows: slice) -> dict[str, Tensor]:
        whole = rows == slice(0, n)
        index = None if whole else torch.arange(rows.start, rows.stop, device=given[INPUT].device)
        return graph.evaluate(wanted, _chosen(graph, given, index))

    with torch.no_grad():
        chunks = in_chunks(n, at_once, run)
    return {name: graph.rows(name).join([chunk[name] for chunk in chunks]) for name in wanted}


def _chosen(graph: Graph, values: dict[str, Tensor], index: Tensor | None) -> dict[str, Tensor]:
    if index is None:
        return values
    return {name: graph.rows(name).take(value, index) for name, value in values.items()}
