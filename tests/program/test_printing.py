"""The printed program means what the evaluator computes, and reads like code a person would write."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import data_for, is_steady, programs, scalar_programs, scan_programs, sequence_programs

from program.cases import CASES, adder
from scrutable.errors import ProgramError
from scrutable.program import INT, REAL, Array, Expr, Input, Let, Program, Scan, Seq, State, Var, _layout, call, const
from scrutable.program._layout import WIDTH, statement_lines
from scrutable.program._types import Real, Type, scalar_of

RELAXED = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def loaded(program: Program) -> Any:
    """The printed function, from the text alone."""
    namespace: dict[str, Any] = {"__name__": "printed"}
    exec(compile(program.source, "printed", "exec"), namespace)
    return namespace[program.name]


def arguments(program: Program, row: np.ndarray) -> list[Any]:
    """One row of data as the printed function takes it: Python numbers of the declared types."""
    columns = [row] if len(program.inputs) == 1 else [row[..., i] for i in range(len(program.inputs))]
    real = [isinstance(scalar_of(entry.type), Real) for entry in program.inputs]
    return [c.astype(np.float64 if r else np.int64).tolist() for c, r in zip(columns, real, strict=True)]


def by_variable(program: Program, result: Any) -> list[Any]:
    """What the printed function returned, one value for each output."""
    if len(program.outputs) == 1:
        return [result]
    if not isinstance(output_type(program, program.outputs[0]), Seq):
        return list(result)
    return [[step[i] for step in result] for i in range(len(program.outputs))]


def output_type(program: Program, name: str) -> Type:
    return {**{entry.name: entry.type for entry in program.inputs}, **program.variables}[name]


def assert_same(got: Any, expected: Any, *, real: bool) -> None:
    if isinstance(expected, list):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other, real=real)
    elif real:
        np.testing.assert_allclose(float(got), float(expected), rtol=1e-12, atol=0)
    else:
        assert got == expected


def assert_agrees(program: Program, data: np.ndarray, results: list[Any]) -> None:
    """The results of the printed function are the evaluator's values, row by row."""
    inputs = {entry.name: data if len(program.inputs) == 1 else data[..., i] for i, entry in enumerate(program.inputs)}
    values = {**inputs, **program.run(data)}
    for row, result in enumerate(results):
        for name, got in zip(program.outputs, by_variable(program, result), strict=True):
            real = isinstance(scalar_of(output_type(program, name)), Real)
            assert_same(got, values[name][row].tolist(), real=real)


def data_that_fit(data: st.DataObject, program: Program) -> np.ndarray:
    """Data on which the program computes something."""
    x = data.draw(data_for(program))
    try:
        with np.errstate(all="ignore"):
            program.run(x)
    except ProgramError:
        assume(False)
    return x


def check(program: Program, data: st.DataObject) -> None:
    assume(is_steady(program))
    x = data_that_fit(data, program)
    function = loaded(program)
    assert_agrees(program, x, [function(*arguments(program, row)) for row in x])


@RELAXED
@given(scalar_programs(), st.data())
def test_printed_scalar_programs_agree_with_the_evaluator(program: Program, data: st.DataObject) -> None:
    check(program, data)


@RELAXED
@given(sequence_programs(), st.data())
def test_printed_sequence_programs_agree_with_the_evaluator(program: Program, data: st.DataObject) -> None:
    check(program, data)


@RELAXED
@given(scan_programs(), st.data())
def test_printed_loops_agree_with_the_evaluator(program: Program, data: st.DataObject) -> None:
    check(program, data)


RUNNER = """
import json, sys
for source, name, calls in json.load(sys.stdin):
    namespace = {"__name__": "printed"}
    exec(source, namespace)
    print(json.dumps([namespace[name](*call) for call in calls]))
"""


def collected(count: int) -> list[tuple[Program, np.ndarray]]:
    """Many drawn programs with data, for checks that are dear to start."""
    found: list[tuple[Program, np.ndarray]] = []

    @settings(RELAXED, max_examples=count)
    @given(programs(), st.data())
    def collect(program: Program, data: st.DataObject) -> None:
        assume(is_steady(program))
        found.append((program, data_that_fit(data, program)))

    collect()
    return found


def test_printed_programs_agree_in_a_bare_interpreter() -> None:
    batch = [*((program, sample(program)) for program in CASES.values()), *collected(100)]
    work = [(p.source, p.name, [arguments(p, row) for row in x]) for p, x in batch]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUNNER], input=json.dumps(work), capture_output=True, text=True, check=True
    )
    for (program, x), line in zip(batch, run.stdout.splitlines(), strict=True):
        assert_agrees(program, x, json.loads(line))


def sample(program: Program) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape: tuple[int, ...] = (5, 6) if isinstance(program.inputs[0].type, Seq) else (5,)
    item = program.inputs[0].type
    item = item.item if isinstance(item, Seq) else item
    shape = (*shape, *item.shape) if isinstance(item, Array) else shape
    return rng.integers(0, 2, (*shape, len(program.inputs)) if len(program.inputs) > 1 else shape)


@pytest.mark.parametrize("name", CASES)
def test_named_cases_agree_with_the_evaluator(name: str) -> None:
    program = CASES[name]
    x = sample(program)
    function = loaded(program)
    assert_agrees(program, x, [function(*arguments(program, row)) for row in x])


def test_the_adder_prints_as_the_loop_a_person_writes() -> None:
    program = adder().with_examples(np.array([[[1, 1], [1, 0]]]))
    assert (
        program.source
        == '''\
"""binary_addition takes a and b (lists of integers) and returns a list of integers."""


def binary_addition(a, b):
    """Adds two binary numbers, least significant digit first."""
    output = []
    carry = 0
    for a_t, b_t in zip(a, b):
        total = a_t + b_t + carry
        output.append(total % 2)
        carry = total // 2
    return output


if __name__ == "__main__":
    assert binary_addition([1, 1], [1, 0]) == [0, 0]
    print("1 example agrees")
'''
    )


@RELAXED
@given(programs(), st.data())
def test_a_printed_program_asserts_its_own_examples(program: Program, data: st.DataObject) -> None:
    assume(is_steady(program))
    x = data_that_fit(data, program)
    source = program.with_examples(x).source
    exec(compile(source, "printed", "exec"), {"__name__": "__main__", "print": lambda text: None})


def test_a_wrong_example_fails(capsys: pytest.CaptureFixture[str]) -> None:
    good = adder().with_examples(np.array([[[1, 1], [1, 0]]]))
    exec(compile(good.source, "printed", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "1 example agrees\n"
    bad = Program(good.name, good.inputs, good.statements, good.outputs, ((good.examples[0][0], (1, 1)),))
    with pytest.raises(AssertionError):
        exec(compile(bad.source, "printed", "exec"), {"__name__": "__main__"})


def test_printed_programs_pass_a_linter(tmp_path: Path) -> None:
    pytest.importorskip("ruff", reason="needs ruff")
    for i, program in enumerate([*CASES.values(), *(program for program, _ in collected(100))]):
        (tmp_path / f"case_{i}.py").write_text(program.source)
    rules = ["--select", "E,W,F,I,UP", "--ignore", "E712", "--line-length", "120"]  # drawn programs compare with True
    command = [sys.executable, "-m", "ruff", "check", "--isolated", *rules, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_what_no_output_depends_on_is_left_out() -> None:
    x = Var("x", Seq(INT))
    program = Program("f", (Input("x", Seq(INT)),), (Let("dead", call("sum", x)), Let("y", call("length", x))), ("y",))
    assert "dead" not in program.source


def test_long_lines_are_broken() -> None:
    terms = Var("x0", REAL) * 0.123456789
    for i in range(1, 12):
        terms = terms + Var(f"x{i}", REAL) * (i / 7)
    program = Program("f", tuple(Input(f"x{i}", REAL) for i in range(12)), (Let("output", terms),), ("output",))
    assert max(map(len, program.source.splitlines()[2:])) <= WIDTH
    x = np.linspace(-1, 1, 36).reshape(3, 12)
    assert_agrees(program, x, [loaded(program)(*row.tolist()) for row in x])


def test_a_summary_cannot_break_out_of_its_docstring() -> None:
    program = Program(
        "f", (Input("x", INT),), (Let("y", Var("x", INT) + 1),), ("y",), summary='ends """ + exit() + """ \\'
    )
    assert loaded(program)(1) == 2


def test_breaking_lines_changes_no_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [*CASES.values(), *(program for program, _ in collected(100))]
    meanings = []
    for width in (1000, 40):
        monkeypatch.setattr(_layout, "WIDTH", width)
        meanings.append([ast.dump(ast.parse(program.source)) for program in batch])
    assert meanings[0] == meanings[1]


def test_names_need_not_be_ascii() -> None:
    names = [f"größe_{i}_äöü_über_alles_gemessen" for i in range(4)]
    inputs = tuple(Input(name, INT) for name in names)
    a, b, c, d = (Var(name, INT) for name in names)
    program = Program("fläche", inputs, (Let("ergebnis", (a + b) * (c - d) % 7 + a * (b + c)),), ("ergebnis",))
    assert max(map(len, program.source.splitlines()[1:])) <= WIDTH
    assert loaded(program)(1, 2, 3, 5) == program([[1, 2, 3, 5]])[0]


def test_deep_choices_print_and_run() -> None:
    x = Var("x", INT)
    last: Expr = x
    first: Expr = x
    for i in range(120):
        last = call("if", call("lt", x, i), i, last)
        first = call("if", call("lt", x, i), first, i)
    data = np.arange(-3, 130)
    for expr in (last, first):
        program = Program("f", (Input("x", INT),), (Let("y", expr),), ("y",))
        assert list(map(loaded(program), data.tolist())) == program(data).tolist()


def test_a_line_that_fits_stays_whole() -> None:
    assert statement_lines("y = (a + b) * c", 1) == ["    y = (a + b) * c"]


def test_a_state_changes_where_its_next_value_is_first_read() -> None:
    x, best, total = Var("x_t", INT), Var("best", INT), Var("total", INT)
    body = (
        Let("new", call("max", best, x)),
        Let("added", total + Var("new", INT)),
        Let("y", Var("added", INT) - total),
    )
    states = (State("best", const(0), Var("new", INT)), State("total", const(0), Var("added", INT)))
    scan = Scan((("x_t", Var("x", Seq(INT))),), states, body)
    program = Program("f", (Input("x", Seq(INT)),), (scan,), ("y",))
    assert "best = max(best, x_t)" in program.source and "new" not in program.source
    assert "added = total + best" in program.source and "total = added" in program.source
    assert loaded(program)([3, 1, 4]) == np.asarray(program(np.array([[3, 1, 4]])))[0].tolist() == [3, 3, 4]
