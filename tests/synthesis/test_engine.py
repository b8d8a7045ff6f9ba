"""The engine: every method in turn, results checked on every row, the shortest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_tables import columns, table

from scrutable.program import INT, Expr, Var, call, const
from scrutable.synthesis import METHODS, Found, Method, Table, compact, nulls, scored, synthesise, values
from scrutable.work import Clock, generator


@final
@dataclass(frozen=True)
class Says(Method):
    """Yields what it is told to."""

    exprs: tuple[Expr, ...]
    name: str = "says"
    reason: str | None = None

    def unsuitable(self, table: Table) -> str | None:
        return self.reason

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        yield from (Found(expr, 1.0) for expr in self.exprs)


A, B = Var("a", INT), Var("b", INT)
PAIRS = generator(0, "pairs").integers(0, 9, (300, 2))
SUM = table(PAIRS, PAIRS.sum(axis=1))


def test_methods_have_names_of_their_own() -> None:
    assert len({method.name for method in METHODS}) == len(METHODS)


def test_wrong_and_impossible_expressions_are_dropped() -> None:
    huge = call("mul", const(2**62), call("add", A, const(9)))
    methods = [Says((call("sub", A, B), huge, call("add", A, B)))]
    (best,) = synthesise(SUM, clock=Clock(5.0), methods=methods)
    assert (values(best.expr, SUM.columns) == SUM.target).all()
    assert best == scored(best.expr, SUM)


def test_unsuitable_methods_do_not_run() -> None:
    assert synthesise(SUM, clock=Clock(5.0), methods=[Says((call("add", A, B),), reason="no")]) == ()


def test_results_are_simplified_and_sorted() -> None:
    long = call("add", call("sub", call("add", A, B), const(0)), const(0))
    longer = call("sub", call("mul", const(2), call("add", A, B)), call("add", A, B))
    found = synthesise(SUM, clock=Clock(5.0), methods=[Says((longer, long))])
    assert [each.total for each in found] == sorted(each.total for each in found)
    assert found[0].bits <= scored(call("add", A, B), SUM).bits


def test_a_limit_is_kept() -> None:
    assert len(synthesise(SUM, clock=Clock(10.0), limit=2)) <= 2


@pytest.mark.parametrize(
    ("function", "bits"),
    [
        (lambda x: x[:, 0] + x[:, 1], 13),
        (lambda x: np.where(x[:, 0] > x[:, 1], x[:, 0] + x[:, 1], x[:, 1] - 1), 45),
        (lambda x: np.maximum(x[:, 0], x[:, 1]) * 2, 25),
        (lambda x: x[:, 0] >= x[:, 1], 13),
    ],
    ids=["sum", "choice", "twice the larger", "comparison"],
)
def test_the_whole_registry(function, bits: float) -> None:
    examples = table(PAIRS, function(PAIRS))
    best = synthesise(examples, clock=Clock(20.0))[0]
    assert best.residual == 0 and best.bits <= bits and compact(best, examples)


def test_the_same_answer_every_time() -> None:
    examples = table(PAIRS, np.abs(PAIRS[:, 0] - PAIRS[:, 1]) % 5)
    runs = [[str(each.expr) for each in synthesise(examples, clock=Clock(60.0))][:1] for _ in range(2)]
    assert runs[0] == runs[1]


def test_real_answers_give_a_front() -> None:
    x = generator(0, "real").normal(size=(200, 2))
    best = synthesise(Table(columns(x), 2 * x[:, 0] - x[:, 1] + 0.5), clock=Clock(10.0))[0]
    assert np.allclose(values(best.expr, columns(x)), 2 * x[:, 0] - x[:, 1] + 0.5, atol=1e-6)


def test_an_empty_table_has_no_answer() -> None:
    empty = Table({"a": np.zeros(0, dtype=np.int64)}, np.zeros(0, dtype=np.int64))
    assert synthesise(empty, clock=Clock(1.0)) == ()


KINDS = {
    "whole": lambda x: x[:, 0] * x[:, 1] % 7,
    "truths": lambda x: (x[:, 0] * 31 + x[:, 1] * 17) % 5 > 2,
    "real": lambda x: np.sin(x[:, 0]) * x[:, 1],
    "constant": lambda x: np.full(len(x), 3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_nulls_are_prices_of_the_whole_table(kind: str) -> None:
    prices = nulls(table(PAIRS, KINDS[kind](PAIRS)))
    assert set(prices) == {"lookup", "constant", "linear", "tree"}
    assert all(price > 0 for price in prices.values())
    assert min(prices.values()) < float("inf")


def test_a_lookup_never_beats_the_whole_table() -> None:
    cells = generator(0, "cells").integers(0, 9, (9, 9))
    examples = table(PAIRS, cells[PAIRS[:, 0], PAIRS[:, 1]])
    found = synthesise(examples, clock=Clock(3.0))
    assert not any(compact(each, examples) for each in found)


def test_what_is_itself_a_null_is_compact_when_it_is_short() -> None:
    assert compact(scored(call("add", A, B), SUM), SUM)
    constant = table(PAIRS, np.full(len(PAIRS), 3))
    assert compact(scored(const(3), constant), constant)
    assert not compact(scored(const(3), SUM), SUM)


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-0.2, 0.2))
@settings(max_examples=10, deadline=None)
def test_zero_says_nothing_of_random_numbers_about_zero(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    table = Table({"x": rng.normal(size=200)}, rng.normal(size=200) + shift)
    assert nulls(table)["constant"] <= scored(const(0), table).total
