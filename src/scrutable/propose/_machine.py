"""Mealy machines on numbered states and symbols, and how much a finite horizon says about them.

Nothing here knows where a machine came from.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Machine:
    """A Mealy machine. State 0 is where every word begins.

    Arguments:
        next: the state after a symbol, `(states, symbols)`.
        output: the answer given while consuming a symbol, as a code, `(states, symbols)`.
    """

    next: np.ndarray
    output: np.ndarray

    @property
    def states(self) -> int:
        """How many states there are."""
        return self.next.shape[0]

    @property
    def symbols(self) -> int:
        """How many symbols there are."""
        return self.next.shape[1]

    def run(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after each symbol and answers to each symbol, both `(n, length)`, for words of that shape."""
        states = np.zeros(words.shape, dtype=np.int64)
        codes = np.zeros(words.shape, dtype=np.int64)
        now = np.zeros(len(words), dtype=np.int64)
        for t in range(words.shape[1]):
            codes[:, t] = self.output[now, words[:, t]]
            now = self.next[now, words[:, t]]
            states[:, t] = now
        return states, codes

    @cached_property
    def levels(self) -> np.ndarray:
        """The length of the shortest word that leads to each state, -1 if none does, `(states,)`."""
        levels = np.full(self.states, -1)
        levels[0] = 0
        queue = deque([0])
        while queue:
            state = queue.popleft()
            for after in self.next[state]:
                if levels[after] < 0:
                    levels[after] = levels[state] + 1
                    queue.append(int(after))
        return levels

    @cached_property
    def distances(self) -> np.ndarray:
        """The length of the shortest word that tells two states apart, `(states, states)`; 0 if none does."""
        block = np.unique(self.output, axis=0, return_inverse=True)[1].reshape(-1)
        found = np.where(block[:, None] != block[None, :], 1, 0)
        for depth in range(2, self.states + 1):
            finer = _refined(block, self.next)
            found[(found == 0) & (finer[:, None] != finer[None, :])] = depth
            if finer.max() == block.max():
                break
            block = finer
        return found

    @property
    def horizon(self) -> int:
        """The length of words that is just enough to see that no state can be spared.

        Two states differ within words of length l when the longer of their access words, followed by the word that
        tells them apart, fits in l (the dissimilarity of cover automata: Campeanu, Paun and Yu, "An efficient
        algorithm for constructing minimal cover automata for finite languages", 2002).
        """
        if self.states == 1:
            return 1
        access = np.maximum(self.levels[:, None], self.levels[None, :])
        apart = ~np.eye(self.states, dtype=bool)
        return int((access + self.distances)[apart].max())


def _refined(block: np.ndarray, following: np.ndarray) -> np.ndarray:
    """One round of Moore's refinement: same block, and same blocks after every symbol."""
    keys = np.concatenate([block[:, None], block[following]], axis=1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def minimised(machine: Machine) -> Machine:
    """The smallest machine with the same answers; states numbered in breadth-first order from the initial one.

    Moore's partition refinement: O(symbols * states^2) at worst, ample for the sizes met here.
    """
    block = np.unique(machine.output, axis=0, return_inverse=True)[1].reshape(-1)
    while True:
        finer = _refined(block, machine.next)
        if finer.max() == block.max():
            break
        block = finer
    some = np.array([np.flatnonzero(block == b)[0] for b in range(block.max() + 1)])
    return renumbered(Machine(block[machine.next[some]], machine.output[some]), start=int(block[0]))


def renumbered(machine: Machine, *, start: int = 0) -> Machine:
    """The part that can be reached from `start`, numbered in breadth-first order."""
    order, place = [start], {start: 0}
    for state in order:
        for after in machine.next[state].tolist():
            if after not in place:
                place[after] = len(order)
                order.append(after)
    kept = np.array(order)
    number = np.array([place.get(state, -1) for state in range(machine.states)])
    return Machine(number[machine.next[kept]], machine.output[kept])


def quotient(machine: Machine, block: np.ndarray) -> np.ndarray | None:
    """The next-state table on the blocks of a partition, or None if the partition is not closed under it."""
    table = np.full((block.max() + 1, machine.symbols), -1)
    table[block] = block[machine.next]
    return table if (table[block] == block[machine.next]).all() else None


def closed_under(machine: Machine, pairs: list[tuple[int, int]]) -> np.ndarray:
    """The finest closed partition that puts each pair into one block, as block numbers by first member, `(states,)`.

    Hartmanis and Stearns, "Algebraic structure theory of sequential machines" (1966).
    """
    parent = list(range(machine.states))

    def find(state: int) -> int:
        while parent[state] != state:
            parent[state] = parent[parent[state]]
            state = parent[state]
        return state

    queue = deque(pairs)
    while queue:
        left, right = queue.popleft()
        one, other = find(left), find(right)
        if one == other:
            continue
        parent[max(one, other)] = min(one, other)
        queue.extend(zip(machine.next[left].tolist(), machine.next[right].tolist(), strict=True))
    roots = [find(state) for state in range(machine.states)]
    place = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    return np.array([place[root] for root in roots])
