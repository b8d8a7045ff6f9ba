"""Counts: how many positions hold something."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import count_true, pick_first, positions, select, select_and, widths


def histogram(x):
    """How often the token occurs."""
    return widths(select(x, x, "=="))


def double_histogram(x):
    """At how many positions a token stands that occurs as often as this one."""
    often = widths(select(x, x, "=="))
    return widths(select(often, often, "=="))


def seen_before(x):
    """How often the token has occurred, this time included."""
    earlier = select(positions(x), positions(x), "<=")
    return widths(select_and(select(x, x, "=="), earlier))


def smaller_tokens(x):
    """At how many positions a smaller token stands."""
    return widths(select(x, x, "<"))


def larger_before(x):
    """How many earlier tokens are larger."""
    return widths(select_and(select(x, x, ">"), select(positions(x), positions(x), "<")))


def how_long(x):
    """The length of the sequence."""
    n = len(x)
    return [n for t in x]


def zeros(x):
    """How many zeros there are in all."""
    total = count_true([t == 0 for t in x])
    return [total for t in x]


def parity(x):
    """Whether the number of ones up to here is odd."""
    ones = select([t == 1 for t in x], True, "==")
    seen = widths(select_and(ones, select(positions(x), positions(x), "<=")))
    return [n % 2 == 1 for n in seen]


def distinct_so_far(x):
    """How many different tokens have occurred up to here."""
    before = select(positions(x), positions(x), "<")
    repeats = widths(select_and(select(x, x, "=="), before))
    new = select([n == 0 for n in repeats], True, "==")
    return widths(select_and(new, select(positions(x), positions(x), "<=")))


def others(x):
    """At how many positions another token stands."""
    return widths(select(x, x, "!="))


def count_of_first(x):
    """How often the first token occurs."""
    first = pick_first(select(positions(x), 0, "=="), x, 0)
    return widths(select(x, first, "=="))


def left_to_come(x):
    """How many positions are still to come."""
    return widths(select(positions(x), positions(x), ">"))


TASKS = (
    Task(histogram, tokens=4),
    Task(double_histogram),
    Task(seen_before, causal=True),
    Task(smaller_tokens, tokens=4),
    Task(larger_before, causal=True),
    Task(how_long, tokens=2, length=6),
    Task(zeros),
    Task(parity, tokens=2, length=7, causal=True),
    Task(distinct_so_far, causal=True),
    Task(others),
    Task(count_of_first),
    Task(left_to_come, tokens=2, length=6),
)
