"""An open-addressing hash table from 64-bit codes to integers, filled and read a block at a time."""

from __future__ import annotations

import numpy as np

SMALLEST, LARGE = 1 << 14, 1 << 22
EMPTY = -1


def mixed(codes: np.ndarray) -> np.ndarray:
    """Every bit of each 64-bit code spread over all 64.

    The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, 2014).
    """
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))


class Table:
    """Codes already seen, each with the number of its owner. Linear probing, at most half full.

    The code 0 marks a free place, so that one gather settles most look-ups; a real code of 0 is taken as 1.
    """

    def __init__(self) -> None:
        self._codes = np.zeros(SMALLEST, dtype=np.uint64)
        self._owners = np.full(SMALLEST, EMPTY, dtype=np.int32)
        self._count = 0

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return self._codes.nbytes + self._owners.nbytes

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The owner of each code, -1 where nobody owns it. Shape `(k,)`, int32."""
        codes = _real(codes)
        slot = self._home(codes)
        there = self._codes.take(slot)
        hit = there == codes
        active = np.flatnonzero((there != 0) & ~hit)
        mask = len(self._owners) - 1
        while active.size:
            slot[active] = (slot[active] + 1) & mask
            there = self._codes.take(slot[active])
            same = there == codes[active]
            hit[active[same]] = True
            active = active[(there != 0) & ~same]
        owner = np.full(len(codes), EMPTY, dtype=np.int32)
        places = np.flatnonzero(hit)
        owner[places] = self._owners.take(slot[places])
        return owner

    def claim(self, codes: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Give each new code an owner, counting from `first`.

        Of equal codes the earliest owns; owners are consecutive in the order of the codes that got one.

        Returns:
            The owner of every code, and the places of the codes that became owners.
        """
        self._reserve(len(codes))
        slot = self._settle(_real(codes), np.arange(len(codes), dtype=np.int32) + np.int32(first))
        provisional = self._owners[slot]
        winners = np.flatnonzero(provisional == np.arange(len(codes)) + first)
        final = np.empty(len(codes), dtype=np.int32)
        final[winners] = first + np.arange(len(winners), dtype=np.int32)
        old = provisional < first
        owner = np.where(old, provisional, final[np.where(old, 0, provisional - first)])
        self._owners[slot[winners]] = final[winners]
        self._count += len(winners)
        return owner, winners

    def _home(self, codes: np.ndarray) -> np.ndarray:
        return (codes & np.uint64(len(self._owners) - 1)).view(np.int64)

    def _settle(self, codes: np.ndarray, owners: np.ndarray) -> np.ndarray:
        """Write codes that are not there yet and return the slot where each code now stands."""
        slot, active = self._home(codes), np.arange(len(codes))
        mask = len(self._owners) - 1
        while active.size:
            here = slot[active]
            free = active[self._codes[here] == 0][::-1]  # reversed: the earliest writes last and stays
            self._codes[slot[free]] = codes[free]
            self._owners[slot[free]] = owners[free]
            active = active[self._codes[here] != codes[active]]
            slot[active] = (slot[active] + 1) & mask
        return slot

    def _reserve(self, more: int) -> None:
        size = len(self._owners)
        while 2 * (self._count + more) > size:
            size *= 4 if size < LARGE else 2
        if size == len(self._owners):
            return
        used = np.flatnonzero(self._codes)
        codes, owners = self._codes[used], self._owners[used]
        self._codes = np.zeros(size, dtype=np.uint64)
        self._owners = np.full(size, EMPTY, dtype=np.int32)
        self._settle(codes, owners)


def _real(codes: np.ndarray) -> np.ndarray:
    return np.maximum(codes, np.uint64(1))
