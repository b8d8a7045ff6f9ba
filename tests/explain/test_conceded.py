"""A program that an attack shows to be wrong on a few inputs is an answer still, and is said to be approximate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np
import pytest

from scrutable.explain import _search, explain
from scrutable.hypothesis import Hypothesis, Provenance, Verdict
from scrutable.network import Integers, Network
from scrutable.program import INT, Expr, Input, Let, Program, Var, call
from scrutable.propose import Problem, Proposer
from scrutable.verify import Case, Sample

A, B = Var("a", INT), Var("b", INT)
EDGE = 1000


def largest_but_at_the_edge(x: np.ndarray) -> np.ndarray:
    """The larger of two numbers; one more where the first is as large as it may be, which data hardly hold."""
    x = np.asarray(x)
    return x.max(axis=1) + (x[:, 0] == EDGE)


def largest_but_once(x: np.ndarray) -> np.ndarray:
    """The larger of two numbers; one more at a single place that only asking about every input finds."""
    x = np.asarray(x)
    return x.max(axis=1) + ((x[:, 0] == 317) & (x[:, 1] == 612))


@final
class Stubborn(Proposer):
    """Says the same whatever it is shown, and calls it exact."""

    name = "stubborn"

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def unsuitable(self, problem: Problem) -> str | None:
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        program = Program("p", (Input("a", INT), Input("b", INT)), (Let("output", self.expr),), ("output",))
        yield Hypothesis(program, provenance=Provenance(self.name))


def network(rule) -> Network:
    return Network(rule, inputs=Integers(0, EDGE, channels=2), outputs=Integers())


@pytest.fixture
def stubborn(monkeypatch: pytest.MonkeyPatch):
    """Makes proposers that say certain things the only ones."""

    def only(*exprs: Expr) -> None:
        monkeypatch.setattr(_search, "PROPOSERS", tuple(map(Stubborn, exprs)))

    return only


DATA = np.random.default_rng(0).integers(0, EDGE, (4000, 2))


def test_what_an_attack_breaks_is_conceded(stubborn) -> None:
    stubborn(call("max", A, B))
    best = explain(network(largest_but_at_the_edge), data=DATA, budget="10s").best
    assert best is not None and best.approximate
    assert any("attack" in note for note in best.notes)
    assert best.residual_bits > 0
    assert best.verdict not in (Verdict.PROVED, Verdict.SUPPORTED)


@pytest.mark.parametrize("mistakes", [1, 20])
def test_what_is_wrong_on_a_few_inputs_at_hand_is_conceded(stubborn, mistakes: int) -> None:
    stubborn(call("max", A, B))
    data = np.concatenate([DATA, np.stack([np.full(mistakes, EDGE), np.arange(mistakes)], axis=1)])
    best = explain(network(largest_but_at_the_edge), data=data, budget="10s").best
    assert best is not None and best.approximate and best.residual_bits > 0
    assert any("searched" in note or "attack" in note for note in best.notes)


def test_what_is_often_wrong_is_not_conceded(stubborn) -> None:
    stubborn(A)
    assert explain(network(largest_but_at_the_edge), data=DATA, budget="5s").best is None


def test_what_is_exact_comes_first_where_it_is_longer(stubborn) -> None:
    right = call("add", call("max", A, B), call("if", call("eq", A, EDGE), 1, 0))
    stubborn(call("max", A, B), right)
    best = explain(network(largest_but_at_the_edge), data=DATA, budget="10s").best
    assert best is not None and not best.approximate
    assert "1000" in best.program.source


ODD = np.random.default_rng(1).choice(EDGE, 150, replace=False)


def largest_but_at_odd_places(x: np.ndarray) -> np.ndarray:
    """The larger of two numbers; one more at a few places on one edge that have nothing in common."""
    x = np.asarray(x)
    return x.max(axis=1) + ((x[:, 0] == EDGE) & np.isin(x[:, 1], ODD))


def test_a_table_of_exceptions_does_not_beat_a_rule_that_is_nearly_always_right(stubborn) -> None:
    exceptions = call("eq", A, -1)
    for place in ODD.tolist():
        exceptions = call("or", exceptions, call("eq", B, place))
    right = call("add", call("max", A, B), call("if", call("and", call("eq", A, EDGE), exceptions), 1, 0))
    stubborn(call("max", A, B), right)
    found = _search.search(*searched(largest_but_at_odd_places), seconds=20.0, seed=0)
    assert [each.approximate for each in found] == [True, False]
    assert 30 * found[0].program.bits < found[1].program.bits


def searched(rule) -> tuple[Network, np.ndarray, np.ndarray]:
    """A network, and data with its answers."""
    return network(rule), DATA, rule(DATA)


def test_what_only_the_whole_domain_refutes_is_conceded_too(stubborn) -> None:
    stubborn(call("max", A, B))
    study = explain(network(largest_but_once), data=DATA, budget="20s")
    assert study.best is not None and study.best.approximate
    verdicts = [each.verdict for each in study.hypotheses if not each.approximate]
    assert verdicts == [Verdict.REFUTED]


def largest_but_at_five_places(x: np.ndarray) -> np.ndarray:
    """The larger of two numbers; one more at five places that no data hold."""
    x = np.asarray(x)
    return x.max(axis=1) + ((x[:, 0] == EDGE) & (x[:, 1] < 5))


def test_nothing_is_offered_as_exact_that_no_attack_has_spared(stubborn, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, rules = call("max", A, B), []
    for place in range(5):
        rules.append(rule)
        rule = call("add", rule, call("if", call("and", call("eq", A, EDGE), call("eq", B, place)), 1, 0))
    stubborn(*rules)

    def one_at_a_time(case: Case, *, limit: int) -> Sample:
        places = np.array([[EDGE, place] for place in range(5)])
        wrong = np.flatnonzero(case.hypothesis.program(places) != largest_but_at_five_places(places))[:1]
        return Sample(places[wrong], largest_but_at_five_places(places[wrong]))

    monkeypatch.setattr(_search, "find_counter_examples", one_at_a_time)
    found = _search.search(*searched(largest_but_at_five_places), seconds=20.0, seed=0)
    assert found and all(each.approximate for each in found)
    stubborn(*rules, rule)
    (exact,) = (
        each
        for each in _search.search(*searched(largest_but_at_five_places), seconds=20.0, seed=0)
        if not each.approximate
    )
    assert "== 4" in exact.program.source or "< 5" in exact.program.source
