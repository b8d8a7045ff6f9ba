"""The fewest literals of a two-level form (DNF or CNF) of a small Boolean function: prime implicants and a cover.

Reference: W. V. Quine, The problem of simplifying truth functions (1952); E. J. McCluskey, Minimization of Boolean
functions (1956).
"""

from __future__ import annotations

import numpy as np

LARGEST = 6
NODES = 20_000

Cube = tuple[int, int]
"""Which inputs are read (a bit for each), and the values they must have."""


def fewest_literals(truth: np.ndarray) -> int | None:
    """The literals of the shortest DNF or CNF of a truth table `(2**n,)`; None above six inputs.

    The cover is searched for by branch and bound with a limit of 20,000 nodes, so that for hard tables this is an upper
    bound. A constant has none.
    """
    truth = np.asarray(truth, bool)
    if len(truth) > 2**LARGEST:
        return None
    return min(_cover(truth), _cover(~truth))


def primes(truth: np.ndarray) -> list[Cube]:
    """The prime implicants of a truth table `(2**n,)`."""
    n = len(truth).bit_length() - 1
    level: set[Cube] = {(2**n - 1, int(row)) for row in np.flatnonzero(truth)}
    found: list[Cube] = []
    while level:
        merged: set[Cube] = set()
        higher: set[Cube] = set()
        for reads, values in level:
            for i in range(n):
                other = (reads, values ^ (1 << i))
                if reads >> i & 1 and other in level:
                    higher.add((reads & ~(1 << i), values & ~(1 << i)))
                    merged.add((reads, values))
        found += sorted(level - merged)
        level = higher
    return found


def _cover(truth: np.ndarray) -> int:
    rows = np.arange(len(truth))
    cubes = primes(truth)
    masks = [sum(1 << int(row) for row in np.flatnonzero((rows & reads) == values)) for reads, values in cubes]
    costs = [reads.bit_count() for reads, _ in cubes]
    return _Cover(masks, costs).least(sum(1 << int(row) for row in np.flatnonzero(truth)))


class _Cover:
    """The cheapest choice of masks that together have every wanted bit."""

    def __init__(self, masks: list[int], costs: list[int]) -> None:
        self._pairs = sorted(zip(masks, costs, strict=True), key=lambda pair: (pair[1], -pair[0].bit_count()))
        self._nodes = 0
        self._best = 0

    def least(self, wanted: int) -> int:
        self._best = self._greedy(wanted)
        self._search(wanted, 0)
        return self._best

    def _greedy(self, left: int) -> int:
        total = 0
        while left:
            mask, cost = min(self._pairs, key=lambda pair: pair[1] / max((pair[0] & left).bit_count(), 1e-9))
            left, total = left & ~mask, total + cost
        return total

    def _search(self, left: int, spent: int) -> None:
        if not left:
            self._best = min(self._best, spent)
            return
        self._nodes += 1
        if self._nodes > NODES:
            return
        hardest = min(_bits(left), key=lambda bit: sum(1 for mask, _ in self._pairs if mask & bit))
        for mask, cost in self._pairs:
            if mask & hardest and spent + cost < self._best:
                self._search(left & ~mask, spent + cost)


def _bits(mask: int) -> list[int]:
    return [1 << i for i in range(mask.bit_length()) if mask >> i & 1]
