"""The suites: methods see neutral data and nothing else; perfect answers score 100%, lies 0%; small runs end to end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretender import Pretender

from scrutable.bench import Case, Feedforward, Row, Suite, Synthesis, _networks, _synthesis, chosen, run_cases
from scrutable.bench._networks import subject_of
from scrutable.bench._questions import planted_question
from scrutable.bench._rule import Rule
from scrutable.bench._training import Recipe
from scrutable.program import Expr, Var, call, const
from scrutable.propose._inputs import program_inputs
from scrutable.synthesis import Found, Table, scored
from scrutable.work import Clock

NEUTRAL = re.compile(r"x\d+")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that are hardly trained, where it does not matter what they have learnt."""
    recipe = Recipe(hidden=(8,), steps=50, cycles=1)
    monkeypatch.setattr(_networks, "_recipe", lambda *_: recipe)
    monkeypatch.setattr(_networks, "TRAINING_ROWS", 500)


def leaf(table: Table, name: str) -> Expr:
    from scrutable.bench._text import as_program

    return next(Var(each.name, each.type) for each in as_program(const(0), table).inputs if each.name == name)


def rows_of(suite: Suite, family: str, *, only: str | None = None, count: int | None = None) -> tuple[Row, ...]:
    cases = chosen(suite.cases(0), family=family, only=only)
    return run_cases(suite, cases[:count], out=None, budget=5)


# What methods see


def texts_in(value: Any) -> set[str]:
    """Every text anywhere inside plain data, dataclasses and arrays."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {t for pair in value.items() for each in pair for t in texts_in(each)}
    if isinstance(value, (list, tuple)):
        return {t for each in value for t in texts_in(each)}
    if hasattr(value, "__dataclass_fields__"):
        return {t for name in value.__dataclass_fields__ for t in texts_in(getattr(value, name))}
    return set()


def test_methods_see_neutral_columns_and_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """One case of every family: what a method receives holds no text but x0, x1, ... and the operators of a grammar."""
    seen: list[set[str]] = []

    def spy(table: Table, grammar: Mapping[str, Any] | None, clock: Clock) -> Found | None:
        assert isinstance(clock, Clock)
        seen.append(texts_in(table) | texts_in(grammar))
        return None

    monkeypatch.setattr(_synthesis, "FORMULA_ROWS", 100)
    suite = Synthesis(method=spy)
    families: dict[str, Case] = {}
    for case in suite.cases(0):
        families.setdefault(case.family, case)
    for case in families.values():
        suite.run(case, budget=1)
    allowed = {"operators", "constants", "if", "le", "add", "sub"}
    assert len(seen) == len(families)
    assert all(NEUTRAL.fullmatch(text) or text in allowed for texts in seen for text in texts)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("key", ["integer/08", "real/04", "boolean/00", "null/00", "null/07", "outside/07"])
def test_networks_carry_no_name_of_their_task(key: str, tmp_path: Path) -> None:
    (case,) = (case for case in Feedforward().cases(0) if case.key == key)
    network = subject_of(case, tmp_path).network
    texts = {network.name, network.inputs.spec, network.outputs.spec, *network.sites, *network.inputs.variables}
    assert network.facts.name == "network"
    assert all(NEUTRAL.fullmatch(name) for name in network.inputs.variables)
    assert not any(case.task in text for text in texts)


def test_cases_are_many_distinct_and_the_same_every_time() -> None:
    for suite in (Synthesis(), Feedforward()):
        cases = suite.cases(0)
        assert len({case.key for case in cases}) == len({case.digest for case in cases}) == len(cases)
        assert cases == suite.cases(0) != suite.cases(1)
    count = {family: sum(case.family == family for case in Feedforward().cases(0)) for family in ("integer", "real")}
    assert sum(count.values()) >= 44
    assert sum(case.family == "boolean" for case in Feedforward().cases(0)) >= 44
    assert sum(case.family == "null" for case in Feedforward().cases(0)) >= 20
    assert sum(case.family == "outside" for case in Feedforward().cases(0)) >= 20


def test_tasks_outside_are_other_tasks() -> None:
    cases = Feedforward().cases(0)
    tuned = {case.task for case in cases if case.family in ("integer", "real")}
    assert not tuned & {case.task for case in cases if case.family == "outside"}


def test_fresh_rows_are_not_those_that_methods_see() -> None:
    for case in chosen(Synthesis().cases(0), family="integer"):
        question = planted_question(case)
        seen = set(zip(*(column.tolist() for column in question.table.columns.values()), strict=True))
        fresh = list(zip(*(column.tolist() for column in question.fresh.values()), strict=True))
        assert len(fresh) == 10_000
        assert len(set(fresh) - seen) > 0.5 * len(set(fresh))
        assert (Rule(case.task)(question.table.columns) == question.table.target).all()


# Planted methods


def by_rows(table: Table, grammar: Any, clock: Clock) -> Found:
    """Perfect on truth tables: an or of the rows that are true, passed off as short."""
    terms = []
    for row in np.flatnonzero(table.target):
        literals = [leaf(table, n) if c[row] else call("not", leaf(table, n)) for n, c in table.columns.items()]
        terms.append(call("and", *literals))
    return Found(call("or", *terms), 10.0)


def opposite(table: Table, grammar: Any, clock: Clock) -> Found:
    """Wrong on every row of a truth table."""
    return Found(call("not", by_rows(table, grammar, clock).expr), 10.0)


def bold(table: Table, grammar: Any, clock: Clock) -> Found:
    """Claims a short program for everything."""
    return Found(const(False if table.target.dtype.kind == "b" else 0), 3.0)


def silent(table: Table, grammar: Any, clock: Clock) -> None:
    """Claims nothing."""


@pytest.mark.parametrize(("method", "family", "share"), [
    (by_rows, "boolean", 1.0),
    (opposite, "boolean", 0.0),
    (bold, "integer", 0.0),
    (silent, "integer", 0.0),
    (bold, "null", 0.0),
    (silent, "null", 1.0),
])  # fmt: skip
def test_perfect_methods_score_everything_and_lies_nothing(method: Any, family: str, share: float) -> None:
    rows = rows_of(Synthesis(method=method), family, count=8)
    assert np.mean([row.solved for row in rows]) == share
    assert all(row.verdict != "error" for row in rows)
    if method in (by_rows, opposite):
        assert all(row.agreement == share for row in rows)


def test_a_table_written_out_is_no_answer() -> None:
    def written(table: Table, *_: Any) -> Found:
        return replace(by_rows(table, None, Clock(1)), bits=10.0**6)

    rows = rows_of(Synthesis(method=written), "boolean", count=3)
    assert [(row.verdict, row.agreement, row.solved) for row in rows] == [("no compact program", 1.0, False)] * 3


def number(name: str, domain: Any) -> Expr:
    return next(Var(each.name, each.type) for each in program_inputs(domain) if each.name == name)


@pytest.mark.usefixtures("hasty")
def test_right_programs_of_networks_are_solved_and_wrong_ones_not(tmp_path: Path) -> None:
    cases = {case.task: case for case in Feedforward().cases(0) if case.family in ("integer", "real")}
    whole, real = cases["abs(x0 - x1)"], cases["max(x0, x1)"]
    for case, right, wrong, near in (
        (whole, lambda a, b: call("abs", a - b), lambda a, b: call("max", a - b, 0), None),
        (real, lambda a, b: call("max", a, b), lambda a, b: call("min", a, b), lambda a, b: call("max", a, b) + 0.003),
    ):
        domain = subject_of(case, tmp_path).network.inputs
        a, b = number("x0", domain), number("x1", domain)

        def row(expr: Expr | None, case: Case = case) -> Row:
            return Feedforward(networks=tmp_path, explain=Pretender(expr)).run(case, budget=1)

        assert row(right(a, b)).solved
        assert not row(wrong(a, b)).solved
        assert not row(None).solved
        assert row(None).verdict == "no short program"
        if near is not None:
            assert not row(near(a, b)).solved
            assert row(near(a, b)).marks == {"within 1%": True}


def test_claims_about_null_networks_are_failures() -> None:
    (case,) = (case for case in Feedforward().cases(0) if case.key == "null/00")
    assert Feedforward(explain=Pretender(None)).run(case, budget=1).solved
    assert not Feedforward(explain=Pretender(const(1))).run(case, budget=1).solved


def test_untrained_networks_are_far_from_any_line() -> None:
    from scrutable.bench._networks import named

    for case in chosen(Feedforward().cases(0), only="untrained"):
        network = subject_of(case, None).network
        x = network.inputs.enumerate() if network.inputs.size else network.inputs.sample(2000, np.random.default_rng(0))
        y = network.predict(x)
        shares = np.unique(y, return_counts=True)[1] / len(y)
        assert shares.max() < 0.7, "nearly constant"
        if network.outputs.classes is None:
            columns = np.column_stack([*named(network.inputs, x).values(), np.ones(len(x))])
            left = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
            assert left.var() > 0.4 * y.var(), "nearly linear"


# End to end


@pytest.mark.parametrize(
    ("family", "only"), [("integer", "max(x0, x1, x2)"), ("fixed grammar", "/00"), ("null", "/00")]
)
def test_tables_end_to_end(family: str, only: str) -> None:
    (row,) = rows_of(Synthesis(), family, only=only, count=1)
    assert row.solved
    assert {"lookup", "linear", "tree"} <= set(row.nulls)


@pytest.mark.slow
def test_networks_end_to_end(tmp_path: Path) -> None:
    (row,) = rows_of(Feedforward(networks=tmp_path), "boolean", only="boolean/00")
    assert row.solved
    assert row.agreement == 1.0


def test_formulas_are_scored_in_their_own_names() -> None:
    """A product over neutral columns solves the formula that is that product, and a sum does not."""
    suite = Synthesis(method=lambda table, *_: scored(call("mul", leaf(table, "x0"), leaf(table, "x1")), table))
    case, *_ = chosen(suite.cases(0), only="formulas-0/I.12.1")
    assert suite.run(case, budget=1).solved
    wrong = Synthesis(method=lambda table, *_: scored(call("add", leaf(table, "x0"), leaf(table, "x1")), table))
    assert not wrong.run(case, budget=1).solved


@pytest.mark.usefixtures("hasty")
def test_formulas_of_networks_are_scored_in_their_own_names(tmp_path: Path) -> None:
    case, *_ = chosen(Feedforward().cases(0), only="formulas-mlp/I.12.1")
    domain = subject_of(case, tmp_path).network.inputs
    a, b = number("x0", domain), number("x1", domain)
    for expr, right in ((call("mul", a, b), True), (call("add", a, b), False)):
        assert Feedforward(networks=tmp_path, explain=Pretender(expr)).run(case, budget=1).solved == right
