"""Every function of at most three literals, packed, to look small answers and good divisors up in."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import final

import numpy as np

from scrutable.synthesis.boolean._node import Node, choice, conjunction, disjunction, literal, parity, variable
from scrutable.synthesis.boolean._space import Space, space

MOST_VARIABLES = 10


@final
class Bank:
    """Functions of up to three different variables: literals, gates of two, gates of gates, choices.

    Arguments:
        words: `(count, 2**n / 64)` uint64, each function packed. sizes: how many literals each has.
        nodes: its formula. Functions and their complements are both there.
    """

    def __init__(self, n: int) -> None:
        where = space(n)
        found: dict[int, Node] = {}
        sizes: list[int] = []
        for size, (rows, node) in _functions(where):
            if rows not in found:
                found[rows] = node
                sizes.append(size)
        self.rows = list(found)
        self.nodes = list(found.values())
        self.sizes = np.array(sizes)
        self.words = np.stack([words(rows, where) for rows in self.rows])
        self.pairs = int(np.searchsorted(self.sizes, 3))

    def matches(self, on: int, off: int, where: Space) -> np.ndarray:
        """Numbers of the functions that are true on `on` and false on `off`, fewest literals first."""
        yes, no = words(on, where), words(off, where)
        fits = ~((self.words & no).any(axis=1))
        places = np.flatnonzero(fits)
        return places[~((~self.words[places] & yes).any(axis=1))]

    def inside(self, on: int, off: int, where: Space, most: int) -> list[int]:
        """Numbers of functions of up to two literals, false on all of `off`, that cover most of `on` for their size."""
        yes, no = words(on, where), words(off, where)
        part = self.words[: self.pairs]
        places = np.flatnonzero(~((part & no).any(axis=1)))
        covered = np.bitwise_count(part[places] & yes).sum(axis=1)
        order = np.argsort(-covered / self.sizes[places], kind="stable")
        return [int(places[place]) for place in order[:most] if covered[place]]


def words(rows: int, where: Space) -> np.ndarray:
    """A set of rows as uint64 words."""
    return np.frombuffer(rows.to_bytes(max(8, where.rows // 8), "little"), dtype=np.uint64)


@lru_cache(maxsize=4)
def bank(n: int) -> Bank:
    """The bank for `n` variables. Cost: about a tenth of a second for ten, once."""
    return Bank(n)


def _functions(where: Space) -> list[tuple[int, tuple[int, Node]]]:
    singles = [(where.ones[k], literal(k, positive=True), (k,)) for k in range(where.n)]
    singles += [(where.zeros[k], literal(k, positive=False), (k,)) for k in range(where.n)]
    pairs = [gate for a, b in combinations(singles, 2) if a[2] != b[2] for gate in _gates(a, b)]
    triples = [gate for a in pairs for b in singles if b[2][0] not in a[2] for gate in _gates(a, b)]
    triples += [each for k in range(where.n) for a, b in combinations(singles, 2) for each in _choices(k, a, b, where)]
    sized = ((1, singles), (2, pairs), (3, triples))
    return [(size, (rows, node)) for size, group in sized for rows, node, _ in group]


Entry = tuple[int, Node, tuple[int, ...]]


def _gates(a: Entry, b: Entry) -> list[Entry]:
    both = (*a[2], *b[2])
    return [
        (a[0] & b[0], conjunction((a[1], b[1])), both),
        (a[0] | b[0], disjunction((a[1], b[1])), both),
        (a[0] ^ b[0], parity((a[1], b[1])), both),
    ]


def _choices(k: int, a: Entry, b: Entry, where: Space) -> list[Entry]:
    if a[2] == b[2] or k in (*a[2], *b[2]):
        return []
    yes, no = where.ones[k], where.zeros[k]
    return [
        (yes & a[0] | no & b[0], choice(variable(k), a[1], b[1]), (k, *a[2], *b[2])),
        (yes & b[0] | no & a[0], choice(variable(k), b[1], a[1]), (k, *a[2], *b[2])),
    ]
