"""Formulas over whole numbers: columns of integers are read as they are."""

from __future__ import annotations

import numpy as np

from scrutable.synthesis import Table, synthesise, values
from scrutable.synthesis.formula import Formulas
from scrutable.work import Clock, generator


def test_a_formula_over_whole_numbers_comes_back() -> None:
    rng = generator(0, "whole")
    columns = {"x0": rng.integers(1, 30, 400), "x1": rng.integers(1, 30, 400)}
    target = np.sqrt(columns["x0"] + 2.5 * columns["x1"])
    found = synthesise(Table(columns, target), clock=Clock(20.0), methods=(Formulas(),))
    assert found and np.allclose(values(found[0].expr, columns), target)


def test_random_reals_over_whole_numbers_are_no_mistake() -> None:
    rng = generator(0, "random")
    columns = {"x0": rng.integers(0, 9, 200), "x1": rng.integers(0, 9, 200)}
    table = Table(columns, rng.normal(size=200))
    for found in synthesise(table, clock=Clock(3.0), methods=(Formulas(),)):
        assert values(found.expr, columns).shape == (200,)
