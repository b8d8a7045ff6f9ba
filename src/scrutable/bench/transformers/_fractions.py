"""Averages over earlier or chosen positions."""

from __future__ import annotations

from scrutable.bench.transformers._task import Task
from scrutable.program import aggregate, positions, select, select_and


def share_of_ones(x):
    """The fraction of ones up to here."""
    return aggregate(select(positions(x), positions(x), "<="), [t == 1 for t in x], 0.0)


def share_of_this(x):
    """The fraction of tokens up to here that are odd like this one, or even like it."""
    odd = [t % 2 for t in x]
    share = aggregate(select(positions(x), positions(x), "<="), odd, 0.0)
    return [s if o == 1 else 1.0 - s for s, o in zip(share, odd)]


def mean_so_far(x):
    """The mean token up to here."""
    return aggregate(select(positions(x), positions(x), "<="), x, 0.0)


def mean_of_larger(x):
    """The mean of the larger tokens; -1 where there is none."""
    return aggregate(select(x, x, ">"), x, -1.0)


def mostly_ones(x):
    """Whether more than half of the tokens up to here are ones."""
    share = aggregate(select(positions(x), positions(x), "<="), [t == 1 for t in x], 0.0)
    return [s > 0.5 for s in share]


def above_average(x):
    """Whether the token is larger than the mean of all."""
    mean = aggregate(select(x, x, "any"), x, 0.0)
    return [t > m for t, m in zip(x, mean)]


def mean_of_earlier(x):
    """The mean of the tokens before this one; 0.5 at the start."""
    return aggregate(select(positions(x), positions(x), "<"), x, 0.5)


def where_on_average(x):
    """The mean position of this token."""
    return aggregate(select(x, x, "=="), positions(x), 0.0)


def smoothed(x):
    """The mean of this position's running share of ones over the positions up to here."""
    earlier = select(positions(x), positions(x), "<=")
    share = aggregate(earlier, [t == 1 for t in x], 0.0)
    return aggregate(earlier, share, 0.0)


def mean_of_smaller_before(x):
    """The mean of earlier, smaller tokens; -1 where there is none."""
    chosen = select_and(select(x, x, "<"), select(positions(x), positions(x), "<"))
    return aggregate(chosen, x, -1.0)


TASKS = (
    Task(share_of_ones, causal=True),
    Task(share_of_this, causal=True),
    Task(mean_so_far, causal=True),
    Task(mean_of_larger),
    Task(mostly_ones, causal=True),
    Task(above_average),
    Task(mean_of_earlier, causal=True),
    Task(where_on_average),
    Task(smoothed, causal=True),
    Task(mean_of_smaller_before, causal=True),
)
