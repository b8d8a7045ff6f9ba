"""An open-addressing hash table from 64-bit codes to integers, filled and read a block at a time."""

from __future__ import annotations

import numpy as np

SMALLEST, LARGE = 1 << 14, 1 << 22
CHUNK = 1 << 14
"""Where many entries move, so many at a time do: their temporary arrays then use the same memory again."""
EMPTY = -1
_HALF = np.uint64(32)
_KEY = np.uint64(1 << 32)
_OWNER = np.uint64((1 << 32) - 1)


def mixed(codes: np.ndarray) -> np.ndarray:
    """Every bit of each 64-bit code spread over all 64.

    The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, 2014).
    """
    codes = codes ^ (codes >> np.uint64(30))
    codes *= np.uint64(0xBF58476D1CE4E5B9)
    codes ^= codes >> np.uint64(27)
    codes *= np.uint64(0x94D049BB133111EB)
    codes ^= codes >> np.uint64(31)
    return codes


class Table:
    """Keys already seen, each with the number of its owner. Open addressing, at most half full.

    The key of a code is its lower half: whoever asks compares what the codes stand for anyway, and a place is then one
    64-bit word, the key above the number of the owner plus one. 0 is a free place. The table is read at random, so that
    its size is its speed. Steps between places grow by one (triangular probing), which visits every place and leaves
    few keys far from home.
    """

    def __init__(self) -> None:
        self._places = np.zeros(SMALLEST, dtype=np.uint64)
        self._count = 0

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return self._places.nbytes

    def __len__(self) -> int:
        """How many keys there are."""
        return self._count

    def clear(self) -> None:
        """Forget every key; the room for them stays."""
        self._places.fill(0)
        self._count = 0

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The owner of the key of each code, -1 where nobody owns it. Shape `(k,)`, int64."""
        keys = codes << _HALF
        place, mask, step = self._home(keys), len(self._places) - 1, 0
        there = self._places.take(place)
        active = _others(there, keys)
        while active.size:
            step += 1
            place[active] = further = (place[active] + step) & mask
            there[active] = found = self._places.take(further)
            active = active[_others(found, keys[active])]
        return _owners(there)

    def claim(self, codes: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Give each new key an owner, counting from `first`.

        Of equal keys the earliest owns; owners are consecutive in the order of the codes that got one.

        Returns:
            The owner of every code, and the places of the codes that became owners.
        """
        self._reserve(len(codes))
        mine = np.arange(first, first + len(codes))
        words = _words(codes, mine)
        there, place = self._put(words)
        owner = _owners(there)
        (winners,) = (owner == mine).nonzero()
        if len(winners) < len(codes):
            final = np.empty(len(codes), dtype=np.int64)
            final[winners] = mine[: len(winners)]
            (late,) = (owner >= first).nonzero()
            owner[late] = final[owner[late] - first]
            self._places[place[winners]] = _words(codes[winners], mine[: len(winners)])
        self._count += len(winners)
        return owner, winners

    def give(self, codes: np.ndarray, owners: np.ndarray) -> np.ndarray:
        """Enter codes with these owners; the places of those whose key has another owner already."""
        self._reserve(len(codes))
        refused = [np.empty(0, dtype=np.int64)]
        for low in range(0, len(codes), CHUNK):
            words = _words(codes[low : low + CHUNK], owners[low : low + CHUNK])
            refused.append(low + np.flatnonzero(self._put(words)[0] != words))
        late = np.concatenate(refused)
        self._count += len(codes) - len(late)
        return late

    def _home(self, words: np.ndarray) -> np.ndarray:
        return ((words >> _HALF) & np.uint64(len(self._places) - 1)).view(np.int64)

    def _put(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Write the words whose keys are not there yet; the word that now has each key, and where it stands."""
        place, mask, step = self._home(words), len(self._places) - 1, 0
        there = self._written(place, words)
        active = _others(there, words)
        while active.size:
            step += 1
            place[active] = further = (place[active] + step) & mask
            there[active] = found = self._written(further, words[active])
            active = active[_others(found, words[active])]
        return there, place

    def _written(self, place: np.ndarray, words: np.ndarray) -> np.ndarray:
        """What stands at some places after each word has been written where its place was free."""
        there = self._places.take(place)
        (free,) = (there == 0).nonzero()
        if free.size:
            last = free[::-1]  # the earliest writes last and stays
            self._places[place[last]] = words[last]
            there[free] = self._places.take(place[free])
        return there

    def _reserve(self, more: int) -> None:
        size = len(self._places)
        while 2 * (self._count + more) > size:
            size *= 4 if size < LARGE else 2
        if size > len(self._places):
            words = self._places[self._places != 0]
            self._places = np.zeros(size, dtype=np.uint64)
            for low in range(0, len(words), CHUNK):
                self._put(words[low : low + CHUNK])


def _words(codes: np.ndarray, owners: np.ndarray) -> np.ndarray:
    return (codes << _HALF) | (owners + 1).view(np.uint64)


def _owners(words: np.ndarray) -> np.ndarray:
    return (words & _OWNER).view(np.int64) - 1


def _others(there: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Which places have been taken by another key than that of the word."""
    return np.flatnonzero(((there ^ words) >= _KEY) & (there != 0))
