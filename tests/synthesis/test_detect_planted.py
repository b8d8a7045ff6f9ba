"""Detectors recover what was planted, on the rows they saw and on others."""

from __future__ import annotations

import numpy as np
import pytest
from planted_tables import FAMILIES, columns, table

from scrutable.synthesis import Found, Table, compact, values
from scrutable.synthesis.detect import DETECTORS
from scrutable.work import Clock, generator

BY_NAME = {method.name: method for method in DETECTORS}
SECONDS = 60.0


def found(name: str, examples: Table) -> list[Found]:
    method = BY_NAME[name]
    assert method.unsuitable(examples) is None
    return list(method.find(examples, Clock(SECONDS)))


def right(expressions: list[Found], x: np.ndarray, y: np.ndarray) -> list[Found]:
    return [each for each in expressions if (values(each.expr, columns(x)) == y).all()]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", FAMILIES)
def test_planted_functions_are_recovered(family: str, seed: int) -> None:
    name, make = FAMILIES[family]
    rng = generator(seed, "planted", family)
    planted = make(rng)
    examples = planted.table(rng)
    expressions = found(name, examples)
    assert not any(each.residual for each in expressions)
    x = planted.rows(rng, 1000)
    good = right(expressions, x, planted.function(x))
    assert good
    assert compact(min(good, key=lambda each: each.total), examples)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_more_planted_functions_are_recovered(family: str) -> None:
    """Not all: a shift that no row tells apart may be another, and weights of a linear classifier do not always come
    out whole by scaling."""
    name, make = FAMILIES[family]
    outcomes = []
    for seed in range(100, 140):
        rng = generator(seed, "planted", family)
        planted = make(rng)
        examples = planted.table(rng, 4000)
        if BY_NAME[name].unsuitable(examples) is None:
            x = planted.rows(rng, 1000)
            outcomes.append(bool(right(found(name, examples), x, planted.function(x))))
    assert len(outcomes) > 20 and np.mean(outcomes) >= 0.9


WIDE = {
    "affine": lambda x: 3 * x[:, 5] - 2 * x[:, 40] + x[:, 63] + 4,
    "threshold": lambda x: 2 * x[:, 3] + x[:, 9] - x[:, 20] - x[:, 33] + 3 * x[:, 50] >= 9,
    "count": lambda x: (x == 3).sum(axis=1),
    "argmax": lambda x: x[:, 20:30].argmax(axis=1),
    "extremum": lambda x: x[:, [3, 17, 40, 41, 60]].max(axis=1),
    "modular": lambda x: x[:, [1, 4, 20, 50, 63]].sum(axis=1) % 7,
    "lookup": lambda x: (x[:, 7] * 5 + x[:, 33] ** 2) % 4,
    "composed": lambda x: np.abs(x[:, 3] - x[:, 9]),
}


@pytest.mark.parametrize("name", WIDE)
def test_sixty_four_columns(name: str) -> None:
    rng = generator(0, "wide", name)
    x, fresh = rng.integers(0, 5, (4096, 64)), rng.integers(0, 5, (1000, 64))
    expressions = found(name, table(x, WIDE[name](x)))
    assert right(expressions, fresh, WIDE[name](fresh))


def test_real_answers_that_are_affine() -> None:
    rng = generator(0, "real")
    x = rng.normal(size=(300, 3))
    y = 0.5 * x[:, 0] - 2 * x[:, 1] + 1 / 3
    best = min(found("affine", Table(columns(x), y)), key=lambda each: each.total)
    assert np.allclose(values(best.expr, columns(x)), y, atol=1e-7)
    noisy = Table(columns(x), y + 1e-5 * rng.normal(size=300))
    best = min(found("affine", noisy), key=lambda each: each.total)
    assert np.abs(values(best.expr, columns(x)) - y).max() < 1e-4
    assert not found("affine", Table(columns(x), x[:, 0] ** 2))


def test_real_constants_are_short() -> None:
    (best,) = found("constant", Table(columns(np.zeros((9, 1))), np.full(9, 2.5) + np.linspace(0, 1e-8, 9)))
    assert str(best.expr) == "2.5"


def test_thresholds_and_largest_of_real_columns() -> None:
    x = generator(0, "real").normal(size=(1000, 3))
    (best,) = found("threshold", Table(columns(x), 2 * x[:, 0] - x[:, 2] > 0.25))
    assert best.residual == 0 and best.bits < 70
    (best,) = found("argmax", Table(columns(x), x.argmax(axis=1)))
    assert str(best.expr) == "argmax(a, b, c)"


def test_truths_among_the_columns() -> None:
    rng = generator(0, "truths")
    flags, number = rng.random((500, 2)) < 0.5, rng.integers(0, 9, 500)
    leaves = {"p": flags[:, 0], "q": flags[:, 1], "n": number}
    wanted = np.where(flags[:, 0], number, 0) + flags[:, 1]
    best = min(found("composed", Table(leaves, wanted)), key=lambda each: each.total)
    assert (values(best.expr, leaves) == wanted).all() and best.bits < 60


def test_a_sum_reads_like_one() -> None:
    x = generator(0, "sum").integers(0, 20, (300, 3))
    (best,) = found("affine", table(x, (x[:, 0] + 2 * x[:, 1] - x[:, 2] + 1) // 2))
    assert str(best.expr) == "floordiv(add(sub(add(a, mul(2, b)), c), 1), 2)"
