"""The method on tables: whole answers exactly or not at all, unsuitable tables refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.synthesis import Table, values
from scrutable.synthesis.piecewise import PiecewiseLinear
from scrutable.work import Clock

WHOLE = {
    "max": (lambda a, b, c: np.maximum(a, b), 12),
    "difference": (lambda a, b, c: np.abs(a - b), 18),
    "choice": (lambda a, b, c: np.where(a > b, a + c, c - 1), 45),
    "clip": (lambda a, b, c: np.clip(a + b, 3, 9), 60),
    "median": (lambda a, b, c: np.median([a, b, c], axis=0).astype(np.int64), 45),
    "three planes": (lambda a, b, c: np.maximum(np.maximum(2 * a - b, 3), b - 1), 60),
    "nested": (lambda a, b, c: np.where(a > 4, np.where(b > a, b, 7), 2 * a - b), 130),
    "constant": (lambda a, b, c: 0 * a + 3, 10),
}


def table(function, seed: int, n: int = 600, top: int = 10) -> Table:
    x = np.random.default_rng(seed).integers(0, top, (n, 3))
    return Table(dict(zip("abc", x.T, strict=True)), np.asarray(function(*x.T), dtype=np.int64), seed=seed)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_answers_are_found_exactly(name: str) -> None:
    function, most = WHOLE[name]
    found = list(PiecewiseLinear().find(table(function, 0), Clock(60)))
    assert found and found[0].bits <= most
    fresh = table(function, 1)
    assert (values(found[0].expr, fresh.columns) == fresh.target).mean() >= 0.98


@pytest.mark.parametrize("function", [lambda a, b, c: a * b, lambda a, b, c: (a * 7 + b * c) % 11])
def test_whatever_is_offered_for_whole_answers_is_right_on_every_row(function) -> None:
    given = table(function, 0)
    for each in PiecewiseLinear().find(given, Clock(60)):
        assert each.residual == 0
        assert np.array_equal(values(each.expr, given.columns), given.target)


def test_tables_that_do_not_suit_say_why() -> None:
    method, rng = PiecewiseLinear(), np.random.default_rng(0)
    many = {f"c{i}": rng.uniform(size=99) for i in range(9)}
    assert "9 columns" in (method.unsuitable(Table(many, rng.uniform(size=99))) or "")
    few = {"a": rng.uniform(size=5)}
    assert "too few" in (method.unsuitable(Table(few, rng.uniform(size=5))) or "")
    assert "truths" in (method.unsuitable(Table({"a": rng.uniform(size=99)}, rng.uniform(size=99) > 0.5)) or "")
    assert "finite" in (method.unsuitable(Table({"a": rng.uniform(size=99)}, np.full(99, np.inf))) or "")


def test_the_same_table_gives_the_same_answer() -> None:
    given = table(lambda a, b, c: np.maximum(a, b + 2), 3)
    first, second = (list(PiecewiseLinear().find(given, Clock(60))) for _ in range(2))
    assert first == second
