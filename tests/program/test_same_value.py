"""Sequences of one value are written so that the value is seen, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.program import INT, Input, Let, Program, Seq, Var, call, plainly_constant

X = Var("x", Seq(INT))
DATA = np.arange(12).reshape(3, 4)


def program(*lets) -> Program:
    return Program("p", (Input("x", Seq(INT)),), tuple(Let(*each) for each in lets), (lets[-1][0],))


@given(st.integers(-9, 9))
def test_a_product_by_zero_and_a_number_is_that_number(value: int) -> None:
    for said in (
        program(("output", X * 0 + value)),
        program(("nothing", 0 * X), ("output", value - Var("nothing", Seq(INT)))),
    ):
        plain = plainly_constant(said)
        assert np.array_equal(plain(DATA), said(DATA))
        assert f"output.append({value})" in plain.source and " * 0" not in plain.source and "0 * " not in plain.source


@pytest.mark.parametrize("expr", [X, X * 2, X - X + 0 * call("shift", X, params=(1, 0)) + X])
def test_what_depends_on_the_input_stays(expr) -> None:
    said = program(("output", expr))
    assert plainly_constant(said) is said
