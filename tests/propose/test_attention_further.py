"""Programs that are not among those of the suite, written before any was tried: read off exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scrutable.compile import Compiled, Options, compile  # noqa: A004
from scrutable.network import Tokens
from scrutable.program import INT, Seq, aggregate, pick_first, select, select_and, shifted, trace, widths
from scrutable.propose.attention import decompiled
from scrutable.work import Clock


def twice_or_more(x):
    """Whether the token comes at least twice."""
    return [c >= 2 for c in widths(select(x, x, "=="))]


def after_the_first_zero(x):
    """The token that follows the first zero, 3 where there is none."""
    before = shifted(x, 1, 2)
    return pick_first(select(before, 0, "=="), x, 3)


def ones_up_to_two(x):
    """How many ones there are so far, two for more."""
    places = list(range(len(x)))
    ones = widths(select_and(select(x, 1, "=="), select(places, places, "<=")))
    return [min(n, 2) for n in ones]


def larger_than_both(x):
    """Whether the token is larger than both its neighbours."""
    before, after = shifted(x, 1, 0), shifted(x, -1, 0)
    return [b < t and a < t for t, b, a in zip(x, before, after)]


def most_of_all_zeros(x):
    """Whether more than half of all tokens are zeros."""
    share = aggregate(select(x, x, "any"), [t == 0 for t in x], 0.0)
    return [s > 0.5 for s in share]


def same_count_as_first(x):
    """Whether the token comes as often as the first one."""
    places = list(range(len(x)))
    count = widths(select(x, x, "=="))
    first = pick_first(select(places, 0, "=="), count, 0)
    return [c == f for c, f in zip(count, first)]


def sum_of_neighbours(x):
    """The sum of the tokens before and after."""
    return [a + b for a, b in zip(shifted(x, 1, 0), shifted(x, -1, 0))]


def where_last_seen_first(x):
    """How many places back the first equal token is, modulo 3."""
    places = list(range(len(x)))
    first = pick_first(select(x, x, "=="), places, 0)
    return [(p - f) % 3 for p, f in zip(places, first)]


def mean_of_others(x):
    """The mean of tokens that differ from this one."""
    return aggregate(select(x, x, "!="), x, -1.0)


def median_token(x):
    """A token with as many smaller as larger ones, or the smallest label where there is none."""
    smaller, larger = widths(select(x, x, "<")), widths(select(x, x, ">"))
    middle = [a == b for a, b in zip(smaller, larger)]
    return pick_first(select(middle, True, "=="), x, 0)


PROGRAMS = (
    twice_or_more,
    after_the_first_zero,
    ones_up_to_two,
    larger_than_both,
    most_of_all_zeros,
    same_count_as_first,
    sum_of_neighbours,
    where_last_seen_first,
    mean_of_others,
    median_token,
)


def made(function: Callable[[Any], Any], *, length: int = 5) -> Compiled:
    program = trace(function, {"x": Seq(INT)})
    return compile(program, Tokens(3, length=length), Options(rotate=True, dead_heads=1), seed=0)


def right_everywhere(network: Compiled) -> bool:
    x = network.inputs.sample(40, np.random.default_rng(0))
    found = decompiled(network.network, x, seed=0, clock=Clock(3600))
    for length in range(1, network.inputs.shape[0] + 1):
        words = network.inputs.with_length(length)
        size = words.size
        rows = words.enumerate() if size is not None and size < 2000 else words.sample(2000, np.random.default_rng(1))
        said, answers = np.asarray(found.program(rows), float), network.network.predict(rows)
        if not np.allclose(said, answers, atol=1e-3):
            return False
    return True


@pytest.mark.parametrize("function", PROGRAMS[:2], ids=lambda each: each.__name__)
def test_new_programs_are_read_exactly(function: Callable[[Any], Any]) -> None:
    assert right_everywhere(made(function))


@pytest.mark.slow
@pytest.mark.parametrize("function", PROGRAMS[2:], ids=lambda each: each.__name__)
def test_more_new_programs_are_read_exactly(function: Callable[[Any], Any]) -> None:
    assert right_everywhere(made(function))


@pytest.mark.slow
@pytest.mark.parametrize(
    "function", [twice_or_more, after_the_first_zero, larger_than_both], ids=lambda each: each.__name__
)
def test_words_of_ten_are_read_exactly(function: Callable[[Any], Any]) -> None:
    assert right_everywhere(made(function, length=10))
