"""Machines taken apart into two smaller ones that run side by side.

Reference: J. Hartmanis, R. Stearns, Algebraic structure theory of sequential machines (1966), parallel decomposition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrutable.propose._machine import Machine, closed_under, quotient, renumbered

FEWEST_STATES, MOST_STATES = 4, 18
MOST_SEEDS = 12


@dataclass(frozen=True, eq=False)
class Apart:
    """A machine, not always minimal, whose state is two numbers that move independently.

    Arguments:
        machine: equal to the one taken apart on every word.
        one, other: block numbers of two closed partitions, `(states,)` each; together they tell the states apart.
    """

    machine: Machine
    one: np.ndarray
    other: np.ndarray

    @property
    def blocks(self) -> int:
        """States of the two smaller machines together."""
        return int(self.one.max() + self.other.max()) + 2

    def part(self, block: np.ndarray) -> Machine:
        """The smaller machine on the blocks of one of the two partitions, without answers."""
        table = quotient(self.machine, block)
        assert table is not None
        return Machine(table, np.zeros_like(table))


def taken_apart(machine: Machine, *, most: int) -> list[Apart]:
    """At most `most` ways to take a machine apart, the fewest blocks first.

    Pairs are looked for in the machine, and in the machine with the last symbol beside its state, since a minimal
    machine may have merged what is simple apart. From each of at most 12 closed partitions, that which makes one pair
    of states equal: as coarse a partner as still says every answer, then the partition itself as coarse as its partner
    allows. O(seeds * states^3 * symbols) for at most 18 states.
    """
    if machine.states < FEWEST_STATES:
        return []
    found: dict[tuple[bytes, ...], Apart] = {}
    for wider in (machine, _with_last_symbol(machine)):
        for one, other in _pairs(wider) if wider.states <= MOST_STATES else ():
            if all(0 < block.max() < machine.states - 1 for block in (one, other)):
                apart = _joined(wider, one, other)
                found.setdefault(tuple(sorted((apart.one.tobytes(), apart.other.tobytes()))), apart)
    return sorted(found.values(), key=lambda apart: (apart.blocks, apart.machine.states))[:most]


def _with_last_symbol(machine: Machine) -> Machine:
    """The same behaviour; states are reachable pairs of a state and the symbol read last, 0 before the first."""
    states = np.repeat(np.arange(machine.states), machine.symbols)
    return renumbered(
        Machine(machine.next[states] * machine.symbols + np.arange(machine.symbols), machine.output[states])
    )


def _pairs(machine: Machine) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    machine = _without_twins(machine)
    pairs = list(combinations(range(machine.states), 2))
    seeds = {block.tobytes(): block for block in (closed_under(machine, [pair]) for pair in pairs) if block.max() > 0}
    for seed in sorted(seeds.values(), key=lambda block: int(block.max()))[:MOST_SEEDS]:
        for order in (pairs, pairs[::-1]):
            other = _coarsened(machine, np.arange(machine.states), seed, order)
            yield _coarsened(machine, seed, other, order), other


def _without_twins(machine: Machine) -> Machine:
    """The machine on one of the symbols of equal effect each."""
    _, kept = np.unique(np.concatenate([machine.next, machine.output]), axis=1, return_index=True)
    return Machine(machine.next[:, kept], machine.output[:, kept])


def _coarsened(machine: Machine, block: np.ndarray, partner: np.ndarray, order: list[tuple[int, int]]) -> np.ndarray:
    """A partition made coarser pair by pair as long as it and its partner say every answer."""
    for pair in order:
        if block[pair[0]] != block[pair[1]]:
            members = [(state, int(np.flatnonzero(block == block[state])[0])) for state in range(machine.states)]
            coarser = closed_under(machine, [*members, pair])
            if _together(machine, coarser, partner) is not None:
                block = coarser
    return block


def _together(machine: Machine, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A state in each pair of blocks, and the pair of each state; None if pairs do not say the answer."""
    code = one * (int(other.max()) + 1) + other
    _, some, pair = np.unique(code, return_index=True, return_inverse=True)
    return (some, pair) if (machine.output == machine.output[some[pair]]).all() else None


def _joined(machine: Machine, one: np.ndarray, other: np.ndarray) -> Apart:
    """The machine on the pairs of blocks that are reached."""
    together = _together(machine, one, other)
    assert together is not None
    some, pair = together
    place = np.argsort(np.argsort(some))
    some = np.sort(some)
    return Apart(Machine(place[pair[machine.next[some]]], machine.output[some]), one[some], other[some])
