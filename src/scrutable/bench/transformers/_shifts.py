"""Fixed distances: the token before, the window of three."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import shifted


def previous(x):
    """The token before; 4 at the start."""
    return shifted(x, 1, 4)


def following(x):
    """The next token; -1 at the end."""
    return shifted(x, -1, -1)


def two_back(x):
    """The token two positions back; 4 where there is none."""
    return shifted(x, 2, 4)


def sum_with_previous(x):
    """The token and the one before, added; 0 before the start."""
    return [t + b for t, b in zip(x, shifted(x, 1, 0))]


def change(x):
    """The difference from the token before; 0 before the start."""
    return [t - b for t, b in zip(x, shifted(x, 1, 0))]


def repeats(x):
    """Whether the token is the one before again."""
    return [t == b for t, b in zip(x, shifted(x, 1, -1))]


def window_maximum(x):
    """The largest of this token and its two neighbours."""
    return [max(t, b, a) for t, b, a in zip(x, shifted(x, 1, 0), shifted(x, -1, 0))]


def rises(x):
    """Whether the token is larger than the one before, and that one than the one before it."""
    before = shifted(x, 1, 4)
    earlier = shifted(x, 2, 4)
    return [e < b < t for t, b, e in zip(x, before, earlier)]


def bigram(x):
    """A number for the token before and this one."""
    return [3 * b + t for t, b in zip(x, shifted(x, 1, 0))]


TASKS = (
    Task(previous, tokens=4, causal=True),
    Task(following),
    Task(two_back, tokens=4, causal=True),
    Task(sum_with_previous, tokens=4, causal=True),
    Task(change, causal=True),
    Task(repeats, tokens=4, causal=True),
    Task(window_maximum),
    Task(rises, causal=True),
    Task(bigram, causal=True),
)
