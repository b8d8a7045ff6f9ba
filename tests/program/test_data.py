"""Programs as plain data: a round trip loses nothing, and garbage is refused in one sentence."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import data_for, programs
from test_evaluate import adder

from scrutable.errors import ProgramError, UserError
from scrutable.program import INT, REAL, Const, Input, Let, Program

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["var", "const", "call", "add", "table", "shift", "Int", "Seq(Int)", "a", "Category(1e999)"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.sampled_from(["let", "expr", "over", "states", "body", "name", "inputs"]), inner),
    ),
    max_leaves=12,
)


@SLOW
@given(st.data())
def test_programs_survive_json(data: st.DataObject) -> None:
    program = data.draw(programs())
    with contextlib.suppress(ProgramError):
        program = program.with_examples(data.draw(data_for(program)))
    back = Program.from_data(json.loads(json.dumps(program.to_data(), allow_nan=False)))
    assert back == program
    assert back.examples == program.examples
    assert back.to_data() == program.to_data()


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every part of nested data."""
    found = [path]
    if isinstance(data, dict):
        found += [p for key, value in data.items() for p in places(value, (*path, key))]
    elif isinstance(data, list):
        found += [p for i, value in enumerate(data) for p in places(value, (*path, i))]
    return found


ADDER = adder().with_examples([[[1, 1], [0, 1]]]).to_data()
PLACES = places(ADDER)


@SLOW
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_damaged_programs_are_read_or_refused(damage: list[tuple[tuple[Any, ...], Any]]) -> None:
    data = copy.deepcopy(ADDER)
    for path, junk in damage:
        data = replaced(data, path, junk)
    try:
        assert isinstance(Program.from_data(data), Program)
    except UserError as error:
        str(error).encode()


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The data with one part replaced, if it is still there."""
    if not path:
        return value
    with contextlib.suppress(LookupError, TypeError):
        data[path[0]] = replaced(data[path[0]], path[1:], value)
    return data


@given(JUNK)
def test_junk_is_refused(junk: Any) -> None:
    with pytest.raises(UserError):
        Program.from_data(junk)


def nested(depth: int) -> Any:
    data: Any = ["var", "a", "Seq(Int)"]
    for _ in range(depth):
        data = ["call", "neg", [data], [], "Seq(Int)"]
    return data


@pytest.mark.parametrize(
    "expr",
    [
        nested(100_000),
        ["call", "stack", [["var", "a", "Int"]] * 200_000, [], "Int"],
        ["const", 10**5000, "Int"],
        ["const", float("nan"), "Real"],
        ["const", 1, "Category(" + "9" * 190 + ")"],
        ["const", 1, "Seq(" * 3000],
        ["call", "__import__", [], ["os"], "Int"],
        ["call", "counts", [["var", "a", "Seq(Int)"]], [10**12], "Array((1000000000000,), Int)"],
        ["var", "\ud800", "Int"],
        ["var", "a", "__import__('os')"],
    ],
    ids=["deep", "wide", "huge", "nan", "category", "type", "import", "counts", "surrogate", "code"],
)
def test_data_that_would_hurt_are_refused(expr: Any) -> None:
    data = ADDER | {"statements": [{"let": "v", "expr": expr}], "outputs": ["v"]}
    with pytest.raises(UserError):
        Program.from_data(data)


def test_numbers_keep_their_kind() -> None:
    program = Program("p", (Input("a", INT),), (Let("v", Const(1.0, REAL)), Let("w", Const(1, REAL))), ("v",))
    back = Program.from_data(json.loads(json.dumps(program.to_data())))
    kinds = [type(s.expr.value) for s in back.statements if isinstance(s, Let) and isinstance(s.expr, Const)]
    assert kinds == [float, int]


def test_what_json_cannot_hold_is_refused_when_writing() -> None:
    program = Program("p", (Input("a", REAL),), (), ("a",), examples=((float("nan"), 0.0),))
    with pytest.raises(UserError, match="finite floats"):
        program.to_data()
