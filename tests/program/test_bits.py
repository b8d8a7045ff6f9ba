"""Description lengths: what is bigger costs more, and what is shared is paid for once."""

from __future__ import annotations

from math import comb, inf, isfinite, log2, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.cases import CASES, adder, table_adder
from program.strategies import programs
from scrutable.errors import UserError
from scrutable.program import INT, REAL, Array, Const, Expr, Input, Let, Program, Scan, Seq, State, Var, call, const
from scrutable.program._bits import expr_bits, integer_bits, program_bits, real_bits, residual_bits

X = Var("x", INT)
SMALL = st.integers(-(10**6), 10**6)


def table(rows: int) -> Expr:
    return call("table", X, params=(tuple(((k,), k % 3) for k in range(rows)), 0))


@settings(deadline=None)
@given(programs())
def test_bits_are_positive_and_finite(program: Program) -> None:
    assert isfinite(program.bits)
    assert program.bits > 0


def test_the_adder_costs_less_than_its_table() -> None:
    assert 40 <= adder().bits <= 80
    assert table_adder().bits > 3 * adder().bits


@given(st.integers(0, 200), st.integers(1, 50))
def test_more_rows_cost_more(rows: int, more: int) -> None:
    assert expr_bits(table(rows + more), 3) > expr_bits(table(rows), 3) + 2 * more


@given(SMALL)
def test_larger_constants_never_cost_less(value: int) -> None:
    further = value + 1 if value >= 0 else value - 1
    assert integer_bits(further) >= integer_bits(value)
    assert integer_bits(4 * value) > integer_bits(value) or value == 0


def test_integers_have_a_prefix_code() -> None:
    assert sum(2.0 ** -integer_bits(k) for k in range(-(2**14), 2**14)) <= 1.0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_reals_cost_their_digits(value: float) -> None:
    assert 0 < real_bits(value) < 150
    assert real_bits(0.5) < real_bits(0.123) < real_bits(0.123456789)
    assert isfinite(real_bits(inf))
    assert isfinite(real_bits(nan))


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_variable_costs_the_choice_among_those_in_scope(scope: int, more: int) -> None:
    assert expr_bits(X, scope + more) > expr_bits(X, scope) > 0


def named(repeats: int, *, shared: bool) -> Program:
    """A large expression read several times, by name or written out."""
    large = (X * X + 3) % 7 * X - (X // 2)
    part = Var("part", large.type) if shared else large
    total = part
    for _ in range(repeats - 1):
        total = total + part
    lets = (Let("part", large), Let("y", total)) if shared else (Let("y", total),)
    return Program("f", (Input("x", INT),), lets, ("y",))


@pytest.mark.parametrize("repeats", [2, 3, 8])
def test_naming_a_repeated_part_is_cheaper_than_repeating_it(repeats: int) -> None:
    assert named(repeats, shared=True).bits < named(repeats, shared=False).bits


def test_every_statement_and_every_state_pays() -> None:
    inputs = (Input("x", Seq(INT)),)
    over = (("x_t", Var("x", Seq(INT))),)
    states = tuple(State(f"s{i}", const(0), Var("x_t", INT)) for i in range(3))
    sizes = [Program("f", inputs, (Scan(over, states[:n], ()),), ("s0",)).bits for n in (1, 2, 3)]
    assert sizes[0] + 4 < sizes[1]
    assert sizes[1] + 4 < sizes[2]
    lets = tuple(Let(f"y{i}", X) for i in range(3))
    sizes = [program_bits(Program("f", (Input("x", INT),), lets[:n], ("y0",))) for n in (1, 2, 3)]
    assert sizes == sorted(sizes)
    assert sizes[1] - sizes[0] > 2


def test_a_truth_value_used_as_a_number_pays_for_its_conversion() -> None:
    truth, other = call("lt", X, 0), call("lt", 3, X)
    alone = expr_bits(truth, 1) + expr_bits(other, 1)
    operators = {op: expr_bits(call(op, truth, other), 1) - alone for op in ("eq", "add")}
    assert operators["add"] > operators["eq"]
    mixed = [expr_bits(call("if", truth, other, rest), 1) - expr_bits(rest, 1) for rest in (other, X)]
    assert mixed[1] > mixed[0]


def test_weights_pay_for_each_number() -> None:
    def weights(n: int) -> float:
        return expr_bits(Const((0.25,) * n, Array((n,), REAL)), 1)

    assert weights(10) - weights(9) == weights(2) - weights(1) > 0


def test_names_and_examples_are_free() -> None:
    renamed = Program("g", adder().inputs, adder().statements, adder().outputs, summary="words " * 50)
    assert renamed.bits == adder().bits


@given(st.integers(0, 40), st.integers(0, 40), st.integers(2, 9))
def test_residuals_cost_count_place_and_value(agree: int, wrong: int, alphabet: int) -> None:
    expected = np.zeros(agree + wrong, dtype=int)
    got = np.array([0] * agree + [1] * wrong, dtype=int)
    n = agree + wrong
    want = log2(n + 1) + log2(comb(n, wrong)) + wrong * log2(alphabet - 1)
    assert residual_bits(expected, got, alphabet=alphabet) == pytest.approx(want, abs=1e-6)


@given(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=20))
def test_residuals_of_numbers_are_finite_and_agreement_is_cheapest(pairs: list[tuple[int, int]]) -> None:
    expected, got = np.array(pairs).T
    bits = residual_bits(expected, got)
    assert 0 <= residual_bits(expected, expected) <= bits < inf
    assert isfinite(residual_bits(expected / 3, got / 7))


def test_residuals_of_reals() -> None:
    expected = np.array([1.0, nan, inf, 2.0])
    assert residual_bits(expected, expected) == log2(5)
    assert isfinite(residual_bits(expected, np.zeros(4)))
    near = expected + 1e-9
    assert residual_bits(expected, near, tolerance=1e-6) == log2(5)
    assert residual_bits(expected, near) > log2(5)


def test_residuals_of_other_shapes_are_refused() -> None:
    with pytest.raises(UserError, match=r"got outputs of shape \(2,\), expected shape \(3,\)"):
        residual_bits(np.zeros(3), np.zeros(2))
    with pytest.raises(UserError, match="got alphabet 0"):
        residual_bits(np.zeros(3), np.zeros(3), alphabet=0)


@pytest.mark.parametrize("name", CASES)
def test_known_programs_have_a_size(name: str) -> None:
    assert 10 < CASES[name].bits < 1000
