"""Formulas for truth tables: right on every row, and as short as what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_formulas import counted, multiplexer, read_once, sum_of_products, xor_chain

from scrutable.synthesis import Table, values
from scrutable.synthesis.boolean import Boolean, Node, formulas, literals, nodes, price, rows_of, space, truth_table
from scrutable.synthesis.boolean._node import conjunction, disjunction, negated, variable
from scrutable.work import Clock, generator


def shortest(on: int, off: int, n: int) -> list[Node]:
    where = space(n)
    found = list(formulas(on, off, where, Clock(60)))
    for node in found:
        rows = rows_of(node, where, where.ones)
        assert rows & on == on and not rows & off
    return found


def solved(planted: Node, n: int) -> list[Node]:
    on = rows_of(planted, space(n), space(n).ones)
    return shortest(on, space(n).full ^ on, n)


def size(node: Node) -> float:
    return price(node, (1.0,) * 16)[0]


@pytest.mark.parametrize("seed", range(30))
def test_a_read_once_formula_comes_back_with_every_variable_once(seed: int) -> None:
    rng = generator(seed, "read once")
    n = int(rng.integers(2, 11))
    assert [size(node) for node in solved(read_once(range(n), rng), n)] == [n]


@pytest.mark.parametrize("seed", range(12))
def test_a_sum_of_products_is_not_made_longer(seed: int) -> None:
    rng = generator(seed, "products")
    n = int(rng.integers(5, 11))
    planted = sum_of_products(n, int(rng.integers(2, 5)), rng)
    assert size(solved(planted, n)[0]) <= size(planted)


@pytest.mark.parametrize("seed", range(6))
def test_parities_of_parts_are_found(seed: int) -> None:
    rng = generator(seed, "chain")
    n = int(rng.integers(4, 11))
    assert size(solved(xor_chain(n, rng), n)[0]) == n


@pytest.mark.parametrize(
    ("planted", "n", "most"),
    [
        (counted(3, "least", 2), 3, (3, 5)),
        (counted(5, "least", 3), 5, (5, 17)),
        (counted(7, "least", 4), 7, (7, None)),
        (counted(6, "equal", 2), 6, (6, None)),
        (counted(6, "among", 0, 3, 6), 6, (6, None)),
        (counted(6, "among", 1, 2), 6, (6, None)),
        (counted(10, "modulo", 1, 2), 10, (10,)),
        (counted(5, "least", 4, weights=(3, 2, 1, 1, 1)), 5, (5, 11)),
        (multiplexer((0, 1), (2, 3, 4, 5)), 6, (7,)),
        (multiplexer((0,), (1, 2)), 3, (3,)),
    ],
    ids=["majority", "3 of 5", "4 of 7", "exactly 2", "threes", "band", "parity", "weighted", "multiplexer", "choice"],
)
def test_functions_with_a_name(planted: Node, n: int, most: tuple[float | None, ...]) -> None:
    found = solved(planted, n)
    assert len(found) == len(most)
    for node, least in zip(found, most, strict=True):
        assert least is None or size(node) <= least
    assert all(each.op != "count" for each in nodes(found[-1]))


def test_the_carry_of_an_addition() -> None:
    """Two bits and two bits: seven literals with and, or (a1 b1 or (a1 or b1) a0 b0)."""
    a0, a1, b0, b1 = (variable(k) for k in range(4))
    carry = disjunction((conjunction((a1, b1)), conjunction((a0, b0, a1)), conjunction((a0, b0, b1))))
    assert size(solved(carry, 4)[-1]) <= 6


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2 ** (2**n) - 1))))
def test_any_function_comes_out_right_on_every_row(case: tuple[int, int]) -> None:
    n, on = case
    shortest(on, space(n).full ^ on, n)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4).flatmap(lambda n: st.tuples(st.just(n), *[st.integers(0, 2 ** (2**n) - 1)] * 2)))
def test_rows_that_do_not_matter_never_make_a_formula_longer_than_filling_them_in(case: tuple[int, int, int]) -> None:
    n, on, care = case
    found = shortest(on & care, ~on & care & space(n).full, n)
    filled = shortest(on, space(n).full ^ on, n)
    assert size(found[0]) <= size(filled[0]) + 1


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_do_not_matter_are_used(seed: int) -> None:
    """A conjunction shown only where a second, longer function agrees with it is still found."""
    rng = generator(seed, "free")
    where = space(6)
    short, long = conjunction((variable(0), negated(variable(3)))), sum_of_products(6, 4, rng)
    both = (rows_of(each, where, where.ones) for each in (short, long))
    first, second = both
    care = where.full ^ first ^ second
    assert size(shortest(first & care, ~first & care & where.full, 6)[0]) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("n", [7, 8])
def test_tangled_functions_end_in_time(n: int) -> None:
    rng = generator(n, "tangled")
    on = space(n).packed(rng.random(2**n) < 0.5)
    shortest(on, space(n).full ^ on, n)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_method_agrees_with_its_table(data: st.DataObject) -> None:
    n, rows = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 20))
    rng = generator(data.draw(st.integers(0, 999)), "table")
    kind = np.int64 if data.draw(st.booleans()) else bool
    x = rng.integers(0, 2, (rows, n))
    answers = rng.integers(0, 2, 2**n)[x @ (1 << np.arange(n))]
    table = Table({f"x{k}": x[:, k].astype(kind) for k in range(n)}, answers)
    assert Boolean().unsuitable(table) is None
    found = list(Boolean().find(table, Clock(20)))
    assert found and [each.bits for each in found] == sorted(each.bits for each in found)
    for each in found:
        assert (values(each.expr, table.columns) == table.target).all()
        assert literals(each.expr) <= n * 2**n


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([[0, 1], [2, 1]], [0, 1], "other than"),
        ([[0, 1], [0, 1]], [0, 1], "different answers"),
        ([[0] * 17], [1], "17 columns"),
        ([[0, 1]], [3], "other than"),
    ],
)
def test_what_is_no_truth_table_is_said(x: list, y: list, reason: str) -> None:
    columns = {f"x{k}": column for k, column in enumerate(np.array(x).T)}
    assert reason in (Boolean().unsuitable(Table(columns, np.array(y))) or "")


def test_a_contradiction_is_no_table() -> None:
    assert truth_table([np.array([1, 1])], np.array([0, 1])) is None
