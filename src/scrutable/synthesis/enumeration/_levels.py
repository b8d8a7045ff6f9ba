"""Every candidate of one cost, in blocks: outer products of two levels of the bank, or lists of pairs when few.

A block is a task until it is computed: tasks read entries of earlier levels only, so that they can be computed in any
order and by several threads. A candidate is counted when its whole value vector has been computed and is handed on to
be looked up, compared and stored. Mirror images of commutative operators are not generated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scrutable.synthesis.enumeration._bank import CONSTANT, OPERATORS, Bank, Decode, Store
from scrutable.synthesis.enumeration._kernels import KERNELS, Kernel, Kind
from scrutable.synthesis.enumeration._layout import pack

BLOCK_BYTES = 2 * 2**20
FEWEST, MOST = 2048, 1 << 16
LISTED = 8192
"""Products of at most this many pairs are gathered into one list, so that small levels cost few calls."""


@dataclass(frozen=True, slots=True)
class Block:
    """Candidates of one operator: their value vectors `(k, width)` and what each was made of."""

    op: int
    gives: Kind
    values: np.ndarray
    decode: Decode


Task = Callable[[], Block | None]
"""Computes a block; None when it turns out to be empty."""
Range = tuple[int, int]
Product = tuple[Range, Range, bool]
"""Two ranges of entries, and whether they are the same and only pairs in order are wanted."""


def blocks(bank: Bank, cost: int) -> Iterator[Block]:
    """The candidates that cost exactly `cost`, operator by operator, computed one block after the other."""
    return (block for task in tasks(bank, cost) if (block := task()) is not None)


def tasks(bank: Bank, cost: int) -> Iterator[Task]:
    """As `blocks`, to be computed by whoever calls them."""
    bank.open(cost)
    for name in bank.grammar.operators:
        kernel, rest = KERNELS[name], cost - bank.price(name)
        if kernel.reals and not bank.layout.reals:
            continue
        if len(kernel.takes) == 1:
            yield from _unary(bank, name, kernel, rest)
        elif len(kernel.takes) == 3:
            yield from _choices(bank, name, kernel, rest)
        elif kernel.divides:
            yield from _divisions(bank, name, kernel, rest)
        else:
            yield from _binary(bank, name, kernel, rest)


def block_size(bank: Bank, kernel: Kernel) -> int:
    """How many candidates fit the block."""
    stores = [bank.store(kind) for kind in kernel.takes]
    width = max(store.width * store.values.itemsize for store in stores)
    return min(MOST, max(FEWEST, BLOCK_BYTES // width))


def _block(name: str, kernel: Kernel, values: np.ndarray, decode: Decode) -> Block:
    if values.dtype == bool:
        values = pack(values)
    return Block(OPERATORS.index(name), kernel.gives, values, decode)


def _unary(bank: Bank, name: str, kernel: Kernel, rest: int) -> Iterator[Task]:
    start, stop = bank.store(kernel.takes[0]).levels.get(rest, (0, 0))
    step = block_size(bank, kernel)
    for low in range(start, stop, step):
        yield partial(_mapped, bank, name, kernel, (low, min(stop, low + step)))


def _mapped(bank: Bank, name: str, kernel: Kernel, part: Range) -> Block:
    values = kernel.compute(bank.store(kernel.takes[0]).values[part[0] : part[1]])
    return _block(name, kernel, values, lambda at: (part[0] + at,))


def _products(left: Store, right: Store, rest: int, kernel: Kernel) -> Iterator[Product]:
    for cost, first in sorted(left.levels.items()):
        second = right.levels.get(rest - cost)
        if second is None or (kernel.commutative and cost > rest - cost):
            continue
        yield first, second, kernel.commutative and 2 * cost == rest


def _binary(bank: Bank, name: str, kernel: Kernel, rest: int) -> Iterator[Task]:
    left, right = (bank.store(kind) for kind in kernel.takes)
    size, listed = block_size(bank, kernel), []
    for first, second, ordered in _products(left, right, rest, kernel):
        if kernel.grows:
            bank.numbers.measure(max(first[1], second[1]))
        if (first[1] - first[0]) * (second[1] - second[0]) <= LISTED:
            listed.append(_pairs(first, second, in_order=ordered))
            continue
        for outer in _outer(first, second, size, in_order=ordered):
            if isinstance(outer, tuple):
                yield partial(_tile, bank, name, kernel, outer)
            else:
                listed.append(outer)
    if listed:
        pairs = np.concatenate(listed)
        for low in range(0, len(pairs), size):
            yield partial(_list, bank, name, kernel, pairs[low : low + size])


def _pairs(first: Range, second: Range, *, in_order: bool) -> np.ndarray:
    """Every pair of entries of two ranges, `(k, 2)`; only those with left <= right if `in_order`."""
    left, right = np.arange(*first, dtype=np.int32), np.arange(*second, dtype=np.int32)
    pairs = np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1)
    return pairs[pairs[:, 0] <= pairs[:, 1]] if in_order else pairs


def _outer(first: Range, second: Range, size: int, *, in_order: bool) -> Iterator[tuple[Range, Range] | np.ndarray]:
    """Tiles of at most about `size` pairs, 64 entries tall, or taller beside a narrow range.

    On the diagonal, where only half a tile is wanted, a list of pairs.
    """
    tall = min(first[1] - first[0], 64 if in_order else max(64, size // (second[1] - second[0])))
    wide = max(1, size // tall)
    for low in range(first[0], first[1], tall):
        rows = (low, min(first[1], low + tall))
        begin = second[0]
        if in_order:
            yield _pairs(rows, rows, in_order=True)
            begin = rows[1]
        for left in range(begin, second[1], wide):
            yield rows, (left, min(second[1], left + wide))


def _tile(bank: Bank, name: str, kernel: Kernel, tile: tuple[Range, Range]) -> Block | None:
    (top, bottom), (low, high) = tile
    left, right = (bank.store(kind) for kind in kernel.takes)
    wide = high - low
    keep = _safe(bank, kernel, left.largest[top:bottom, None], right.largest[None, low:high])
    if keep is not None and not keep.any():
        return None
    values = kernel.compute(left.values[top:bottom, None], right.values[None, low:high])
    values = values.reshape(-1, values.shape[-1])
    if keep is None or keep.all():
        return _block(name, kernel, values, lambda at: (top + at // wide, low + at % wide))
    kept = np.flatnonzero(keep.ravel())
    return _block(name, kernel, values.take(kept, axis=0), lambda at: (top + kept[at] // wide, low + kept[at] % wide))


def _list(bank: Bank, name: str, kernel: Kernel, pairs: np.ndarray) -> Block | None:
    left, right = (bank.store(kind) for kind in kernel.takes)
    keep = _safe(bank, kernel, left.largest[pairs[:, 0]], right.largest[pairs[:, 1]])
    if keep is not None:
        pairs = pairs[keep]
    if not len(pairs):
        return None
    values = kernel.compute(left.values.take(pairs[:, 0], axis=0), right.values.take(pairs[:, 1], axis=0))
    return _block(name, kernel, values, lambda at: (pairs[at, 0], pairs[at, 1]))


def _safe(bank: Bank, kernel: Kernel, left: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """Which products cannot leave the range; None when the operator cannot leave it by far."""
    return left * right <= bank.layout.limit if kernel.grows and not bank.layout.reals else None


def _divisions(bank: Bank, name: str, kernel: Kernel, rest: int) -> Iterator[Task]:
    """Divisors are literals and variables, one at a time: division by a single number is many times faster."""
    store, size = bank.numbers, block_size(bank, kernel)
    for divisor in bank.divisors:
        literal = store.op[divisor] == CONSTANT
        if store.values[divisor, 0] == 0 if literal else bank.grammar.divisors == "numbers":
            continue
        low, high = store.levels.get(rest - int(store.cost[divisor]), (0, 0))
        for begin in range(low, high, size):
            yield partial(_divided, bank, name, kernel, (begin, min(high, begin + size)), divisor)


def _divided(bank: Bank, name: str, kernel: Kernel, part: Range, divisor: int) -> Block:
    store = bank.numbers
    by = store.values[divisor, 0] if store.op[divisor] == CONSTANT else store.values[divisor]
    values = kernel.compute(store.values[part[0] : part[1]], by)
    return _block(name, kernel, values, lambda at: (part[0] + at, divisor))


def _choices(bank: Bank, name: str, kernel: Kernel, rest: int) -> Iterator[Task]:
    """Conditionals: every truth with every pair of different numbers."""
    size = block_size(bank, kernel) // 2
    parts: list[tuple[Range, Range, Range]] = []
    for cost, tests in sorted(bank.truths.levels.items()):
        for first, second, _ in _products(bank.numbers, bank.numbers, rest - cost, kernel):
            parts.append((tests, first, second))
    for place in _spans([_volume(part) for part in parts], size):
        yield partial(_chosen, bank, name, kernel, [(parts[i], begin, end) for i, begin, end in place])


def _volume(part: tuple[Range, ...]) -> int:
    return int(np.prod([stop - start for start, stop in part]))


def _spans(volumes: list[int], size: int) -> Iterator[list[tuple[int, int, int]]]:
    """Cut the concatenation of parts of these volumes into spans of `size`: pieces (part, begin, end)."""
    pieces: list[tuple[int, int, int]] = []
    room = size
    for part, volume in enumerate(volumes):
        begin = 0
        while begin < volume:
            end = min(volume, begin + room)
            pieces.append((part, begin, end))
            room -= end - begin
            begin = end
            if not room:
                yield pieces
                pieces, room = [], size
    if pieces:
        yield pieces


def _triples(part: tuple[Range, Range, Range], begin: int, end: int) -> tuple[np.ndarray, ...]:
    sizes = tuple(stop - start for start, stop in part)
    places = np.unravel_index(np.arange(begin, end), sizes)
    return tuple(place + start for place, (start, _) in zip(places, part, strict=True))


def _chosen(bank: Bank, name: str, kernel: Kernel, pieces: list[tuple[Any, int, int]]) -> Block:
    columns = zip(*(_triples(part, begin, end) for part, begin, end in pieces), strict=True)
    triples = tuple(np.concatenate(column) for column in columns)
    different = triples[1] != triples[2]
    test, yes, no = (each[different] for each in triples)
    lanes = bank.layout.lanes(bank.truths.values.take(test, axis=0))
    numbers = bank.numbers.values
    values = kernel.compute(lanes, numbers.take(yes, axis=0), numbers.take(no, axis=0))
    return _block(name, kernel, values, lambda at: (test[at], yes[at], no[at]))
