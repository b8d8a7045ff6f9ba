"""Setting a variable: what must change, and what must not."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import data_for, programs, scan_programs
from test_evaluate import adder, agree, rows_of

from scrutable.errors import ProgramError, UserError
from scrutable.program import INT, Input, Let, Program, Scan, Seq, Setting, Var, call, const
from scrutable.program._operators import kind_of

SLOW = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def run_or_skip(program: Program, x: np.ndarray, set: dict[str, Any] | None = None) -> dict[str, Any]:  # noqa: A002
    try:
        return program.run(x, set)
    except ProgramError:
        assume(False)
        raise


def same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


@SLOW
@given(st.data())
def test_setting_variables_to_their_own_trace_changes_nothing(data: st.DataObject) -> None:
    program = data.draw(programs())
    x = data.draw(data_for(program))
    plain = run_or_skip(program, x)
    chosen = data.draw(st.lists(st.sampled_from(sorted(plain)), unique=True))
    same(program.run(x, {name: plain[name] for name in chosen}), plain)
    same(program.run(x, {name: Setting(plain[name], plain[name] == plain[name]) for name in chosen}), plain)


@SLOW
@given(st.data())
def test_an_empty_mask_changes_nothing(data: st.DataObject) -> None:
    program = data.draw(programs())
    x = data.draw(data_for(program))
    same(run_or_skip(program, x, {name: Setting(1, False) for name in program.variables}), run_or_skip(program, x))


@SLOW
@given(st.data())
def test_settings_agree_with_a_slow_reading(data: st.DataObject) -> None:
    program = data.draw(scan_programs())
    x = data.draw(data_for(program))
    scan = program.statements[0]
    assert isinstance(scan, Scan)
    names = [*(state.name for state in scan.states), *(let.name for let in scan.body)]
    name = data.draw(st.sampled_from(names))
    value = {"b": True, "i": 7, "f": 2.25}[kind_of(program.variables[name])]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=x.shape[1], max_size=x.shape[1])), dtype=bool)
    got = run_or_skip(program, x, {name: Setting(value, mask[None])})
    try:
        expected = [oracle.run_row(program, row, {name: Setting(value, mask)}) for row in rows_of(program, x)]
    except oracle.Beyond:
        assume(False)
        raise
    for variable in got:
        for i, row in enumerate(expected):
            assert agree(got[variable][i].tolist(), row[variable]), variable


@SLOW
@given(st.data())
def test_setting_a_state_changes_only_later_steps(data: st.DataObject) -> None:
    program = data.draw(scan_programs())
    x = data.draw(data_for(program))
    assume(x.shape[1] > 0)
    scan = program.statements[0]
    assert isinstance(scan, Scan)
    state = data.draw(st.sampled_from([s.name for s in scan.states]))
    t = data.draw(st.integers(0, x.shape[1] - 1))
    plain = run_or_skip(program, x)
    changed = run_or_skip(program, x, {state: Setting(1, np.arange(x.shape[1])[None] == t)})
    assert (changed[state][:, t] == 1).all()
    for name in [s.name for s in scan.states]:
        np.testing.assert_array_equal(changed[name][:, :t], plain[name][:, :t])
        if name != state:
            np.testing.assert_array_equal(changed[name][:, t], plain[name][:, t])
    for name in [let.name for let in scan.body]:
        np.testing.assert_array_equal(changed[name][:, : t + 1], plain[name][:, : t + 1])


def test_setting_the_carry_is_seen_by_the_next_step_only() -> None:
    x = np.zeros((2, 4, 2), int)
    mask = np.array([[False, True, False, False], [False] * 4])
    values = adder().run(x, {"carry": Setting(1, mask)})
    assert values["carry"].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]
    assert values["output"].tolist() == [[0, 0, 1, 0], [0, 0, 0, 0]]


def test_different_values_for_each_row_and_step_on_torch() -> None:
    x = torch.zeros((2, 3, 2), dtype=torch.int64)
    values = adder().run(x, {"carry": Setting(torch.tensor([[1, 0, 1], [0, 1, 0]]))})
    assert values["output"].tolist() == [[0, 1, 0], [0, 0, 1]]


def test_variables_and_inputs_outside_scans_can_be_set() -> None:
    a = Var("a", Seq(INT))
    lets = (Let("total", call("sum", a)), Let("v", a + Var("total", INT)))
    program = Program("p", (Input("a", a.type),), lets, ("v",))
    x = np.arange(6).reshape(2, 3)
    assert program.run(x, {"total": 100})["v"].tolist() == [[100, 101, 102], [103, 104, 105]]
    assert program.run(x, {"total": Setting(0, [True, False])})["v"].tolist() == [[0, 1, 2], [15, 16, 17]]
    assert program.run(x, {"a": Setting(0, [[True], [False]])})["total"].tolist() == [0, 12]


def test_equal_expressions_under_two_names_are_set_apart() -> None:
    a = Var("a", INT)
    lets = (Let("v", a + 1), Let("w", a + 1), Let("u", Var("v", INT) * 10 + Var("w", INT)))
    program = Program("p", (Input("a", INT),), lets, ("u",))
    assert program.run([1], {"v": 5})["u"].tolist() == [52]
    assert program.run([1], {"w": 5})["u"].tolist() == [25]


def test_a_setting_reaches_a_variable_that_reads_no_state() -> None:
    a = Var("a", Seq(INT))
    scan = Scan((("t", a),), (), (Let("one", const(1)), Let("v", Var("t", INT) + Var("one", INT))))
    program = Program("p", (Input("a", a.type),), (scan,), ("v",))
    values = program.run([[1, 2, 3]], {"one": Setting(10, [[False, True, False]])})
    assert values["v"].tolist() == [[2, 12, 4]]
    assert values["one"].tolist() == [[1, 10, 1]]


@pytest.mark.parametrize(
    ("set_", "reason"),
    [
        ({"carrot": 1, "a_t": 1}, "settings for carrot, a_t; expected variables among a, b, total, output, carry"),
        ({"carry": 0.5}, "not whole.* as the value for carry"),
        ({"carry": [1, 2, 3]}, r"value for carry of shape \(3,\), expected one number or shape \(3, 3\)"),
        ({"carry": Setting(1, [True, False, True])}, r"mask for carry of shape \(3,\)"),
        ({"carry": Setting(1, 2)}, "0 or 1 as the mask for carry"),
        ({"carry": "many"}, "dtype .* as the value"),
    ],
)
def test_settings_that_do_not_fit_are_refused(set_: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        adder().run(np.zeros((3, 3, 2), int), set_)
