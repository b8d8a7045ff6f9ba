"""An open-addressing hash table from 64-bit codes to integers, filled and read a block at a time."""

from __future__ import annotations

import numpy as np

SMALLEST, LARGE = 1 << 14, 1 << 22
EMPTY = -1
_PLACE = np.dtype(np.complex128)


def mixed(codes: np.ndarray) -> np.ndarray:
    """Every bit of each 64-bit code spread over all 64.

    The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, 2014).
    """
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))


class Table:
    """Codes already seen, each with the number of its owner. Open addressing, at most half full.

    A place holds a code and its owner side by side, so that one gather reads both and one scatter writes both: NumPy
    moves the 16 bytes of a place as one complex number. Steps between places grow by one (triangular probing), which
    visits every place and leaves few codes far from home. The code 0 marks a free place; a real code of 0 is taken
    as 1.
    """

    def __init__(self, expected: int = 0) -> None:
        self._places = np.zeros(SMALLEST, dtype=_PLACE)
        self._count = 0
        self._reserve(expected)

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return self._places.nbytes

    def __len__(self) -> int:
        """How many codes there are."""
        return self._count

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The owner of each code, -1 where nobody owns it. Shape `(k,)`, int64."""
        codes = _real(codes)
        place, mask, step = self._home(codes), len(self._places) - 1, 0
        there, owners = self._read(place)
        hit = there == codes
        owner = np.where(hit, owners, EMPTY)
        (active,) = ((there != 0) != hit).nonzero()
        place, codes = place[active], codes[active]
        while active.size:
            step += 1
            place = (place + step) & mask
            there, owners = self._read(place)
            hit = there == codes
            owner[active[hit]] = owners[hit]
            (more,) = ((there != 0) != hit).nonzero()
            active, place, codes = active[more], place[more], codes[more]
        return owner

    def claim(self, codes: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Give each new code an owner, counting from `first`.

        Of equal codes the earliest owns; owners are consecutive in the order of the codes that got one.

        Returns:
            The owner of every code, and the places of the codes that became owners.
        """
        self._reserve(len(codes))
        mine = np.arange(first, first + len(codes))
        owner, place = self._put(_real(codes), mine)
        (winners,) = (owner == mine).nonzero()
        if len(winners) < len(codes):
            final = np.empty(len(codes), dtype=np.int64)
            final[winners] = mine[: len(winners)]
            (late,) = (owner >= first).nonzero()
            owner[late] = final[owner[late] - first]
            self._places.view(np.int64)[2 * place[winners] + 1] = mine[: len(winners)]
        self._count += len(winners)
        return owner, winners

    def give(self, codes: np.ndarray, owners: np.ndarray) -> np.ndarray:
        """Enter codes with these owners; the places of those whose code has another owner already."""
        self._reserve(len(codes))
        owner, _ = self._put(_real(codes), owners)
        (refused,) = (owner != owners).nonzero()
        self._count += len(codes) - len(refused)
        return refused

    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Every code, and its owner, in no particular order."""
        codes, owners = self._read(self._places.view(np.uint64)[::2].nonzero()[0])
        return codes.copy(), owners.copy()

    def _home(self, codes: np.ndarray) -> np.ndarray:
        return (codes & np.uint64(len(self._places) - 1)).view(np.int64)

    def _read(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The codes and the owners at some places."""
        words = self._places.take(place).view(np.uint64)
        return words[::2], words[1::2].view(np.int64)

    def _put(self, codes: np.ndarray, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Write codes that are not there yet; return whose each code now is, and where it stands."""
        entries = np.empty((len(codes), 2), dtype=np.uint64)
        entries[:, 0], entries[:, 1] = codes, owners
        place, mask, step = self._home(codes), len(self._places) - 1, 0
        there, owner = self._written(place, entries)
        owner, final = owner.copy(), place
        (active,) = (there != codes).nonzero()
        place = place[active]
        while active.size:
            step += 1
            place = (place + step) & mask
            there, owns = self._written(place, entries[active])
            hit = there == codes[active]
            owner[active[hit]], final[active[hit]] = owns[hit], place[hit]
            (more,) = (~hit).nonzero()
            active, place = active[more], place[more]
        return owner, final

    def _written(self, place: np.ndarray, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The codes and owners at some places after each entry `(k, 2)` has been written where its place was free."""
        there, owns = self._read(place)
        (free,) = (there == 0).nonzero()
        if free.size:
            last = free[::-1]  # the earliest writes last and stays
            self._places[place[last]] = entries.view(_PLACE)[last, 0]
            there[free], owns[free] = self._read(place[free])
        return there, owns

    def _reserve(self, more: int) -> None:
        size = len(self._places)
        while 2 * (self._count + more) > size:
            size *= 4 if size < LARGE else 2
        if size > len(self._places):
            codes, owners = self.entries()
            self._places = np.zeros(size, dtype=_PLACE)
            self._put(codes, owners)


def _real(codes: np.ndarray) -> np.ndarray:
    return np.maximum(codes, np.uint64(1))
