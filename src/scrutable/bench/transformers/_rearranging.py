"""Tokens moved to other positions."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import count_true, pick_first, positions, select


def reversed_tokens(x):
    """The tokens from the last to the first."""
    n = len(x)
    return pick_first(select(positions(x), [n - 1 - p for p in positions(x)], "=="), x, 0)


def mirrors(x):
    """Whether the token equals the one as far from the end."""
    n = len(x)
    opposite = pick_first(select(positions(x), [n - 1 - p for p in positions(x)], "=="), x, 0)
    return [t == o for t, o in zip(x, opposite)]


def palindrome(x):
    """Whether the whole sequence reads the same backwards."""
    n = len(x)
    opposite = pick_first(select(positions(x), [n - 1 - p for p in positions(x)], "=="), x, 0)
    wrong = count_true([t != o for t, o in zip(x, opposite)])
    return [wrong == 0 for t in x]


def swapped_pairs(x):
    """Positions 0 and 1, 2 and 3, ... exchanged; 3 where the partner is missing."""
    partner = [p + 1 - 2 * (p % 2) for p in positions(x)]
    return pick_first(select(positions(x), partner, "=="), x, 3)


def first_token(x):
    """The first token, everywhere."""
    return pick_first(select(positions(x), 0, "=="), x, 0)


def last_token(x):
    """The last token, everywhere."""
    n = len(x)
    return pick_first(select(positions(x), [n - 1 for p in positions(x)], "=="), x, 0)


def doubled_front(x):
    """Every token of the front half twice: position p takes from p // 2."""
    return pick_first(select(positions(x), [p // 2 for p in positions(x)], "=="), x, 0)


def rotated(x):
    """Every token one position on, the last to the front."""
    n = len(x)
    source = [n - 1 if p == 0 else p - 1 for p in positions(x)]
    return pick_first(select(positions(x), source, "=="), x, 0)


TASKS = (
    Task(reversed_tokens),
    Task(mirrors),
    Task(palindrome),
    Task(swapped_pairs),
    Task(first_token, tokens=4, causal=True),
    Task(last_token),
    Task(doubled_front, tokens=4),
    Task(rotated),
)
