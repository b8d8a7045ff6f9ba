"""Holes: exact derivatives, fits that recover planted constants, and names only where the data allow them."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.program import REAL, Expr, Var, call
from scrutable.synthesis import Table, values
from scrutable.synthesis.constants import (
    differentiable,
    evaluated,
    filled,
    fit_settings,
    fitted,
    holes,
    name_of,
    named_constants,
    sensitivities,
    snap,
)

X, W = Var("x", REAL), Var("w", REAL)


def columns(n: int = 400, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.uniform(1, 4, n), "w": rng.uniform(1, 4, n)}


def expressions(*, smooth: bool = False) -> st.SearchStrategy[Expr]:
    leaf = st.sampled_from([X, W]) | st.floats(0.3, 3.0).map(lambda v: call("mul", X, v))
    unary = st.sampled_from(["neg", "sin", "cos", "tanh"] + ([] if smooth else ["abs", "sqrt", "log"]))
    binary = st.sampled_from(["add", "sub", "mul"] + ([] if smooth else ["div", "min", "max"]))
    return st.recursive(
        leaf,
        lambda inner: st.builds(call, unary, inner) | st.builds(call, binary, inner, inner),
        max_leaves=6,
    )


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_values_are_those_of_the_program_language(expr: Expr) -> None:
    data = columns(50)
    assert differentiable(expr)
    np.testing.assert_allclose(evaluated(expr, data), values(expr, data), rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(expressions(smooth=True))
def test_derivatives_are_those_of_small_differences(expr: Expr) -> None:
    data, at = columns(50), np.array(holes(expr))
    found = sensitivities(expr, data)
    for hole in range(len(at)):
        step = np.zeros(len(at))
        step[hole] = 1e-6
        up, down = (evaluated(filled(expr, (at + s * step).tolist()), data) for s in (1, -1))
        numeric = (up - down) / 2e-6
        slope = np.broadcast_to(found.slopes.get(hole, 0.0), (50,))
        np.testing.assert_allclose(slope, numeric, rtol=1e-3, atol=1e-3)


def test_derivatives_of_the_other_operators() -> None:
    data = columns(50)
    ln, root = call("log", call("mul", 1.5, X)), call("sqrt", call("mul", 1.5, X))
    for expr, slope in (
        (ln, np.full(50, 1 / 1.5)),
        (root, 0.5 * np.sqrt(data["x"] / 1.5)),
        (call("div", X, 1.5), -data["x"] / 1.5**2),
        (call("max", call("mul", X, 2.5), W), data["x"] * (2.5 * data["x"] >= data["w"])),
        (call("min", call("mul", X, 2.5), W), data["x"] * (2.5 * data["x"] <= data["w"])),
        (call("abs", call("sub", X, 2.5)), -np.sign(data["x"] - 2.5)),
    ):
        np.testing.assert_allclose(sensitivities(expr, data).slopes[0], slope, rtol=1e-12)


def test_fits_many_settings_at_once() -> None:
    data = columns()
    target = 1.7 * np.exp(-0.6 * data["x"]) + 0.25 * data["w"]
    form = call("add", call("mul", 1.0, call("exp", call("mul", 1.0, X))), call("mul", 1.0, W))
    starts = np.random.default_rng(1).uniform(-1, 1, (8, 3))
    found, misfit = fit_settings(form, data, target, starts)
    best = found[int(np.argmin(misfit))]
    np.testing.assert_allclose(best, [1.7, -0.6, 0.25], rtol=1e-6)
    assert (misfit <= 1e-3).sum() >= 2


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.01])
@pytest.mark.parametrize("planted", [2.0, 0.5, 1 / 3, pi, 1 / (4 * pi), sqrt(2 * pi), 2 / sqrt(3), -3.0])
def test_planted_constants_get_their_names(planted: float, noise: float) -> None:
    data = columns(4000)
    clean = np.exp(planted * data["x"] / 3) + sqrt(2) * data["w"]
    target = clean + np.random.default_rng(2).normal(0, noise * np.sqrt(np.mean(clean**2)) + 1e-300, 4000)
    form = call("add", call("exp", call("div", call("mul", planted * 1.01, X), 3)), call("mul", 1.3, W))
    found = snap(form, Table(data, target))
    np.testing.assert_allclose(values(found.expr, data), clean, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_name_where_the_data_contradict_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    planted = float(np.round(rng.uniform(1, 2), 6)) + 0.000137
    data = columns(4000)
    target = planted * data["x"] * data["w"] + rng.normal(0, 1e-4, 4000)
    found = snap(call("mul", call("mul", 1.5, X), W), Table(data, target))
    (ratio,) = {float(np.round(v, 12)) for v in values(found.expr, data) / (data["x"] * data["w"])} or {0.0}
    assert abs(ratio - planted) < 1e-5


def test_rounds_as_far_as_the_noise_allows() -> None:
    data = columns(1000)
    target = 1.23456789 * data["x"] + np.random.default_rng(0).normal(0, 0.05, 1000)
    coarse = snap(call("mul", 1.2, X), Table(data, target))
    fine = snap(call("mul", 1.2, X), Table(data, 1.23456789 * data["x"]))
    assert coarse.bits < fine.bits
    np.testing.assert_allclose(values(fine.expr, data), 1.23456789 * data["x"], rtol=1e-9)


def test_names_are_sorted_and_found() -> None:
    table = named_constants()
    assert (np.diff(table.values) > 0).all()
    for named in table.entries[::97]:
        found = name_of(named.value)
        assert found is not None and found.bits <= named.bits
        assert float(values(call("mul", found.expr, 1.0), {"x": np.ones(1)})[0]) == pytest.approx(
            named.value, rel=1e-12
        )
    assert name_of(0.7390851332151607) is None


def test_fitting_needs_no_holes() -> None:
    data = columns(20)
    assert fitted(X, data, data["x"]) == X
