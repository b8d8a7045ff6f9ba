"""Patterns: places where something particular stands."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import pick_first, positions, select, select_and, shifted, widths


def ends_01(x):
    """Whether the pattern 0 1 ends here."""
    return [b == 0 and t == 1 for t, b in zip(x, shifted(x, 1, -1))]


def ends_012(x):
    """Whether the pattern 0 1 2 ends here."""
    before = shifted(x, 1, -1)
    earlier = shifted(x, 2, -1)
    return [e == 0 and b == 1 and t == 2 for t, b, e in zip(x, before, earlier)]


def pattern_seen(x):
    """Whether the pattern 1 1 has occurred up to here."""
    found = [b == 1 and t == 1 for t, b in zip(x, shifted(x, 1, -1))]
    seen = select_and(select(found, True, "=="), select(positions(x), positions(x), "<="))
    return [n > 0 for n in widths(seen)]


def pattern_count(x):
    """How often the pattern 0 0 has occurred up to here."""
    found = [b == 0 and t == 0 for t, b in zip(x, shifted(x, 1, -1))]
    return widths(select_and(select(found, True, "=="), select(positions(x), positions(x), "<=")))


def like_first(x):
    """Whether the token equals the first one."""
    first = pick_first(select(positions(x), 0, "=="), x, 0)
    return [t == f for t, f in zip(x, first)]


def alternating(x):
    """Whether no token up to here was the one before again."""
    again = [t == b for t, b in zip(x, shifted(x, 1, -1))]
    seen = select_and(select(again, True, "=="), select(positions(x), positions(x), "<="))
    return [n == 0 for n in widths(seen)]


def gap_of_two(x):
    """Whether the token stands two positions back as well."""
    return [t == b for t, b in zip(x, shifted(x, 2, -1))]


def after_separator(x):
    """Whether a 2 has occurred before here."""
    seen = select_and(select(x, 2, "=="), select(positions(x), positions(x), "<"))
    return [n > 0 for n in widths(seen)]


def first_time(x):
    """Whether the token occurs for the first time."""
    seen = select_and(select(x, x, "=="), select(positions(x), positions(x), "<"))
    return [n == 0 for n in widths(seen)]


TASKS = (
    Task(ends_01, causal=True),
    Task(ends_012, causal=True),
    Task(pattern_seen, causal=True),
    Task(pattern_count, causal=True),
    Task(like_first, causal=True),
    Task(alternating, causal=True),
    Task(gap_of_two, causal=True),
    Task(after_separator, causal=True),
    Task(first_time, tokens=4, causal=True),
)
