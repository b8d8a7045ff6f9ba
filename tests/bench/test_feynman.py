"""The formula corpus is what was published, and the solution criterion accepts and refuses what it should."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.bench._feynman import Formula, formulas, noisy, sample
from scrutable.bench._solution import solution, solved, symbolically_solved
from scrutable.errors import UserError
from scrutable.program import REAL, Expr, Var, call

BY_NAME = {formula.name: formula for formula in formulas()}


def test_there_are_120_with_names_of_their_own() -> None:
    assert len(formulas()) == len(BY_NAME) == 120
    assert sum(name.startswith("test_") for name in BY_NAME) == 20


@pytest.mark.parametrize("formula", formulas(), ids=lambda f: f.name)
def test_samples_fill_the_published_ranges(formula: Formula) -> None:
    x, y = sample(formula, 500, np.random.default_rng(0))
    assert x.shape == (500, len(formula.variables)) and np.isfinite(y).all() and y.std() > 0
    low, high = np.array(list(formula.ranges.values())).T
    assert (x >= low).all() and (x <= high).all()
    assert (np.ptp(x, axis=0) > 0.8 * (high - low)).all()
    np.testing.assert_array_equal(formula.value(x), y)


def test_every_variable_matters() -> None:
    rng = np.random.default_rng(1)
    for formula in formulas():
        x, y = sample(formula, 200, rng)
        for i, name in enumerate(formula.variables):
            moved = x.copy()
            moved[:, i] = rng.permutation(moved[:, i])
            assert not np.allclose(formula.value(moved), y, equal_nan=True), f"{formula.name} does not read {name}"


def test_known_values() -> None:
    assert BY_NAME["I.12.2"].value(np.array([[1.0, 2.0, 3.0, 2.0]]))[0] == pytest.approx(2 / (4 * np.pi * 3 * 4))
    assert BY_NAME["I.10.7"].value(np.array([[2.0, 3.0, 5.0]]))[0] == pytest.approx(2.5)
    assert BY_NAME["II.15.4"].value(np.array([[2.0, 3.0, np.pi]]))[0] == pytest.approx(6.0)


def test_noise_is_a_share_of_the_root_mean_square() -> None:
    y = np.random.default_rng(0).uniform(10, 11, 20000)
    rng = np.random.default_rng(1)
    assert np.std(noisy(y, 0.01, rng) - y) == pytest.approx(0.01 * np.sqrt(np.mean(y**2)), rel=0.05)
    np.testing.assert_array_equal(noisy(y, 0.0, rng), y)


@pytest.mark.parametrize("text", ["__import__('os')", "x.y", "open(x)", "[x]", "x if x else 1", "", "'a'", "x & 1"])
def test_text_that_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="expected a formula"):
        Formula("bad", text, {"x": (1.0, 2.0)}).value(np.ones((3, 1)))


def variables(formula: Formula) -> dict[str, Expr]:
    return {name: Var(name, REAL) for name in formula.variables}


def test_constants_in_front_and_behind_do_not_matter() -> None:
    formula = BY_NAME["I.13.4"]
    v = variables(formula)
    squares = call("add", call("mul", v["v"], v["v"]), call("mul", v["u"], v["u"]))
    kinetic = call("mul", v["m"], call("add", squares, call("mul", v["w"], v["w"])))
    assert solution(call("mul", 0.5, kinetic), formula) == "exact"
    assert solution(call("mul", 7.1, kinetic), formula) == "exact"
    assert solution(call("add", call("mul", 0.5, kinetic), 3.3), formula) == "exact"


def test_another_form_of_the_same_function_solves() -> None:
    formula = BY_NAME["I.34.14"]
    v = variables(formula)
    ratio = call("div", call("add", v["c"], v["v"]), call("sub", v["c"], v["v"]))
    assert solution(call("mul", v["omega_0"], call("sqrt", ratio)), formula) == "exact"


def test_close_is_not_solved() -> None:
    formula = BY_NAME["I.10.7"]
    v = variables(formula)
    ratio = call("div", call("mul", v["v"], v["v"]), call("mul", v["c"], v["c"]))
    series = call("add", 1, call("add", call("mul", 0.5, ratio), call("mul", 0.375, call("mul", ratio, ratio))))
    assert solution(call("mul", v["m_0"], series), formula, seconds=10) == "no"
    assert not solved(v["m_0"], formula)
    assert not solved(call("div", 1.0, call("sub", v["m_0"], v["m_0"])), formula)


def test_rounding_is_srbenchs() -> None:
    pytest.importorskip("sympy")
    x, w = Var("x", REAL), Var("w", REAL)
    near = call("add", call("mul", 1.0002, x), call("mul", w, w))
    assert symbolically_solved(near, "x+w**2", ("x", "w"))
    assert not symbolically_solved(call("add", call("mul", 1.02, x), call("mul", w, w)), "x+w**2", ("x", "w"))
    assert symbolically_solved(call("mul", 3.0, call("mul", x, w)), "x*w", ("x", "w"))
