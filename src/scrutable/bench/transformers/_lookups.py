"""Lookups: where to look depends on what was found."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import pick_first, positions, select, select_and, shifted, widths


def induction(x):
    """What followed the first earlier occurrence of this token; 3 where there is none."""
    before = shifted(x, 1, 3)
    earlier = select(positions(x), positions(x), "<=")
    return pick_first(select_and(select(before, x, "=="), earlier), x, 3)


def pointed_at(x):
    """The token at the position that this token names; 4 beyond the end."""
    return pick_first(select(positions(x), x, "=="), x, 4)


def two_hops(x):
    """The token at the position named by the token at the position that this token names; 4 beyond the end."""
    hop = pick_first(select(positions(x), x, "=="), x, 4)
    return pick_first(select(positions(x), hop, "=="), x, 4)


def after_two(x):
    """What follows the first 2, everywhere; -1 where nothing does."""
    before = shifted(x, 1, -1)
    return pick_first(select(before, 2, "=="), x, -1)


def key_and_value(x):
    """At even positions, which hold keys, the value after the first earlier, equal key; 3 where there is none."""
    key = shifted(x, 1, 3)
    value_here = [p % 2 == 1 for p in positions(x)]
    source = select_and(select(key, x, "=="), select(value_here, True, "=="))
    found = pick_first(select_and(source, select(positions(x), positions(x), "<")), x, 3)
    return [f if p % 2 == 0 else 3 for f, p in zip(found, positions(x))]


def distance_to_first(x):
    """How far back the first occurrence of this token is."""
    first = pick_first(select(x, x, "=="), positions(x), 0)
    return [p - f for p, f in zip(positions(x), first)]


def before_largest(x):
    """The token before the first of the largest; 3 where it is at the start."""
    above = widths(select(x, x, ">"))
    return pick_first(select(above, 0, "=="), shifted(x, 1, 3), 3)


def count_of_next(x):
    """How often the next token occurs; 0 at the end."""
    return shifted(widths(select(x, x, "==")), -1, 0)


def next_larger(x):
    """The first later token that is larger; -1 where there is none."""
    later = select(positions(x), positions(x), ">")
    return pick_first(select_and(select(x, x, ">"), later), x, -1)


TASKS = (
    Task(induction, causal=True),
    Task(pointed_at, tokens=4),
    Task(two_hops, tokens=4, length=4),
    Task(after_two),
    Task(key_and_value, causal=True),
    Task(distance_to_first),
    Task(before_largest),
    Task(count_of_next),
    Task(next_larger),
)
