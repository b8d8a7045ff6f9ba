"""Order: sorting, ranks, extremes."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import pick_first, positions, select, select_and, select_or, widths


def ranks(x):
    """How many positions come before this one when the tokens are sorted, equal tokens staying in order."""
    earlier = select(positions(x), positions(x), "<")
    return widths(select_or(select(x, x, "<"), select_and(select(x, x, "=="), earlier)))


def sorted_tokens(x):
    """The tokens in rising order."""
    rank = ranks(x)
    return pick_first(select(rank, positions(x), "=="), x, 0)


def sorted_down(x):
    """The tokens in falling order."""
    earlier = select(positions(x), positions(x), "<")
    rank = widths(select_or(select(x, x, ">"), select_and(select(x, x, "=="), earlier)))
    return pick_first(select(rank, positions(x), "=="), x, 0)


def smallest(x):
    """The smallest token, everywhere."""
    below = widths(select(x, x, "<"))
    return pick_first(select(below, 0, "=="), x, 0)


def largest(x):
    """The largest token, everywhere."""
    above = widths(select(x, x, ">"))
    return pick_first(select(above, 0, "=="), x, 0)


def largest_so_far(x):
    """The largest token up to here: the first that none up to here exceeds."""
    earlier = select(positions(x), positions(x), "<=")
    three = widths(select_and(select(x, 3, "=="), earlier))
    two = widths(select_and(select(x, 2, "=="), earlier))
    one = widths(select_and(select(x, 1, "=="), earlier))
    return [3 if c > 0 else 2 if b > 0 else 1 if a > 0 else 0 for a, b, c in zip(one, two, three)]


def where_largest(x):
    """The first position of the largest token."""
    above = widths(select(x, x, ">"))
    return pick_first(select(above, 0, "=="), positions(x), 0)


def second_smallest(x):
    """The second of the sorted tokens; 4 where there is only one."""
    rank = ranks(x)
    return pick_first(select(rank, 1, "=="), x, 4)


def dense_rank(x):
    """How many different tokens are smaller."""
    before = select(positions(x), positions(x), "<")
    repeats = widths(select_and(select(x, x, "=="), before))
    first = select([n == 0 for n in repeats], True, "==")
    return widths(select_and(first, select(x, x, "<")))


TASKS = (
    Task(ranks),
    Task(sorted_tokens),
    Task(sorted_down),
    Task(smallest, tokens=4),
    Task(largest, tokens=4),
    Task(largest_so_far, tokens=4, length=4, causal=True),
    Task(where_largest),
    Task(second_smallest, tokens=4, length=4),
    Task(dense_rank),
)
