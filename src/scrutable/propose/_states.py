"""What to call the states of a machine: numberings under which its next state may be a short expression."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from scrutable.propose._machine import Machine
from scrutable.propose._states_lines import line_labellings

MOST_LABELLINGS = 40
MOST_WORK = 4_000_000
LONGEST_WINDOW = 4
MOST_WINDOWS = 256


def labellings(machine: Machine, letters: np.ndarray, values: np.ndarray | None) -> list[np.ndarray]:
    """Different numbers for each state, `(states,)` each; likely ones first, at most 40.

    Breadth-first order; the answer on entering a state, or the symbol read on entering it, where that tells states
    apart; the position in the cycle of one symbol; solutions of `next = (m * state + c * x + d) mod states`; the place
    on a line, absorbing states beyond its ends; all permutations of up to four states.

    Arguments:
        letters: the input of each symbol, `(symbols, channels)`.
        values: the answer given while consuming a symbol, `(states, symbols)`; None when it is not one number.
    """
    found: dict[bytes, np.ndarray] = {}
    for labels in _proposals(machine, letters, values):
        key = np.ascontiguousarray(labels, dtype=np.int64)
        if len(np.unique(key)) == machine.states:
            found.setdefault(key.tobytes(), key)
        if len(found) >= MOST_LABELLINGS:
            break
    return list(found.values())


def _proposals(machine: Machine, letters: np.ndarray, values: np.ndarray | None) -> Iterator[np.ndarray]:
    n = machine.states
    yield np.arange(n)
    entering = [] if values is None else [values]
    if letters.shape[1] == 1:
        entering.append(np.broadcast_to(letters[:, 0], machine.next.shape))
    for table in entering:
        yield from _on_entering(machine, table)
    yield from _cycles(machine)
    yield from affine_labellings(machine, letters)[:6]
    yield np.arange(n)[::-1]
    yield from line_labellings(machine)
    if n <= 4:
        yield from (np.array(order) for order in permutations(range(n)))


def _on_entering(machine: Machine, table: np.ndarray) -> Iterator[np.ndarray]:
    """Label each state by what is common to all ways into it; the initial state, if never entered, by a free number."""
    labels = np.zeros(machine.states, dtype=np.int64)
    for state in range(machine.states):
        into = np.unique(table[machine.next == state])
        if len(into) == 1:
            labels[state] = into[0]
        elif state == 0 and len(into) == 0:
            continue
        else:
            return
    if (machine.next == 0).any():
        yield labels
        return
    for free in (0, -1, int(labels.max()) + 1, int(labels.min()) - 1):
        labels = labels.copy()
        labels[0] = free
        yield labels


def _cycles(machine: Machine) -> Iterator[np.ndarray]:
    """Positions in the cycle that one symbol drives through all states."""
    for symbol in range(machine.symbols):
        orbit = [0]
        while len(orbit) <= machine.states:
            orbit.append(int(machine.next[orbit[-1], symbol]))
        if orbit[-1] == 0 and len(set(orbit[:-1])) == machine.states:
            labels = np.empty(machine.states, dtype=np.int64)
            labels[orbit[:-1]] = np.arange(machine.states)
            yield labels


def affine_labellings(machine: Machine, letters: np.ndarray) -> list[np.ndarray]:
    """Labels with `label(next) = (m * label + c * x + d) mod states` for some m, c, d; simplest coefficients first.

    Every choice of coefficients fixes all labels along the shortest words, so it is tried and checked at once.
    """
    n, channels = machine.states, letters.shape[1]
    if n < 2:
        return []
    full, few = range(n), sorted({0, 1, 2 % n, n - 1})
    size = n * machine.symbols
    for start, scale, steps, shift in (
        (full, full, full, full),
        ((0,), full, few, few),
        ((0,), few, (0, 1, n - 1), (0,)),
    ):
        if size * len(start) * len(scale) * len(shift) * len(steps) ** channels <= MOST_WORK:
            break
    else:
        return []
    grid = np.array(sorted(product(start, scale, shift, *[steps] * channels), key=_simplicity))
    drift = (grid[:, 3:] @ letters.T + grid[:, 2:3]) % n
    labels = np.zeros((len(grid), n), dtype=np.int64)
    labels[:, 0] = grid[:, 0]
    for state, (before, symbol) in enumerate(_first_ways(machine), start=1):
        labels[:, state] = (grid[:, 1] * labels[:, before] + drift[:, symbol]) % n
    good = (np.sort(labels, axis=1) == np.arange(n)).all(axis=1)
    labels, drift, grid = labels[good], drift[good], grid[good]
    reached = (grid[:, 1, None, None] * labels[:, :, None] + drift[:, None, :]) % n
    fits = (reached == labels[:, machine.next]).all(axis=(1, 2))
    return list(labels[fits])


def _simplicity(coefficients: tuple[int, ...]) -> tuple[int, ...]:
    start, scale, shift, *steps = coefficients
    return (start != 0, abs(scale - 1), shift, *(abs(step - 1) for step in steps))


def _first_ways(machine: Machine) -> list[tuple[int, int]]:
    """For each state but the initial one, a state with a smaller number and a symbol that lead to it.

    Machines are numbered breadth first, so there always is one.
    """
    ways = []
    for state in range(1, machine.states):
        before, symbol = np.argwhere(machine.next[:state] == state)[0]
        ways.append((int(before), int(symbol)))
    return ways


def window_machine(machine: Machine, pad: int) -> tuple[Machine, np.ndarray] | None:
    """The same behaviour with the last few symbols as the state, or None if longer memory is needed.

    Before the start, symbols that lead to the initial state are taken to have been read, `pad` if possible.

    Returns:
        The machine, not minimal, and for each of its states the symbols read last, `(states, k)`, the latest first.
    """
    for k in range(1, LONGEST_WINDOW + 1):
        if machine.symbols**k > MOST_WINDOWS:
            return None
        words = np.array(list(product(range(machine.symbols), repeat=k)))
        after = np.repeat(np.arange(machine.states)[:, None], len(words), axis=1)
        for t in range(k):
            after = machine.next[after, words[:, t]]
        if (after == after[0]).all():
            return _of_windows(machine, words, after[0], pad)
    return None


def _of_windows(machine: Machine, words: np.ndarray, state: np.ndarray, pad: int) -> tuple[Machine, np.ndarray] | None:
    starts = np.flatnonzero(state == 0)
    if not len(starts):
        return None
    first = min(starts.tolist(), key=lambda i: (int((words[i] != pad).sum()), i))
    place = {tuple(word): i for i, word in enumerate(words.tolist())}
    following = np.array([[place[(*word[1:], a)] for a in range(machine.symbols)] for word in words.tolist()])
    order = [first, *(i for i in range(len(words)) if i != first)]
    number = np.argsort(order)
    return Machine(number[following[order]], machine.output[state[order]]), words[order][:, ::-1]
