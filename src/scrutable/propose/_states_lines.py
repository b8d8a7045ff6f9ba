"""Numbers for the states of counters: the place along the way that one symbol drives through them, as far as it goes.

Absorbing states get numbers beyond the ends, such as -1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.propose._machine import Machine


def line_labellings(machine: Machine) -> Iterator[np.ndarray]:
    """Labels `(states,)` along each line found: counted from either end and from the initial state, absorbing states
    below or above."""
    sinks = absorbing(machine)
    inner = np.setdiff1d(np.arange(machine.states), sinks)
    if len(inner) < 2 or 0 in sinks:
        return
    for line in _lines(machine, inner):
        start, low, high = line[0], line[inner].min(), line[inner].max()
        for labels in (line - start, start - line, line - low, high - line):
            for lower in (True, False) if len(sinks) else (True,):
                placed = _with_sinks(labels, inner, sinks, lower=lower)
                yield placed
                if len(sinks) and lower and placed.min() == -1:
                    yield placed + 1


def absorbing(machine: Machine) -> np.ndarray:
    """The states that no symbol leaves."""
    return np.flatnonzero((machine.next == np.arange(machine.states)[:, None]).all(axis=1))


def _with_sinks(labels: np.ndarray, inner: np.ndarray, sinks: np.ndarray, *, lower: bool) -> np.ndarray:
    """Absorbing states on both sides of the line in turn, the first of them below or above it."""
    placed, ends = labels.copy(), [int(labels[inner].min()) - 1, int(labels[inner].max()) + 1]
    for i, sink in enumerate(sinks.tolist()):
        side = (i + (not lower)) % 2
        placed[sink] = ends[side]
        ends[side] += 2 * side - 1
    return placed


def _lines(machine: Machine, inner: np.ndarray) -> Iterator[np.ndarray]:
    """Positions along the way that one symbol drives through all states that are not absorbing."""
    kept = set(inner.tolist())
    for symbol in range(machine.symbols):
        reached = {int(machine.next[state, symbol]) for state in inner if machine.next[state, symbol] != state}
        first = kept - reached
        if len(first) != 1:
            continue
        labels, at, place = np.zeros(machine.states, dtype=np.int64), first.pop(), 0
        while at in kept and (place == 0 or labels[at] == 0) and place < len(inner):
            labels[at] = place
            at, place = int(machine.next[at, symbol]), place + 1
        if len(np.unique(labels[inner])) == len(inner):
            yield labels
