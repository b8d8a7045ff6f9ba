"""Tracing reads ordinary Python; what it cannot read it refuses, every line at once; printed programs come back."""

# ruff: noqa: B905, RET504
from __future__ import annotations

import linecache
import math
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from program import ordinary, ordinary_sequences
from program.cases import CASES, adder
from program.strategies import data_for, programs, scan_programs, sequence_programs
from scrutable.errors import ProgramError, UserError
from scrutable.program import BOOL, INT, REAL, Array, Category, Input, Let, Program, Scan, Seq, Var, call
from scrutable.program._trace import program as program_decorator
from scrutable.program._trace import trace
from scrutable.program._types import Real, scalar_of

RELAXED = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
_numbers = count()


def defined(source: str, name: str) -> Any:
    """The function `name` of some Python text, with its source where `inspect` finds it."""
    file = f"<printed {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": "printed"}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


def retraced(program: Program) -> Program:
    return trace(defined(program.source, program.name), inputs=program.inputs)


def assert_same_outputs(program: Program, other: Program, x: np.ndarray) -> None:
    try:
        with np.errstate(all="ignore"):
            expected = program(x)
    except ProgramError:
        assume(False)
    with np.errstate(all="ignore"):
        got = other(x)
    types_ = {**{entry.name: entry.type for entry in program.inputs}, **program.variables}
    if any(isinstance(scalar_of(types_[name]), Real) for name in program.outputs):
        np.testing.assert_allclose(got.astype(float), expected.astype(float), rtol=1e-12)
    else:
        np.testing.assert_array_equal(got, expected)


def data_like(program: Program) -> np.ndarray:
    rng = np.random.default_rng(0)
    item = program.inputs[0].type
    shape: tuple[int, ...] = (20,)
    if isinstance(item, Seq):
        shape, item = (20, 6), item.item
    if isinstance(item, Array):
        shape += item.shape
    return rng.integers(0, 2, (*shape, len(program.inputs)) if len(program.inputs) > 1 else shape)


@RELAXED
@given(programs(), st.data())
def test_a_printed_program_is_traced_back(program: Program, data: st.DataObject) -> None:
    assert_same_outputs(program, retraced(program), data.draw(data_for(program)))


@RELAXED
@given(st.one_of(scan_programs(), sequence_programs()))
def test_printing_and_tracing_settle(program: Program) -> None:
    once = retraced(program)
    assert retraced(once).source == retraced(retraced(once)).source


@pytest.mark.parametrize("name", CASES)
def test_known_programs_are_traced_back(name: str) -> None:
    assert_same_outputs(CASES[name], retraced(CASES[name]), data_like(CASES[name]))


@pytest.mark.parametrize("name", ["adder", "fibonacci", "machine", "parity", "image"])
def test_what_people_write_comes_back_as_it_was(name: str) -> None:
    assert retraced(CASES[name]) == CASES[name]


def test_the_loop_of_the_adder_is_the_adder() -> None:
    def binary_addition(a, b):
        """Adds two binary numbers, least significant digit first."""
        output = []
        carry = 0
        for a_t, b_t in zip(a, b):
            total = a_t + b_t + carry
            y = total % 2
            output.append(y)
            carry = total // 2
        return output

    traced = trace(binary_addition)
    assert traced == adder()
    assert traced.summary == adder().summary
    assert traced([[[1, 0], [1, 1], [0, 1]]]).tolist() == [[1, 0, 0]]


def arguments(row: np.ndarray, width: int) -> list[Any]:
    return [row.tolist()] if width == 1 else [row[..., i].tolist() for i in range(width)]


def flat(value: Any) -> Any:
    """Tuples as lists, for comparison with arrays."""
    return [flat(part) for part in value] if isinstance(value, (list, tuple)) else value


def assert_traced_like_python(function: Any, width: int, x: np.ndarray) -> None:
    got = trace(function)(x)
    for row, answer in zip(x, got, strict=True):
        expected = flat(function(*arguments(row, width)))
        np.testing.assert_allclose(answer, np.array(expected).reshape(answer.shape), rtol=1e-12)


@pytest.mark.parametrize(("function", "width"), ordinary.SCALARS)
def test_ordinary_functions_of_numbers_mean_what_python_says(function: Any, width: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (60, width) if width > 1 else 60)
    if "float" in map(str, function.__annotations__.values()):
        x = x + rng.choice([0.0, 0.25, 0.5], x.shape)
    assert_traced_like_python(function, width, x)


@pytest.mark.parametrize("length", [0, 1, 2, 7])
@pytest.mark.parametrize(("function", "width"), ordinary_sequences.SEQUENCES)
def test_ordinary_functions_of_sequences_mean_what_python_says(function: Any, width: int, length: int) -> None:
    rng = np.random.default_rng(length)
    x = rng.integers(-5, 6, (20, length, width) if width > 1 else (20, length))
    assert_traced_like_python(function, width, x)


def test_arrays_are_indexed_looped_over_and_unpacked() -> None:
    x = np.random.default_rng(0).integers(-5, 6, (20, 3))
    assert trace(ordinary_sequences.vectors)(x).tolist() == [ordinary_sequences.vectors(row) for row in x.tolist()]


def test_types_come_from_annotations_use_and_the_caller() -> None:
    def by_annotation(a: list[bool], b: list[float], c: list[int]):
        return [u * v + w for u, v, w in zip(a, b, c)]

    def by_use(x):
        return len(x)

    def by_language(x: Category(4)):  # type: ignore[valid-type]
        return x + 1

    assert [entry.type for entry in trace(by_annotation).inputs] == [Seq(BOOL), Seq(REAL), Seq(INT)]
    assert trace(by_use).inputs == (Input("x", Seq(INT)),)
    assert trace(by_use, inputs={"x": Seq(REAL)}).inputs == (Input("x", Seq(REAL)),)
    assert trace(by_language).inputs == (Input("x", Category(4)),)
    assert trace(lambda x: x + 1).inputs == (Input("x", INT),)


def test_the_decorator_makes_programs() -> None:
    @program_decorator
    def double(x):
        return x * 2

    @program_decorator(inputs={"x": Seq(REAL)}, name="last_one")
    def other(x):
        return x[-1] if x else 0.5

    assert double == Program("double", (Input("x", INT),), (Let("output", Var("x", INT) * 2),), ("output",))
    assert (other.name, other(np.zeros((2, 0))).tolist()) == ("last_one", [0.5, 0.5])


def test_defaults_are_settings_and_not_inputs() -> None:
    def scaled(x, factor=3):
        return x * factor

    assert [entry.name for entry in trace(scaled).inputs] == ["x"]
    assert trace(scaled)([2]).tolist() == [6]


def test_nothing_is_executed() -> None:
    def dangerous(x):
        return explode(x)

    def explode(x):
        raise_it = 1 + x
        return raise_it

    assert trace(dangerous)([1]).tolist() == [2]


def test_every_unsupported_line_is_listed() -> None:
    source = """\
def f(x):
    total = 0
    while total < 3:
        total = total + 1
    for x_t in x:
        if x_t > 2:
            break
        total += x_t
    print(total)
    y = x[1:]
    z = x + x
    w = unknown(x)
    v = z + 1
    return sorted(x)
"""
    with pytest.raises(UserError) as caught:
        trace(defined(source, "f"))
    text = str(caught.value)
    for line in (3, 7, 9, 10, 11, 12, 14):
        assert f"line {line}:" in text
    assert "line 13:" not in text  # a consequence of line 11
    for advice in ("use a for loop", "says whether the loop is over", "leave it out", "shifted", "comprehension"):
        assert advice in text


REFUSED = {
    "append in some cases": "out = []\n    for v in x:\n        if v > 0:\n            out.append(v)\n    return out",
    "read after the loop": "for v in x:\n        y = v\n    return y",
    "a list in a list": "for v in x:\n        for w in x:\n            pass\n    return 0",
    "no return": "y = len(x)",
    "a return in a loop": "for v in x:\n        return v\n    return 0",
    "filtering": "return [v for v in x if v > 0]",
    "a comprehension that looks around": "return [len([w for w in x if w == v]) for v in x]",
    "undefined": "return len(x) + y",
    "recursion": "return f(x)",
    "text": "return 'a'",
    "a starred display": "return [0, *x]",
    "appending twice": "out = []\n    for v in x:\n        out.append(v)\n        out.append(v)\n    return out",
    "two names for one list": "a = b = []\n    for v in x:\n        a.append(v)\n    return a",
    "another name for a list": "a = []\n    b = a\n    for v in x:\n        a.append(v)\n    return b",
    "endless calls": "return f(sum(x)) + f(len(x))",
    "a choice of lists": "return x or [1]",
    "a method": "return x.index(3)",
    "identity": "return x[0] is None if x else 0",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_expressed_is_refused_with_its_line(body: str) -> None:
    with pytest.raises(UserError, match=r"got f, which uses Python that programs cannot express: line \d+: "):
        trace(defined(f"def f(x):\n    {body}\n", "f"), inputs={"x": Seq(INT)})


def test_functions_without_source_are_refused() -> None:
    namespace: dict[str, Any] = {}
    exec("def hidden(x):\n    return x", namespace)
    with pytest.raises(UserError, match="hidden, whose source is not available"):
        trace(namespace["hidden"])
    with pytest.raises(UserError, match="got a builtin_function_or_method, expected a plain Python function"):
        trace(math.sqrt)
    with pytest.raises(UserError, match="got types for y, expected parameters of the function: x"):
        trace(ordinary_sequences.running, inputs={"y": INT})


def test_a_function_that_only_looks_like_a_helper_is_not_one() -> None:
    source = "def widths(x):\n    return 7\n\n\ndef f(x):\n    return widths(x)\n"
    assert trace(defined(source, "f"))([1]).tolist() == [7]


def test_states_that_nothing_reads_are_left_out() -> None:
    traced = trace(ordinary_sequences.temporary)
    (scan,) = (statement for statement in traced.statements if isinstance(statement, Scan))
    assert scan.states == ()


def test_tables_and_membership_become_tables() -> None:
    def f(x):
        return x in {1, 4, 9}

    rows = tuple(((key,), True) for key in (1, 4, 9))
    assert trace(f).statements == (Let("output", call("table", Var("x", INT), params=(rows, False))),)


def test_closures_and_modules_are_read() -> None:
    factor = 5

    def f(x):
        return factor * ordinary.NESTED[1][x % 3] + math.floor(math.pi)

    assert trace(f)([1]).tolist() == [13]
