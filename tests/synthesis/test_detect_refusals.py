"""Where there is no structure the detectors say nothing, and nothing depends on the order of the rows."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from planted_tables import FAMILIES, table

from scrutable.synthesis import Found, Table, compact, synthesise
from scrutable.synthesis.detect import DETECTORS
from scrutable.work import Clock, generator


def all_found(examples: Table) -> dict[str, list[Found]]:
    return {
        method.name: list(method.find(examples, Clock(60.0)))
        for method in DETECTORS
        if method.unsuitable(examples) is None
    }


def hashed(x: np.ndarray, labels: int) -> np.ndarray:
    rows = (hashlib.sha256(row.tobytes()).digest() for row in x.astype(np.int64))
    return np.array([int.from_bytes(digest[:8], "little") % labels for digest in rows])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("width", "high", "labels"),
    [(1, 60, 5), (2, 9, 2), (2, 30, 9), (3, 7, 3), (4, 5, 2), (8, 1, 2), (6, 3, 10), (64, 1, 2)],
)
def test_random_functions_have_no_structure(width: int, high: int, labels: int, seed: int) -> None:
    x = generator(seed, "random", width).integers(0, high + 1, (1500, width))
    examples = table(x, hashed(np.column_stack([x, np.full(len(x), seed)]), labels))
    found = {name: each for name, each in all_found(examples).items() if each}
    for name, each in found.items():
        assert name == "lookup" or not any(compact(one, examples) for one in each), name
    assert not any(compact(one, examples) for one in found.get("lookup", []))


def test_a_random_function_has_no_compact_program() -> None:
    x = generator(0, "random").integers(0, 16, (600, 2))
    examples = table(x, hashed(x, 4))
    assert not any(compact(each, examples) for each in synthesise(examples, clock=Clock(3.0)))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_rows_does_not_matter(family: str) -> None:
    name, make = FAMILIES[family]
    method = next(each for each in DETECTORS if each.name == name)
    rng = generator(7, "order", family)
    examples = make(rng).table(rng, 600)
    order = rng.permutation(examples.rows)
    turned = Table({name: each[order] for name, each in examples.columns.items()}, examples.target[order])
    runs = [[str(each.expr) for each in method.find(t, Clock(60.0))] for t in (examples, examples, turned)]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("width", [1, 3, 40])
def test_few_rows_and_strange_columns_do_no_harm(width: int) -> None:
    rng = generator(0, "strange", width)
    for n in (1, 2, 10):
        for y in (np.zeros(n, dtype=np.int64), rng.integers(0, 2, n), rng.random(n) < 0.5, rng.normal(size=n)):
            for x in (rng.integers(0, 3, (n, width)), rng.normal(size=(n, width)), np.full((n, width), 2**60)):
                all_found(table(x, y))


def test_contradicting_rows_have_no_exact_program() -> None:
    x = np.repeat(generator(0, "contradiction").integers(0, 9, (100, 2)), 2, axis=0)
    y = x.sum(axis=1) + np.tile([0, 1], 100)
    assert not any(each for each in all_found(table(x, y)).values())
