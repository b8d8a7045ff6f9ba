"""Spelling a program out names its parts and changes nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import data_for, scalar_programs

from scrutable.errors import ProgramError
from scrutable.program import INT, Call, Input, Let, Program, Var, call, spelled_out, walk

A, B = Var("a", INT), Var("b", INT)


def program(expr: Call) -> Program:
    return Program("f", (Input("a", INT), Input("b", INT)), (Let("output", expr),), ("output",))


def test_a_distance_gets_its_difference() -> None:
    spelled = spelled_out(program(call("abs", A - B)))
    assert "difference = a - b\n    return abs(difference)" in spelled.source


def test_equal_parts_are_named_once() -> None:
    spelled = spelled_out(program(call("max", (A + B) % 3, (A + B) * 2)))
    assert sum(isinstance(s, Let) and s.expr == A + B for s in spelled.statements) == 1


@given(st.data())
def test_nothing_else_changes(data: st.DataObject) -> None:
    original = data.draw(scalar_programs())
    x = data.draw(data_for(original))
    spelled = spelled_out(original)
    for statement in spelled.statements:
        assert isinstance(statement, Let)
        nested = [n for n in walk(statement.expr) if isinstance(n, Call) and n is not statement.expr]
        assert not any(isinstance(leaf, Var) for n in nested for leaf in walk(n))
    try:
        expected = original(x)
    except ProgramError:
        return
    np.testing.assert_array_equal(spelled(x), expected)
