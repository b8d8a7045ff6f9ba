"""The parts of the search for formulas: sets of rows, covers, factoring, threshold weights."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_formulas import counted

from scrutable.program import BOOL, Var
from scrutable.synthesis import values
from scrutable.synthesis.boolean import expression, price, rows_of, smallest_cover, space, threshold
from scrutable.synthesis.boolean._bank import bank
from scrutable.synthesis.boolean._cubes import cube_price, cube_rows, irredundant, primes
from scrutable.synthesis.boolean._factor import factored
from scrutable.synthesis.boolean._node import TRUE, CountTest, Node, negated, rebuilt, variable
from scrutable.synthesis.boolean._threshold import symmetric
from scrutable.work import generator

FUNCTIONS = st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), *[st.integers(0, 2 ** (2**n) - 1)] * 2))


def rows_as_table(n: int) -> np.ndarray:
    return np.arange(2**n)[:, None] >> np.arange(n) & 1


@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_sets_of_rows_are_what_arrays_say(n: int) -> None:
    where, rng = space(n), generator(n, "sets")
    truth = rng.random(2**n) < 0.4
    rows = where.packed(truth)
    assert (where.array(rows) == truth).all()
    table = rows_as_table(n)
    for k in range(n):
        twin = np.arange(2**n) ^ (1 << k)
        low = np.where(table[:, k] == 0, truth, truth[twin])
        high = np.where(table[:, k] == 1, truth, truth[twin])
        assert (where.array(where.low(rows, k)) == low).all()
        assert (where.array(where.high(rows, k)) == high).all()
        assert (where.array(where.exists(rows, k)) == (low | high)).all()
        assert where.depends(rows, k) == bool((low != high).any())


def all_cubes(n: int) -> list[tuple[int, int]]:
    digits = product((0, 1, 2), repeat=n)
    return [(sum(1 << k for k in range(n) if d[k] == 1), sum(1 << k for k in range(n) if d[k] == 0)) for d in digits]


def brute_force(on: int, off: int, n: int) -> float:
    """The least price of a sum of products, over every set of implicants that no implicant contains."""
    where = space(n)
    allowed = {cube: cube_rows(cube, where) for cube in all_cubes(n)}
    allowed = {cube: rows for cube, rows in allowed.items() if not rows & off and rows & on}
    largest = [
        c for c, rows in allowed.items() if not any(rows != other and rows & ~other == 0 for other in allowed.values())
    ]
    weights = (1.0,) * n
    best = float("inf")
    for count in range(min(len(largest), 2 ** (n - 1)) + 1):
        for chosen in combinations(largest, count):
            covered = 0
            for cube in chosen:
                covered |= allowed[cube]
            if not on & ~covered:
                best = min(best, sum(cube_price(cube, weights) for cube in chosen))
    return best


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS)
def test_covers_are_minimal(case: tuple[int, int, int]) -> None:
    n, on, care = case
    on, off = on & care, ~on & care & space(n).full
    if len(primes(on, off, space(n))) > 11:
        return
    cubes, certain = smallest_cover(on, off, space(n), (1.0,) * n)
    assert certain
    assert sum(cube_price(cube, (1.0,) * n) for cube in cubes) == pytest.approx(brute_force(on, off, n))


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS)
def test_covers_and_their_factored_forms_say_the_function(case: tuple[int, int, int]) -> None:
    n, on, care = case
    where = space(n)
    on, off = on & care, ~on & care & where.full
    for cubes in (irredundant(on, off, where), smallest_cover(on, off, where, (1.0,) * n)[0]):
        rows = 0
        for cube in cubes:
            rows |= cube_rows(cube, where)
        assert not on & ~rows and not rows & off
        node = factored(cubes, (1.0,) * n)
        assert rows_of(node, where, where.ones) == rows
        flat = sum((yes | no).bit_count() for yes, no in cubes)
        assert price(node, (1.0,) * n)[0] <= flat


def test_factoring_takes_common_parts_out() -> None:
    """ac + ad + bc + bd + e = (a + b)(c + d) + e."""
    cubes = [(0b00101, 0), (0b01001, 0), (0b00110, 0), (0b01010, 0), (0b10000, 0)]
    assert price(factored(cubes, (1.0,) * 5), (1.0,) * 5)[0] == 5


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_no_larger_than_those_planted(seed: int) -> None:
    rng = generator(seed, "weights")
    n = int(rng.integers(3, 8))
    weights = rng.integers(1, 5, n)
    weights = weights * rng.choice([-1, 1], n)
    sums = rows_as_table(n) @ weights
    bound = int(np.sort(np.unique(sums))[len(np.unique(sums)) // 2])
    where = space(n)
    on = where.packed(sums >= bound)
    node = threshold(on, where.full ^ on, where, range(n))
    assert node is not None and node.test is not None
    assert rows_of(node, where, where.ones) == on
    assert sum(map(abs, node.test.weights)) <= np.abs(weights).sum()


def test_what_is_no_threshold_has_no_weights() -> None:
    where = space(4)
    parity = where.ones[0] ^ where.ones[1]
    assert threshold(parity, where.full ^ parity, where, (0, 1)) is None
    apart = where.ones[0] & where.ones[1] | where.ones[2] & where.ones[3]
    assert threshold(apart, where.full ^ apart, where, range(4)) is None


@settings(max_examples=80, deadline=None)
@given(st.integers(3, 6), st.data())
def test_symmetric_functions_are_told_by_their_counts(n: int, data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.integers(0, n), min_size=1, max_size=n))
    flipped = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    where = space(n)
    totals = (rows_as_table(n) ^ np.array(flipped)).sum(axis=1)
    on = where.packed(np.isin(totals, sorted(wanted)))
    node = symmetric(on, where.full ^ on, where, range(n))
    assert node is not None and rows_of(node, where, where.ones) == on


@pytest.mark.parametrize("kind", ["least", "most", "equal", "apart", "modulo", "among"])
def test_questions_about_counts_mean_the_same_in_programs(kind: str) -> None:
    n, where = 4, space(4)
    node = counted(n, kind, *{"modulo": (1, 3), "among": (1, 2, 4)}.get(kind, (2,)))
    turned = rebuilt(node, [negated(variable(0)), *map(variable, range(1, n))])
    columns = {f"x{k}": column.astype(bool) for k, column in enumerate(rows_as_table(n).T)}
    leaves = [Var(name, BOOL) for name in columns]
    for each in (node, turned, negated(node), negated(turned)):
        rows = where.array(rows_of(each, where, where.ones))
        assert (values(expression(each, leaves, leaves), columns) == rows).all()


def test_a_constant_may_be_a_part_of_a_count() -> None:
    node = Node("count", (TRUE, variable(0)), test=CountTest((1, 1), "least", (2,)))
    assert rows_of(node, space(1), space(1).ones) == space(1).ones[0]


def test_the_bank_holds_what_its_formulas_say() -> None:
    table, where = bank(4), space(4)
    for place in range(0, len(table.nodes), 97):
        assert rows_of(table.nodes[place], where, where.ones) == table.rows[place]
        assert table.sizes[place] == price(table.nodes[place], (1.0,) * 4)[0]
