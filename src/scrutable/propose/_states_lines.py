"""Numbers for the states of counters: every symbol moves along a line by a number of its own, as far as the line goes.

`label(next(q, a)) = label(q) + v(a)`, with absorbing states and steps that go nowhere (clipped ends) cut out. Absorbing
states get numbers beyond the ends, such as -1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.propose._machine import Machine

LARGEST_SOLVED = 48
FURTHEST = 64
"""No label of a solution is further from that of the initial state."""


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
    yield from _symbol_lines(machine, inner)
    path = _path(machine, inner)
    if path is not None:
        yield path
    solved = _solved(machine, inner)
    if solved is not None:
        yield solved


def _symbol_lines(machine: Machine, inner: np.ndarray) -> Iterator[np.ndarray]:
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


def _path(machine: Machine, inner: np.ndarray) -> np.ndarray | None:
    """Positions along the path that the states form when steps in either direction are drawn as edges; None if none."""
    near = np.zeros((machine.states, machine.states), dtype=bool)
    near[np.repeat(np.arange(machine.states), machine.symbols), machine.next.ravel()] = True
    near = (near | near.T) & ~np.eye(machine.states, dtype=bool)
    near = near[np.ix_(inner, inner)]
    degree = near.sum(axis=1)
    ends = np.flatnonzero(degree == 1)
    if len(ends) != 2 or degree.max(initial=0) > 2:
        return None
    labels, at, before = np.full(machine.states, -1), int(ends[0]), -1
    for place in range(len(inner)):
        labels[inner[at]] = place
        onward = [int(s) for s in np.flatnonzero(near[at]) if s != before]
        before, at = at, onward[0] if onward else at
    return labels if (labels[inner] >= 0).all() else None


def _solved(machine: Machine, inner: np.ndarray) -> np.ndarray | None:
    """The labels that the steps between different states leave no choice about, but for their scale; None if they do.

    The null space of `label(next) - label(q) - v(a) = 0` with `label(0) = 0`, in smallest whole numbers.
    """
    n = machine.states
    moving = [(q, a) for q in inner for a in range(machine.symbols) if machine.next[q, a] in inner]
    moving = [(int(q), a) for q, a in moving if machine.next[q, a] != q]
    symbols = sorted({a for _, a in moving})
    if not moving or n > LARGEST_SOLVED:
        return None
    rows = np.zeros((len(moving), n + len(symbols)))
    for row, (q, a) in zip(rows, moving, strict=True):
        row[machine.next[q, a]] += 1
        row[q] -= 1
        row[n + symbols.index(a)] -= 1
    free = [*inner[inner > 0].tolist(), *range(n, n + len(symbols))]
    _, sizes, directions = np.linalg.svd(rows[:, free])
    if len(free) - int((sizes > 1e-9).sum()) != 1:
        return None
    labels = np.zeros(n)
    labels[inner[inner > 0]] = directions[-1][: len(inner) - 1]
    return _whole(labels, inner)


def _whole(labels: np.ndarray, inner: np.ndarray) -> np.ndarray | None:
    """The smallest whole multiple with different labels for the states that are not absorbing; None if there is none
    in reach."""
    steps = np.abs(labels[np.abs(labels) > 1e-9])
    for multiple in (1, 2, 3) if len(steps) else ():
        scaled = labels * multiple / steps.min()
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() < 1e-6 and np.abs(whole).max() <= FURTHEST:
            return whole.astype(np.int64) if len(np.unique(whole[inner])) == len(inner) else None
    return None
