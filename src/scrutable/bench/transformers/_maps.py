"""Maps of single tokens and positions. No attention: these are counted apart."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import positions

NEXT_STATION = {0: 3, 1: 0, 2: 4, 3: 2, 4: 1}


def successor(x):
    """The next token, the first after the last."""
    return [(t + 1) % 5 for t in x]


def doubled(x):
    """Twice the token."""
    return [2 * t for t in x]


def odd(x):
    """Whether the token is odd."""
    return [t % 2 == 1 for t in x]


def clipped(x):
    """The token, 3 at most and 1 at least."""
    return [min(max(t, 1), 3) for t in x]


def looked_up(x):
    """A permutation of the tokens."""
    return [NEXT_STATION.get(t, 0) for t in x]


def token_plus_position(x):
    """Token and position added modulo 5."""
    return [(t + p) % 5 for t, p in zip(x, positions(x))]


def every_other(x):
    """The token at even positions, 5 at odd ones."""
    return [t if p % 2 == 0 else 5 for t, p in zip(x, positions(x))]


def collatz(x):
    """Half of an even token, three times an odd one and one more."""
    step = [t // 2 if t % 2 == 0 else 3 * t + 1 for t in x]
    return [s % 5 for s in step]


TASKS = tuple(
    Task(function, tokens=5, length=5, causal=True)
    for function in (successor, doubled, odd, clipped, looked_up, token_plus_position, every_other, collatz)
)
