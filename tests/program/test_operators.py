"""Each kernel means what plain Python says, on NumPy and torch alike; so does what it prints as."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.errors import ProgramError, UserError
from scrutable.program import (
    BOOL,
    HELPERS,
    INT,
    OPERATORS,
    REAL,
    Array,
    Category,
    Selector,
    Seq,
    Type,
    Var,
    call,
    const,
)
from scrutable.program._backend import NUMPY, Backend, TorchBackend
from scrutable.program._operators import Spelled, operator

TORCH = TorchBackend(torch.device("cpu"))
WHOLE = st.one_of(
    st.integers(-12, 12),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([-(2**63), 2**63 - 1, 2**62, -(2**62), 2**53, 2**53 + 1, 2**32, 3037000500, 0, 1, -1]),
)
FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -2.5, 1e308, 1e-310, 2.0**63, -(2.0**63), math.inf]),
)
ROUNDED = {"exp", "log", "sin", "cos", "tanh"}
LOGICAL = {"and", "or", "not", "xor"}
NAMESPACE: dict[str, Any] = {"math": math}
for _helper in HELPERS.values():
    exec(_helper.source, NAMESPACE)


def same(got: Any, expected: Any, *, rounded: bool = False) -> bool:
    if isinstance(expected, float) and math.isnan(expected):
        return math.isnan(got)
    return math.isclose(got, expected, rel_tol=1e-13, abs_tol=1e-300) if rounded else got == expected


def column(xp: Backend, values: list[Any]) -> Any:
    kind = "b" if isinstance(values[0], bool) else "i" if isinstance(values[0], int) else "f"
    return xp.array(values, kind)


def apply(xp: Backend, name: str, columns: list[list[Any]], params: tuple[Any, ...] = ()) -> list[Any]:
    with np.errstate(all="ignore"):
        arrays = [column(xp, values) for values in columns]
        return xp.numpy(operator(name).kernel(xp, arrays, params)).tolist()


@st.composite
def scalar_rows(draw: st.DrawFn, name: str) -> list[list[Any]]:
    """Columns of arguments for an operator on scalars, each of one kind."""
    arity = OPERATORS[name].arity or draw(st.integers(2, 3))
    kinds = [st.booleans()] if name in LOGICAL else [st.booleans(), WHOLE, FLOATS]
    pools = [st.booleans() if name == "if" and i == 0 else draw(st.sampled_from(kinds)) for i in range(arity)]
    n = draw(st.integers(1, 4))
    return [draw(st.lists(pool, min_size=n, max_size=n)) for pool in pools]


SCALAR_OPERATORS = sorted(oracle.SCALAR)


@pytest.mark.parametrize("name", SCALAR_OPERATORS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_scalar_kernels_agree_with_python(name: str, data: st.DataObject) -> None:
    columns = data.draw(scalar_rows(name))
    for xp in (NUMPY, TORCH):
        try:
            expected = [oracle._fit(oracle.SCALAR[name](*row)) for row in zip(*columns, strict=True)]
            reals = any(isinstance(c[0], float) for c in columns)
            if reals and name not in ("sign", "floor", "round"):
                for value in (v for c in columns for v in c):
                    oracle._real(value)  # a column is converted as a whole
        except oracle.Beyond:
            with pytest.raises(ProgramError):
                apply(xp, name, columns)
            continue
        got = apply(xp, name, columns)
        rounded = name in ROUNDED or (name == "sqrt" and xp is TORCH)
        assert all(same(g, e, rounded=rounded) for g, e in zip(got, expected, strict=True)), (got, expected)


@pytest.mark.parametrize("name", [n for n in SCALAR_OPERATORS if n != "if"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_scalar_spellings_mean_what_the_kernels_mean(name: str, data: st.DataObject) -> None:
    columns = data.draw(scalar_rows(name))
    arguments = [Spelled(f"x{i}") for i in range(len(columns))]
    text = operator(name).spelling(arguments, ()).text
    try:
        got = apply(NUMPY, name, columns)
    except ProgramError:
        return
    for i, value in enumerate(got):
        row = {f"x{j}": c[i] for j, c in enumerate(columns)}
        assert same(value, eval(text, NAMESPACE | row), rounded=name in ROUNDED)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), unique=True, max_size=9), st.integers(-2, 2))
def test_small_and_sparse_tables_are_the_same_lookup(keys: list[tuple[int, int]], default: int) -> None:
    queries = [[a for a in range(-4, 5) for _ in range(-4, 5)], [b for _ in range(-4, 5) for b in range(-4, 5)]]
    for scale in (1, 10**9, 2**60):
        rows = tuple(((a * scale, b), i) for i, (a, b) in enumerate(keys))
        looked = [[a * scale for a in queries[0]], queries[1]]
        expected = [dict(rows).get(key, default) for key in zip(*looked, strict=True)]
        assert apply(NUMPY, "table", looked, (rows, default)) == expected
        assert apply(TORCH, "table", looked, (rows, default)) == expected


def test_a_table_looks_up_the_extreme_integers() -> None:
    low, high = -(2**63), 2**63 - 1
    params = (((low,), 1.5), ((0,), 2.5), ((high,), 3.5)), 0
    assert apply(NUMPY, "table", [[low, low + 1, 0, high - 1, high]], params) == [1.5, 0.0, 2.5, 0.0, 3.5]


def test_real_sums_are_taken_from_the_left() -> None:
    values = np.random.default_rng(0).normal(size=(3, 1000)) * 10.0 ** np.arange(1000).clip(0, 15)
    expected = [NAMESPACE["sum_of"](row) for row in values.tolist()]
    assert operator("sum").kernel(NUMPY, [values], ()).tolist() == expected
    assert operator("sum").kernel(TORCH, [torch.tensor(values)], ()).tolist() == expected
    everything = np.ones((3, 1, 1000), dtype=bool)
    means = operator("aggregate").kernel(NUMPY, [everything, values], (0.0,))[:, 0]
    assert means.tolist() == [total / 1000 for total in expected]


def test_integer_sums_are_exact_or_refused() -> None:
    big = 2**62
    assert operator("sum").kernel(NUMPY, [np.array([[big, -big, big, big - 1]])], ()).tolist() == [2 * big - 1]
    for xp in (NUMPY, TORCH):
        with pytest.raises(ProgramError, match="beyond 64 bits"):
            operator("sum").kernel(xp, [xp.array([[big, big, -big]], "i")], ())
        with pytest.raises(ProgramError, match="beyond 64 bits"):
            operator("dot").kernel(xp, [xp.array([[[big, 1]]], "i"), xp.array([[[2, 1]]], "i")], ())


TYPES: tuple[tuple[str, tuple[Type, ...], tuple[Any, ...], Type], ...] = (
    ("add", (Category(3), BOOL), (), INT),
    ("add", (INT, Seq(REAL)), (), Seq(REAL)),
    ("add", (Array((2,), INT), Seq(BOOL)), (), Seq(Array((2,), INT))),
    ("min", (Category(3), Category(5)), (), Category(5)),
    ("if", (Seq(BOOL), INT, REAL), (), Seq(REAL)),
    ("table", (BOOL, INT), ((((0, 1), 2),), 0.5), REAL),
    ("and", (Selector(), Selector()), (), Selector()),
    ("floor", (REAL,), (), INT),
    ("div", (INT, INT), (), REAL),
    ("shift", (Seq(BOOL),), (1, 0), Seq(INT)),
    ("sum", (Seq(BOOL),), (), INT),
    ("counts", (Seq(Category(4)),), (4,), Array((4,), INT)),
    ("pick", (Selector(), Seq(Category(2))), (0,), Seq(INT)),
    ("aggregate", (Selector(), Seq(INT)), (0,), Seq(REAL)),
    ("index", (Seq(Array((2, 3), REAL)),), (1,), Seq(Array((3,), REAL))),
    ("stack", (Seq(INT), REAL), (), Seq(Array((2,), REAL))),
    ("argmax", (Array((4,), REAL),), (), INT),
)


@pytest.mark.parametrize(("name", "types", "params", "expected"), TYPES)
def test_result_types(name: str, types: tuple[Type, ...], params: tuple[Any, ...], expected: Type) -> None:
    assert call(name, *(Var(f"x{i}", t) for i, t in enumerate(types)), params=params).type == expected


REFUSED: tuple[tuple[str, tuple[Type, ...], tuple[Any, ...]], ...] = (
    ("add", (INT,), ()),
    ("add", (INT, INT), (1,)),
    ("add", (INT, Selector()), ()),
    ("and", (INT, BOOL), ()),
    ("and", (Selector(), BOOL), ()),
    ("if", (INT, INT, INT), ()),
    ("add", (Array((2,), INT), Array((3,), INT)), ()),
    ("table", (REAL,), ((), 0)),
    ("table", (INT,), ((((0, 1), 2),), 0)),
    ("table", (INT,), ((((0,), 1), ((0,), 2)), 0)),
    ("table", (INT,), ((((0,), math.nan),), 0)),
    ("table", (INT,), (5, 0)),
    ("shift", (Seq(INT),), (1.5, 0)),
    ("shift", (INT,), (1, 0)),
    ("sum", (INT,), ()),
    ("count", (Seq(INT),), ()),
    ("counts", (Seq(INT),), (10**9,)),
    ("select", (INT, INT), ("eq",)),
    ("select", (Seq(INT), Seq(INT)), ("nearly",)),
    ("aggregate", (Seq(BOOL), Seq(INT)), (0,)),
    ("index", (Array((2,), INT),), (2,)),
    ("index", (Array((2,), INT),), (-1,)),
    ("dot", (Array((2, 2), INT), Array((2, 2), INT)), ()),
    ("argmax", (INT,), ()),
)


@pytest.mark.parametrize(("name", "types", "params"), REFUSED)
def test_calls_that_make_no_sense_are_refused(name: str, types: tuple[Type, ...], params: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match="got .* expected"):
        call(name, *(Var(f"x{i}", t) for i, t in enumerate(types)), params=params)


def test_an_unknown_operator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="got operator 'plus', expected one of add"):
        operator("plus")


def test_literals_beyond_64_bits_are_refused_before_they_run() -> None:
    with pytest.raises(UserError, match="64-bit"):
        call("shift", Var("x", Seq(INT)), params=(1, 2**63))
    assert const(2**70).value == 2**70  # a Const is checked with its program
