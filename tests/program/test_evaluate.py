"""Programs compute what a slow row-by-row reading says, on NumPy and torch, for any number of rows and steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import oracle
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import data_for, is_steady, programs

from scrutable.errors import ProgramError, UserError
from scrutable.program import (
    BOOL,
    INT,
    REAL,
    Array,
    Category,
    Const,
    Input,
    Let,
    Program,
    Scan,
    Seq,
    State,
    Var,
    call,
    const,
)
from scrutable.program._backend import NUMPY
from scrutable.program._operators import kind_of

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def adder() -> Program:
    a, b = Var("a", Seq(INT)), Var("b", Seq(INT))
    total = Var("total", INT)
    body = (Let("total", Var("a_t", INT) + Var("b_t", INT) + Var("carry", INT)), Let("output", total % 2))
    scan = Scan((("a_t", a), ("b_t", b)), (State("carry", const(0), total // 2),), body)
    return Program("adder", (Input("a", a.type), Input("b", b.type)), (scan,), ("output",))


def rows_of(program: Program, x: np.ndarray) -> list[dict[str, Any]]:
    """The inputs of each row as plain Python values of the declared types."""
    cast = {"b": bool, "i": int, "f": float}

    def plain(value: Any, kind: str) -> Any:
        return [plain(v, kind) for v in value] if isinstance(value, list) else cast[kind](value)

    several = len(program.inputs) > 1
    return [
        {
            entry.name: plain((row[..., i] if several else row).tolist(), kind_of(entry.type))
            for i, entry in enumerate(program.inputs)
        }
        for row in x
    ]


def agree(got: Any, expected: Any) -> bool:
    """Equal; numbers that went through a rounded function may differ in the last places."""
    if isinstance(expected, (list, tuple)):
        return len(got) == len(expected) and all(map(agree, got, expected))
    if isinstance(expected, float) and math.isnan(expected):
        return math.isnan(got)
    return got == expected or (isinstance(expected, float) and math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-9))


@SLOW
@given(st.data())
def test_programs_agree_with_a_slow_reading(data: st.DataObject) -> None:
    program = data.draw(programs())
    assume(is_steady(program))
    x = data.draw(data_for(program))
    try:
        got = program.run(x)
        expected = [oracle.run_row(program, row) for row in rows_of(program, x)]
    except (ProgramError, oracle.Beyond):
        assume(False)
    for name, type_ in program.variables.items():
        assert NUMPY.kind(got[name]) == kind_of(type_)
        assert got[name].shape[0] == len(x)
        for i, row in enumerate(expected):
            assert agree(got[name][i].tolist(), row[name]), name


@SLOW
@given(st.data())
def test_torch_equals_numpy(data: st.DataObject) -> None:
    program = data.draw(programs())
    assume(is_steady(program))
    x = data.draw(data_for(program))
    try:
        expected = program.run(x)
    except ProgramError:
        with pytest.raises(ProgramError):
            program.run(torch.tensor(x))
        return
    got = program.run(torch.tensor(x))
    for name, value in expected.items():
        assert isinstance(got[name], torch.Tensor)
        assert got[name].dtype == torch.from_numpy(np.zeros(1, value.dtype)).dtype
        np.testing.assert_allclose(got[name].numpy(), value, rtol=1e-12, atol=1e-12)


@SLOW
@given(st.data())
def test_rows_do_not_touch_each_other(data: st.DataObject) -> None:
    program = data.draw(programs())
    assume(is_steady(program))
    x = data.draw(data_for(program))
    try:
        whole = program(x)
    except ProgramError:
        assume(False)
    for i in range(len(x)):
        np.testing.assert_array_equal(program(x[i : i + 1])[0], whole[i])


def test_scalars_and_sequences_are_told_apart_by_type_when_sizes_agree() -> None:
    a = Var("a", Seq(INT))
    total = call("sum", a)
    program = Program("p", (Input("a", a.type),), (Let("v", a - total), Let("w", call("le", total, a))), ("v",))
    x = np.arange(9).reshape(3, 3)
    np.testing.assert_array_equal(program(x), x - x.sum(1, keepdims=True))
    np.testing.assert_array_equal(program.run(x)["w"], x.sum(1, keepdims=True) <= x)


def test_arrays_lift_over_sequences_by_type() -> None:
    image = Var("image", Seq(Array((2,), INT)))
    weights = Const((10, 1), Array((2,), INT))
    lets = (
        Let("scaled", call("mul", image, weights)),
        Let("shown", call("dot", image, weights)),
        Let("first", call("index", Var("scaled", image.type), params=(0,))),
        Let("both", call("stack", Var("shown", Seq(INT)), call("length", image))),
    )
    program = Program("p", (Input("image", image.type),), lets, ("shown",))
    x = np.arange(8).reshape(2, 2, 2)
    values = program.run(x)
    np.testing.assert_array_equal(values["scaled"], x * [10, 1])
    np.testing.assert_array_equal(values["shown"], x @ [10, 1])
    np.testing.assert_array_equal(values["first"], x[..., 0] * 10)
    np.testing.assert_array_equal(values["both"], np.stack([x @ [10, 1], np.full((2, 2), 2)], -1))


def test_a_scan_may_carry_an_array() -> None:
    pair = Array((2,), INT)
    a, state = Var("a", Seq(INT)), Var("pair", pair)
    following = call("stack", call("index", state, params=(1,)), Var("a_t", INT))
    scan = Scan((("a_t", a),), (State("pair", Const((0, 0), pair), following),), ())
    program = Program("p", (Input("a", a.type),), (scan,), ("pair",))
    np.testing.assert_array_equal(program(np.array([[1, 2, 3]])), [[[0, 1], [1, 2], [2, 3]]])
    assert program(np.zeros((2, 0), int)).shape == (2, 0, 2)


def test_states_change_together() -> None:
    a, x, y = Var("a", Seq(INT)), Var("p", INT), Var("q", INT)
    scan = Scan((("a_t", a),), (State("p", const(0), y), State("q", const(1), x + y)), ())
    program = Program("fibonacci", (Input("a", a.type),), (scan,), ("p", "q"))
    np.testing.assert_array_equal(program(np.zeros((1, 5), int))[0].T, [[1, 1, 2, 3, 5], [1, 2, 3, 5, 8]])


@pytest.mark.parametrize(("n", "length"), [(0, 0), (0, 3), (2, 0), (1, 1), (3, 3)])
def test_any_number_of_rows_and_steps(n: int, length: int) -> None:
    result = adder()(np.ones((n, length, 2), int))
    assert result.shape == (n, length)
    assert result.dtype == np.int64


def test_outputs_have_memory_of_their_own() -> None:
    program = Program("p", (Input("a", INT),), (), ("a",))
    x = np.arange(3)
    program(x)[:] = 9
    assert x.tolist() == [0, 1, 2]


def test_integers_that_leave_64_bits_are_refused() -> None:
    a = Var("a", INT)
    program = Program("p", (Input("a", INT),), (Let("v", a * a),), ("v",))
    assert program(np.array([3037000499])).tolist() == [3037000499**2]
    with pytest.raises(ProgramError, match="beyond 64 bits"):
        program(np.array([3037000500]))


def test_sequences_of_unequal_lengths_are_refused() -> None:
    a, three = Var("a", Seq(INT)), Const((1, 2, 3), Seq(INT))
    program = Program("p", (Input("a", a.type),), (Let("v", a + three),), ("v",))
    assert program(np.zeros((1, 3), int)).tolist() == [[1, 2, 3]]
    for length in (1, 4):
        with pytest.raises(ProgramError, match="equal lengths"):
            program(np.zeros((1, length), int))


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.zeros((4, 5), int), r"got data of shape \(4, 5\), expected \(n, L, 2\) for inputs a, b"),
        (np.zeros((4, 5, 3), int), r"expected \(n, L, 2\)"),
        (np.array(["x"]), r"expected \(n, L, 2\)"),
        ([[1], [1, 2]], "no array"),
        (np.full((1, 1, 2), 0.5), "not whole.*input a; .*not whole.*input b"),
        (np.full((1, 1, 2), np.nan), "not whole"),
        (np.zeros((1, 1, 2), complex), "dtype complex128"),
        (np.full((1, 1, 2), 2**63, np.uint64), "beyond 64 bits"),
    ],
)
def test_data_that_do_not_fit_are_refused_with_every_reason(x: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        adder()(x)


@pytest.mark.parametrize(
    ("type_", "x", "reason"),
    [
        (BOOL, [0, 2], "expected Bool: 0 or 1"),
        (Category(3), [0, 3], r"expected Category\(3\): 0 to 2"),
        (REAL, [2**60], "expected ones that a Real holds exactly"),
    ],
)
def test_values_outside_the_type_are_refused(type_: Any, x: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        Program("p", (Input("a", type_),), (), ("a",))(np.array(x))


def test_half_precision_and_whole_floats_are_taken() -> None:
    program = Program("p", (Input("a", INT),), (), ("a",))
    assert program(np.array([1.0, -2.0], np.float16)).tolist() == [1, -2]
    assert program(torch.tensor([1.0, -2.0], dtype=torch.bfloat16)).tolist() == [1, -2]
    assert program([3, 4]).tolist() == [3, 4]


def test_examples_are_rows_and_answers() -> None:
    program = adder().with_examples(np.array([[[1, 1], [0, 0]], [[0, 1], [0, 0]]]), count=1)
    assert program.examples == ((((1, 1), (0, 0)), (0, 1)),)


def test_examples_leave_out_what_python_cannot_write() -> None:
    a = Var("a", REAL)
    program = Program("p", (Input("a", REAL),), (Let("v", call("exp", a)),), ("v",))
    assert program.with_examples(np.array([0.0, 1e6])).examples == ((0.0, 1.0),)


def test_one_input_may_be_the_only_column_of_a_table() -> None:
    program = Program("program", (Input("x", INT),), (Let("y", call("mul", Var("x", INT), 2)),), ("y",))
    x = np.arange(5)
    assert (program(x[:, None]) == program(x)).all()
    steps = Program("program", (Input("x", Seq(INT)),), (Let("y", call("mul", Var("x", Seq(INT)), 2)),), ("y",))
    words = np.arange(6).reshape(2, 3)
    assert (steps(words[..., None]) == steps(words)).all()
    with pytest.raises(UserError, match="expected"):
        program(words)
