"""Covering examples with partial solutions: pools of entries that are right somewhere, and the cheapest unions.

Several operators ask the same question. `or` joins conditions that are never true where the target is false, `and` ones
that are never false where it is true, `max` numbers that are never too large, `min` ones never too small; the join is
right when every example is covered by some part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POOL = 1024
_BEAMS: dict[int, tuple[int, ...]] = {2: (), 3: (64,), 4: (12, 24)}
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Pool:
    """Partial solutions, cheapest first: packed masks of the examples covered `(k, words)`, entries and costs."""

    masks: np.ndarray
    entries: np.ndarray
    costs: np.ndarray

    @staticmethod
    def empty(words: int) -> Pool:
        """Nothing yet."""
        return Pool(np.empty((0, words), dtype=np.uint64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def joined(self, masks: np.ndarray, entries: np.ndarray, costs: np.ndarray) -> Pool:
        """With more entries: the cheapest for each mask, at most `POOL`, half by cost and half by cover for cost."""
        some = masks.any(axis=1)
        masks = np.concatenate([self.masks, masks[some]])
        entries = np.concatenate([self.entries, entries[some]])
        costs = np.concatenate([self.costs, costs[some]])
        order = np.argsort(costs, kind="stable")
        _, first = np.unique(masks[order], axis=0, return_index=True)
        order = order[np.sort(first)]
        return Pool(masks[order], entries[order], costs[order]).best(POOL)

    def best(self, count: int) -> Pool:
        """At most `count` of them, half by cost and half by cover for cost."""
        if len(self.costs) <= count:
            return self
        worth = np.bitwise_count(self.masks).sum(axis=1) / self.costs
        worthy = np.argsort(-worth, kind="stable")[: count // 2]
        keep = np.unique(np.concatenate([np.arange(count // 2), worthy]))
        return Pool(self.masks[keep], self.entries[keep], self.costs[keep])


def within(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which sets of `left` lie inside which sets of `right`: packed `(i, words)` and `(j, words)` give `(i, j)`."""
    outside = ~right
    result = (left[:, None, 0] & outside[None, :, 0]) == 0
    for word in range(1, left.shape[1]):
        result &= (left[:, None, word] & outside[None, :, word]) == 0
    return result


def covers(pool: Pool, full: np.ndarray, *, join_cost: int, most: int = 3) -> list[tuple[int, tuple[int, ...]]]:
    """The cheapest sets of 2 to `most` entries that together cover `full`: (cost with joins, entries)."""
    found: list[tuple[int, tuple[int, ...]]] = []
    for size in range(2, most + 1):
        for places in _cover(pool, full, size, _BEAMS[size]):
            cost = int(pool.costs[list(places)].sum()) + join_cost * (size - 1)
            found.append((cost, tuple(int(pool.entries[i]) for i in places)))
        if found:
            break
    return sorted(set(found))[:_KEPT]


def _cover(pool: Pool, rest: np.ndarray, size: int, beams: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every cover contains an entry for the example that fewest entries cover: branch on those."""
    anchors = _covering_hardest(pool, rest)
    if size == 2:
        return _pairs(pool, rest, anchors)
    found = []
    for anchor in anchors[: beams[0]].tolist():
        left = rest & ~pool.masks[anchor]
        found += [(anchor, *others) for others in _cover(pool, left, size - 1, beams[1:])]
    return sorted(found, key=lambda places: int(pool.costs[list(places)].sum()))[:_KEPT]


def _covering_hardest(pool: Pool, rest: np.ndarray) -> np.ndarray:
    bits = np.unpackbits((pool.masks & rest).view(np.uint8), axis=1, bitorder="little")
    wanted = np.unpackbits(rest.view(np.uint8), bitorder="little").astype(bool)
    counts = np.where(wanted, bits.sum(axis=0, dtype=np.int64), np.iinfo(np.int64).max)
    return np.flatnonzero(bits[:, int(counts.argmin())]) if wanted.any() else np.arange(len(pool.entries))


def _pairs(pool: Pool, rest: np.ndarray, anchors: np.ndarray) -> list[tuple[int, ...]]:
    missing = rest & ~pool.masks[anchors]
    full = within(missing, pool.masks)
    has = np.flatnonzero(full.any(axis=1))
    partner = full[has].argmax(axis=1)  # pools are in order of cost: the first that fits is the cheapest
    costs = pool.costs[anchors[has]] + pool.costs[partner]
    best = np.argsort(costs, kind="stable")[:_KEPT]
    return [(int(anchors[has[i]]), int(partner[i])) for i in best]
