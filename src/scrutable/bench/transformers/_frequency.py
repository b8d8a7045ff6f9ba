"""Which token occurs most, which least."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import count_true, pick_first, select, widths


def most_frequent(x):
    """The token that occurs most often, the first of equals in the sequence."""
    often = widths(select(x, x, "=="))
    better = widths(select(often, often, ">"))
    return pick_first(select(better, 0, "=="), x, 0)


def least_frequent(x):
    """The token that occurs least often, the first of equals in the sequence."""
    often = widths(select(x, x, "=="))
    rarer = widths(select(often, often, "<"))
    return pick_first(select(rarer, 0, "=="), x, 0)


def is_most_frequent(x):
    """Whether no token occurs more often."""
    often = widths(select(x, x, "=="))
    return [n == 0 for n in widths(select(often, often, ">"))]


def highest_count(x):
    """How often the most frequent token occurs."""
    often = widths(select(x, x, "=="))
    better = widths(select(often, often, ">"))
    return pick_first(select(better, 0, "=="), often, 0)


def singles(x):
    """How many tokens occur once."""
    often = widths(select(x, x, "=="))
    total = count_true([n == 1 for n in often])
    return [total for t in x]


def unique_or_nothing(x):
    """The token where it occurs once, else 4."""
    often = widths(select(x, x, "=="))
    return [t if n == 1 else 4 for t, n in zip(x, often)]


TASKS = (
    Task(most_frequent),
    Task(least_frequent),
    Task(is_most_frequent),
    Task(highest_count),
    Task(singles),
    Task(unique_or_nothing, tokens=4),
)
