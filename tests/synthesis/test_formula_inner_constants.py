"""Constants inside functions come back from answers with smooth errors, whatever they are; and the clock is kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scrutable.program import REAL, Var, call, const
from scrutable.synthesis import INDEPENDENT, Table, values
from scrutable.synthesis.constants import evaluated, holes
from scrutable.synthesis.formula import Formulas
from scrutable.synthesis.formula._atlas import Shape
from scrutable.synthesis.formula._polish import polished
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._pursuit import Effort, Pursuit
from scrutable.synthesis.formula._shapes import FAMILIES
from scrutable.synthesis.formula._view import View
from scrutable.work import Clock

Columns = dict[str, np.ndarray]
OFF_GRID: dict[str, Callable[[Columns], np.ndarray]] = {
    "rate": lambda c: c["a"] + np.exp(0.7 * c["b"]),
    "phase": lambda c: 1.7 * np.sin(1.3 * c["a"] + 0.4) + c["b"] ** 2,
    "width": lambda c: c["b"] * np.exp(-0.35 * c["a"] ** 2) + c["b"],
    "offset": lambda c: np.log(c["a"] + 2.6) * c["b"] + c["a"],
    "pole": lambda c: 1 / (c["a"] + 2.37) + c["b"] / 2,
    "steepness": lambda c: 2.3 * np.tanh(1.4 * c["a"]) - 0.6 * c["b"],
    "two": lambda c: np.exp(0.6 * c["a"]) + np.sin(1.9 * c["b"]),
    "product of two": lambda c: np.exp(-0.45 * c["a"]) * np.sin(1.8 * c["b"]),
    "kink": lambda c: np.maximum(c["a"] * c["b"], 0.5),
}


def learned(function: Callable[[Columns], np.ndarray], n: int = 3000) -> Table:
    """Answers with a smooth error of three thousandths of their spread."""
    rng = np.random.default_rng(5)
    columns = {name: rng.uniform(-1.8, 1.8, n) for name in "ab"}
    points = np.stack(list(columns.values()))
    ripple = np.sum([np.sin(rng.normal(size=2) @ points + k) for k in range(6)], axis=0)
    answers = function(columns)
    error = 0.003 * answers.std() * (ripple - ripple.mean()) / ripple.std()
    return Table(columns, answers + error, independent=INDEPENDENT, resolution=1e-3)


def pursued(table: Table) -> float:
    """The least root mean square misfit of a form with at most four constants outside, as a share of the spread."""
    columns = {name: column[:800] for name, column in table.columns.items()}
    target = table.target[:800]
    pursuit = Pursuit.of(View.plain(columns), Values(columns), target, 1)
    assert pursuit is not None
    forms = pursuit.forms(Effort(levels=2, width=4, tried=8, powers=1), Clock(60))
    return min(np.sqrt(form.misfit) for form in forms if form.constants <= 4) / float(target.std())


@pytest.mark.parametrize("name", ["rate", "offset", "pole", "steepness", "product of two", "kink"])
def test_inner_constants_are_fitted(name: str) -> None:
    assert pursued(learned(OFF_GRID[name])) < 0.004


def test_a_rate_off_every_list_is_named() -> None:
    table = learned(OFF_GRID["rate"])
    best = next(Formulas().find(table, Clock(20)))
    assert np.allclose(values(best.expr, table.columns), OFF_GRID["rate"](dict(table.columns)), atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", OFF_GRID)
def test_inner_constants_come_back(name: str) -> None:
    table = learned(OFF_GRID[name])
    best, clean = next(Formulas().find(table, Clock(30))), OFF_GRID[name](dict(table.columns))
    assert np.sqrt(np.mean((values(best.expr, table.columns) - clean) ** 2)) <= 0.003 * clean.std()
    assert best.bits <= 135


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_families_are_written_as_they_are_computed(family) -> None:
    columns = {"a": np.linspace(0.5, 2.0, 50)}
    variable = Product.of({Var("a", REAL): 1})
    for constants in family.grid(0.5, 2.0):
        assert len(constants) == family.constants
        shape = Shape(Product(), ((family, variable),), constants)
        said = np.broadcast_to(evaluated(shape.product.expr(), columns), (50,))
        np.testing.assert_allclose(said, shape.row(Values(columns), constants), rtol=1e-9)


def test_terms_that_do_nothing_are_dropped() -> None:
    table = learned(lambda c: c["a"] * c["b"])
    a, b = Var("a", REAL), Var("b", REAL)
    padded = call("mul", const(1.002), call("add", const(0.004), call("mul", const(0.998), call("mul", a, b))))
    assert not holes(polished(padded, table, lambda expr: float(len(holes(expr))), Clock(5)))


@pytest.mark.parametrize("seconds", [3.0])
def test_the_clock_is_kept(seconds: float) -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(1, 4, 3000) for name in "abcd"}
    target = np.sin(columns["a"] * columns["b"] ** 2) * np.log(1 + columns["c"] * columns["d"] ** columns["a"])
    clock = Clock(seconds)
    list(Formulas().find(Table(columns, target, independent=INDEPENDENT, resolution=1e-3), clock))
    assert clock.used <= 1.2 * seconds + 3.0
