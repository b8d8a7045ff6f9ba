"""Brackets: 0 opens, 1 closes, anything else is text. With four tokens 2 and 3 are a second kind."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import count_true, pick_first, positions, select, select_and, widths


def depth(x):
    """How many more brackets have been opened than closed."""
    earlier = select(positions(x), positions(x), "<=")
    opened = widths(select_and(select(x, 0, "=="), earlier))
    closed = widths(select_and(select(x, 1, "=="), earlier))
    return [o - c for o, c in zip(opened, closed)]


def inside(x):
    """Whether a bracket is open."""
    level = depth(x)
    return [d > 0 for d in level]


def sound_so_far(x):
    """Whether no bracket up to here was closed before it was opened."""
    level = depth(x)
    below = select([d < 0 for d in level], True, "==")
    wrong = widths(select_and(below, select(positions(x), positions(x), "<=")))
    return [n == 0 for n in wrong]


def balanced(x):
    """Whether every bracket of the whole sequence is opened and closed."""
    level = depth(x)
    n = len(x)
    end = pick_first(select(positions(x), [n - 1 for p in positions(x)], "=="), level, 0)
    wrong = count_true([d < 0 for d in level])
    return [wrong == 0 and e == 0 for e in end]


def two_kinds(x):
    """Whether both kinds of brackets, each for itself, are sound up to here."""
    earlier = select(positions(x), positions(x), "<=")
    first = widths(select_and(select(x, 0, "=="), earlier))
    first_closed = widths(select_and(select(x, 1, "=="), earlier))
    second = widths(select_and(select(x, 2, "=="), earlier))
    second_closed = widths(select_and(select(x, 3, "=="), earlier))
    bad_first = [a < b for a, b in zip(first, first_closed)]
    bad_second = [a < b for a, b in zip(second, second_closed)]
    bad = select([a or b for a, b in zip(bad_first, bad_second)], True, "==")
    wrong = widths(select_and(bad, earlier))
    return [n == 0 for n in wrong]


def deepest(x):
    """Whether no position is deeper than this one."""
    level = depth(x)
    deeper = widths(select(level, level, ">"))
    return [n == 0 for n in deeper]


TASKS = (
    Task(depth, causal=True),
    Task(inside, causal=True),
    Task(sound_so_far, tokens=2, length=7, causal=True),
    Task(balanced, tokens=2, length=6),
    Task(two_kinds, tokens=4, length=4, causal=True),
    Task(deepest),
)
