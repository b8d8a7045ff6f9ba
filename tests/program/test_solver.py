"""The solver's meaning of every operator is the kernel's; equal programs are proved equal, others told apart."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import cases
import numpy as np
import oracle
import pytest
import strategies
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scrutable.errors import ProgramError, UserError
from scrutable.program import (
    BOOL,
    INT,
    OPERATORS,
    REAL,
    Array,
    Call,
    Category,
    CounterInput,
    Expr,
    Input,
    Let,
    Program,
    Proof,
    Seq,
    Type,
    Unknown,
    Var,
    call,
    const,
    equivalent,
    scalar_of,
    simplify,
    solver_terms,
    walk,
)
from scrutable.program._solver import BLOCKS, SCALARS
from scrutable.program._solver._question import number
from scrutable.program._solver._terms import literals

z3 = pytest.importorskip("z3")
UNINTERPRETED = {"sqrt", "exp", "log", "sin", "cos", "tanh"}
LOGICAL = {"and", "or", "not", "xor"}
INEXACT = {"div", "floordiv", "mod", "aggregate", "sub", "add", "mul", "sum", "dot"} | UNINTERPRETED


def plain(term: Any) -> Any:
    """A term without unknowns as nested tuples of plain numbers."""
    if isinstance(term, tuple):
        return tuple(map(plain, term))
    value = z3.simplify(term)
    assert z3.is_int_value(value) or z3.is_rational_value(value) or z3.is_true(value) or z3.is_false(value), value
    return number(value)


def kind(type_: Type) -> Any:
    return {"Bool": "b", "Real": "f"}.get(type(scalar_of(type_)).__name__, "i")


def nested(array: Any) -> Any:
    return tuple(map(nested, array)) if isinstance(array, list) else array


def columns(program: Program, x: np.ndarray) -> list[np.ndarray]:
    return [x[..., i] for i in range(len(program.inputs))] if len(program.inputs) > 1 else [x]


def encoded(program: Program, x: np.ndarray) -> dict[str, Any]:
    """The values of a program's variables on one row, by the solver."""
    inputs = {}
    for entry, column in zip(program.inputs, columns(program, x), strict=True):
        values = column[0].astype({"b": bool, "i": int, "f": float}[kind(entry.type)])
        inputs[entry.name] = literals(nested(values.tolist()), kind(entry.type))
    return {name: plain(term) for name, term in solver_terms(program, inputs).items()}


def agree(program: Program, x: np.ndarray, *, exact: bool) -> None:
    expected, got = program.run(x), encoded(program, x)
    for name, value in expected.items():
        left, right = np.asarray(got[name], float), np.asarray(value[0], float)
        assert left.shape == right.shape, name
        if exact:
            np.testing.assert_array_equal(left, right, err_msg=name)
        else:
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=name)


def test_every_operator_has_an_encoding() -> None:
    assert {*SCALARS, *BLOCKS} == set(OPERATORS)
    for name in OPERATORS:
        assert (name in SCALARS) == (OPERATORS[name].lift == "element"), name


@st.composite
def scalar_calls(draw: st.DrawFn, name: str) -> tuple[Program, np.ndarray]:
    """An operator on scalars of drawn kinds, and a row of small numbers, halves among the reals."""
    arity = OPERATORS[name].arity or draw(st.integers(2, 3))
    options = [BOOL] if name in LOGICAL else [BOOL, INT, REAL]
    types = [BOOL if name == "if" and i == 0 else draw(st.sampled_from(options)) for i in range(arity)]
    params: tuple[Any, ...] = ()
    if name == "table":
        types = [draw(st.sampled_from([BOOL, INT, Category(4)])) for _ in range(arity)]
        keys = draw(st.lists(st.tuples(*[st.integers(-2, 3)] * arity), unique=True, max_size=6))
        pool = draw(st.sampled_from([st.integers(-3, 3), st.sampled_from([0.5, 2.0]), st.booleans()]))
        params = (tuple((key, draw(pool)) for key in keys), draw(pool))
    inputs = tuple(Input(f"x{i}", type_) for i, type_ in enumerate(types))
    expr = call(name, *(Var(entry.name, entry.type) for entry in inputs), params=params)
    pools = {
        "b": st.integers(0, 1),
        "i": st.integers(0, 3) if name == "table" else st.integers(-7, 7),
        "f": st.integers(-14, 14).map(lambda n: n / 2),
    }
    row = [draw(pools[kind(type_)]) for type_ in types]
    x = np.array([row], float if any(kind(t) == "f" for t in types) else int)
    return Program("one", inputs, (Let("y", expr),), ("y",)), x if len(row) > 1 else x[:, 0]


@pytest.mark.parametrize("name", sorted(set(SCALARS) - UNINTERPRETED))
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_operators_on_scalars_mean_what_their_kernels_mean(name: str, data: st.DataObject) -> None:
    program, x = data.draw(scalar_calls(name))
    agree(program, x, exact=name != "div")


def test_integer_division_in_every_corner() -> None:
    a, b = Var("a", INT), Var("b", INT)
    inputs = (Input("a", INT), Input("b", INT))
    for divisor in (b, *map(const, range(-2, 3))):
        program = Program("d", inputs, (Let("q", call("floordiv", a, divisor)), Let("r", a % divisor)), ("q", "r"))
        for left in (-9, -4, -1, 0, 3, 8):
            for right in range(-3, 4) if divisor is b else (0,):
                agree(program, np.array([[left, right]]), exact=True)


def test_solver_and_kernels_agree_on_unknowns_too() -> None:
    """With unknown arguments the terms are not the ones that numbers give: ask for a model of `f(x) == value`."""
    x, y = z3.Ints("x y")
    for name in ("floordiv", "mod", "min", "max", "sub"):
        term = SCALARS[name]([x, y], ())
        for left in (-7, -3, 0, 2, 7):
            for right in (-3, -1, 0, 2):
                expected = oracle.SCALAR[name](left, right)
                solver = z3.Solver()
                solver.add(x == left, y == right, term != int(expected))
                assert solver.check() == z3.unsat, (name, left, right)


def test_rounding_is_half_to_even() -> None:
    program = Program("r", (Input("x", REAL),), (Let("y", call("round", Var("x", REAL))),), ("y",))
    for value in np.arange(-4, 4.25, 0.25):
        agree(program, np.array([value]), exact=True)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_whole_programs_mean_what_they_mean(data: st.DataObject) -> None:
    program = data.draw(strategies.programs())
    assume(not operators(program) & (UNINTERPRETED | {"div", "aggregate"}))
    x = data.draw(strategies.data_for(program, most_steps=3))[:1]
    assume(len(x))
    assume(not isinstance(program.inputs[0].type, Seq) or x.shape[1])
    try:
        program.run(x)
    except ProgramError:
        assume(False)
    agree(program, x, exact=not any(isinstance(scalar_of(t), type(REAL)) for t in program.variables.values()))


def operators(program: Program) -> set[str]:
    exprs = [e for s in program.statements for e in expressions(s)]
    return {node.op for expr in exprs for node in walk(expr) if isinstance(node, Call)}


def expressions(statement: Any) -> list[Expr]:
    if isinstance(statement, Let):
        return [statement.expr]
    return [*(e for _, e in statement.over), *(let.expr for let in statement.body), *(s.next for s in statement.states)]


@pytest.mark.parametrize("name", sorted(cases.CASES))
def test_the_programs_that_people_know(name: str) -> None:
    program = cases.CASES[name]
    rng = np.random.default_rng(0)
    shape: tuple[int, ...] = (3,) if isinstance(program.inputs[0].type, Seq) else ()
    item = program.inputs[0].type
    item = item.item if isinstance(item, Seq) else item
    shape += item.shape if isinstance(item, Array) else ()
    shape += (len(program.inputs),) if len(program.inputs) > 1 else ()
    if operators(program) & UNINTERPRETED:
        pytest.skip("has a function that the solver does not interpret")
    for _ in range(5):
        agree(program, rng.integers(0, 2, (1, *shape)), exact=False)


@given(
    values=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    relation=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "true"]),
)
@settings(max_examples=25, deadline=None)
def test_attention_means_what_it_means(values: list[int], relation: str) -> None:
    x = Var("x", Seq(INT))
    chosen = call("select", x, call("position", x), params=(relation,))
    parts = {
        "mean": call("aggregate", chosen, x, params=(-1.5,)),
        "first": call("pick", call("not", chosen), x, params=(7,)),
        "many": call("width", call("and", chosen, call("select", x, x, params=("le",)))),
    }
    program = Program("p", (Input("x", Seq(INT)),), tuple(Let(*part) for part in parts.items()), tuple(parts))
    agree(program, np.array([values]), exact=False)


# proofs


def of_two(expr: Expr, *, types: tuple[Type, ...] = (INT, INT)) -> Program:
    return Program("p", tuple(Input(n, t) for n, t in zip("xy", types, strict=True)), (Let("z", expr),), ("z",))


X, Y = Var("x", INT), Var("y", INT)
RX, RY = Var("x", REAL), Var("y", REAL)
EQUAL = [
    (of_two(call("max", X, Y)), of_two(call("if", call("lt", X, Y), Y, X))),
    (of_two(call("max", X - Y, 0) + Y), of_two(call("max", X, Y))),
    (of_two(call("abs", X - Y)), of_two(call("max", X, Y) - call("min", Y, X))),
    (of_two((X + 2 * Y) % 2), of_two(X % 2)),
    (of_two((4 * X + Y % 4) // 4), of_two(X)),
    (of_two(call("mod", X, 0)), of_two(X)),
    (of_two((X + Y) * (X + Y)), of_two(X * X + 2 * X * Y + Y * Y)),
    (of_two(X % 3 - X), of_two(-3 * (X // 3))),
]
DIFFERENT = [
    (of_two(call("max", X, Y)), of_two(call("if", call("eq", X, 777), Y, call("max", X, Y)))),
    (of_two(X // 2), of_two(call("floor", call("div", X + 1, 2)))),
    (of_two(-(X // 2)), of_two((-X) // 2)),
    (of_two(X * Y), of_two(call("if", call("eq", X * 31 + Y, 5000), 1, X * Y))),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_equal_programs_are_proved_equal(first: Program, second: Program) -> None:
    assert isinstance(equivalent(first, second), Proof)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_programs_that_differ_in_a_corner_are_told_apart(first: Program, second: Program) -> None:
    found = equivalent(first, second)
    assert isinstance(found, CounterInput)
    assert first(found.row).tolist() == found.first.tolist()
    assert second(found.row).tolist() == found.second.tolist()
    assert found.first.tolist() != found.second.tolist()


def test_ranges_are_part_of_the_question() -> None:
    wide, narrow = of_two(call("max", X, 0) + Y), of_two(X + Y)
    assert isinstance(equivalent(wide, narrow, ranges={"x": (0, 9)}), Proof)
    found = equivalent(wide, narrow, ranges={"x": (-1, 9)})
    assert isinstance(found, CounterInput)
    assert found.row[0, 0] == -1


def test_reals_can_be_equal_within_a_tolerance() -> None:
    first = of_two(call("max", RX, RY), types=(REAL, REAL))
    second = of_two(call("add", call("max", RX, RY), 0.001), types=(REAL, REAL))
    assert isinstance(equivalent(first, second, within=0.01), Proof)
    found = equivalent(first, second, within=0.0001)
    assert isinstance(found, CounterInput)
    assert abs(found.first - found.second) > 0.0001


def test_functions_without_meaning_are_equal_on_equal_arguments_only() -> None:
    first = of_two(call("tanh", RX + RY), types=(REAL, REAL))
    assert isinstance(equivalent(first, of_two(call("tanh", RY + RX), types=(REAL, REAL))), Proof)
    odd = of_two(-call("tanh", -(RX + RY)), types=(REAL, REAL))
    assert isinstance(equivalent(first, odd, within=1e-12), Unknown), "true, but not known to the solver; not refuted"


def test_sequences_of_a_length() -> None:
    adder, table = cases.adder(), cases.table_adder()
    bits = {"a": (0, 1), "b": (0, 1)}
    assert isinstance(equivalent(adder, table, ranges=bits, length=6), Proof)
    assert isinstance(equivalent(adder, table, ranges=bits | {"b": (0, 2)}, length=6), CounterInput)
    with pytest.raises(UserError, match="length"):
        equivalent(adder, table)


@pytest.mark.parametrize("make", [cases.choices, cases.machine, cases.parity])
def test_simplified_programs_are_proved_equal(make: Any) -> None:
    program = make()
    x = np.random.default_rng(0).integers(0, 2, (64, 5))
    assert isinstance(equivalent(program, simplify(program, x), length=4), Proof)


def test_what_the_solver_cannot_decide_in_time_is_unknown() -> None:
    cubes = of_two(X * X * X + Y * Y * Y)
    other = of_two(call("if", call("eq", X * X * X + Y * Y * Y, 114), 0, X * X * X + Y * Y * Y))
    found = equivalent(cubes, other, seconds=0.2)
    assert isinstance(found, Unknown)
    assert found.reason


def test_different_inputs_are_refused() -> None:
    with pytest.raises(UserError, match="expected the same inputs"):
        equivalent(of_two(X), of_two(call("floor", RX), types=(REAL, REAL)))


def test_the_solver_is_not_imported_until_it_is_asked() -> None:
    code = "import sys, scrutable.program; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
