"""What is remembered is no more than what is read of it, and the answers stay what they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.program import INT, Const, Expr, Input, Let, Program, Scan, Seq, State, Var, call, narrowed

X, X_T, S = Var("x", Seq(INT)), Var("x_t", INT), Var("s", INT)
ROWS = np.random.default_rng(0).integers(-9, 10, (64, 8))


def flat(expr: Expr) -> Program:
    return Program("flat", (Input("x", Seq(INT)),), (Let("output", expr),), ("output",))


def loop(output: Expr, after: Expr) -> Program:
    scan = Scan((("x_t", X),), (State("s", Const(2, INT), after),), (Let("output", output),))
    return Program("loop", (Input("x", Seq(INT)),), (scan,), ("output",))


def remembered(program: Program) -> set[int]:
    """The values that the only state of a program takes."""
    (scan,) = (s for s in program.statements if isinstance(s, Scan))
    (state,) = scan.states
    return set(np.unique(program.run(ROWS)[state.name]))


def test_a_state_holds_the_remainder_that_is_read_of_it() -> None:
    wide = loop(X_T + S % 3, X_T)
    narrow = narrowed(wide, ROWS)
    assert len(remembered(wide)) == 19 and remembered(narrow) == {0, 1, 2}
    assert (narrow(ROWS) == wide(ROWS)).all() and narrow.bits <= wide.bits + 1e-6


def test_what_stands_a_step_back_is_taken_the_size_of_before() -> None:
    wide = flat(call("abs", X) - call("abs", call("shift", X, params=(1, -4))))
    narrow = narrowed(wide, ROWS)
    (let,) = (s for s in narrow.statements if isinstance(s, Let))
    assert call("shift", call("abs", X), params=(1, 4)) in let.expr.args  # type: ignore[union-attr]
    assert (narrow(ROWS) == wide(ROWS)).all()


@pytest.mark.parametrize(
    "program",
    [
        loop(X_T + S, X_T),  # all of it is read
        loop(X_T + S % 3, X_T + S),  # and so it is here, by the step itself
        loop(S % 3 + S % 2, X_T),  # read in two ways
        loop(X_T + S * 2, X_T),  # twice a number is no less than the number
        flat(X - call("shift", X, params=(1, 0))),
        flat(call("last", call("shift", X, params=(1, 0)), params=(0,)) % 3),  # the last item but one is no sequence
    ],
)
def test_what_is_needed_stays(program: Program) -> None:
    assert narrowed(program, ROWS) == program


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(["abs", "neg"]), st.integers(2, 5), st.booleans(), st.integers(-3, 3))
def test_the_answers_are_the_same(op: str, modulus: int, inside: bool, fill: int) -> None:
    back = call("shift", X, params=(1, fill))
    read = call(op, back) % modulus if inside else call(op, back % modulus)
    wide = flat(X + read)
    assert (narrowed(wide, ROWS)(ROWS) == wide(ROWS)).all()
