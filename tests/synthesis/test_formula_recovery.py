"""Planted formulas are recovered with and without noise, noise alone is refused, and symmetries are found in data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scrutable.program import Const
from scrutable.synthesis import Table, values
from scrutable.synthesis.formula import Formulas
from scrutable.synthesis.formula._products import Values
from scrutable.synthesis.formula._symmetry import views
from scrutable.work import Clock

Columns = dict[str, np.ndarray]
FAMILIES: dict[str, Callable[[Columns, np.random.Generator], np.ndarray]] = {
    "monomial": lambda c, r: r.choice([0.5, 3.0, np.pi]) * c["a"] * c["b"] ** -2 * np.sqrt(c["d"]),
    "sum": lambda c, r: c["a"] * c["b"] + r.integers(2, 5) * c["d"] ** 2,
    "ratio": lambda c, r: c["a"] * c["d"] / (c["b"] + r.integers(1, 4) * c["d"]),
    "gaussian": lambda c, r: c["b"] * np.exp(-((c["a"] / c["d"]) ** 2) / r.integers(1, 4)),
    "kink": lambda c, r: np.maximum(c["a"], c["b"]) + r.integers(2, 4) * c["d"],
    "sine": lambda c, r: c["b"] * (1 + r.integers(2, 4) * np.sin(c["a"] / 2)),
}


def data(n: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(1, 4, n) for name in ("a", "b", "d")}


def recovered(family: str, noise: float) -> bool:
    columns, rng = data(3000, 1), np.random.default_rng(2)
    clean = FAMILIES[family](columns, rng)
    target = clean + rng.normal(0, noise * float(np.sqrt(np.mean(clean**2))) + 1e-300, 3000)
    best = next(Formulas().find(Table(columns, target), Clock(600)))
    fresh = data(500, 3)
    said, truth = values(best.expr, fresh), FAMILIES[family](fresh, np.random.default_rng(2))
    difference, ratio = said - truth, said / truth
    return bool(np.ptp(difference) <= 1e-6 * truth.std() or np.ptp(ratio) <= 1e-6 * abs(float(np.median(ratio))))


@pytest.mark.parametrize("family", ["monomial", "sum", "ratio", "gaussian"])
def test_planted_formulas_come_back(family: str) -> None:
    assert recovered(family, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("family", FAMILIES)
def test_planted_formulas_come_back_from_noise(family: str, noise: float) -> None:
    assert recovered(family, noise)


def test_noise_alone_is_a_constant() -> None:
    columns = data(1000, 0)
    best = next(Formulas().find(Table(columns, np.random.default_rng(1).normal(5, 1, 1000)), Clock(600)))
    assert isinstance(best.expr, Const) or np.ptp(values(best.expr, columns)) == 0


@pytest.mark.slow
def test_the_front_trades_length_for_accuracy() -> None:
    columns = data(1000, 0)
    front = list(Formulas().find(Table(columns, columns["a"] ** 2 + 0.05 * np.sin(columns["b"])), Clock(600)))
    assert all(x.bits > y.bits and x.total <= y.total for x, y in zip(front, front[1:], strict=False))


def test_unsuitable_tables_are_refused() -> None:
    columns = data(100, 0)
    assert Formulas().unsuitable(Table(columns, np.arange(100)))
    assert Formulas().unsuitable(Table({f"x{i}": columns["a"] for i in range(20)}, columns["a"]))
    assert Formulas().unsuitable(Table({"a": columns["a"][:5]}, columns["a"][:5]))
    assert list(Formulas().find(Table(columns, np.arange(100)), Clock(1))) == []


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_symmetries_leave_the_variables_that_matter(noise: float) -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(1, 4, 3000) for name in "abcde"}
    u = columns["a"] * columns["b"] / columns["c"]
    target = columns["d"] / (1 + np.exp(-(u - 2)))
    found = views(Values(columns), target * (1 + noise * rng.normal(size=3000)), Clock(600))[-1]
    assert len(found.variables) == 1
    (ratio,) = found.variables
    point = found.points(Values(columns))[:, 0]
    assert abs(np.corrcoef(np.log(point), np.log(u))[0, 1]) > 0.999999


def test_differences_are_found() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(1, 4, 2000) for name in "abc"}
    target = columns["c"] * np.exp(np.sin(columns["a"] - columns["b"]))
    found = views(Values(columns), target, Clock(600))[-1]
    (difference,) = found.variables
    np.testing.assert_allclose(np.abs(Values(columns).product(difference)), np.abs(columns["a"] - columns["b"]))
