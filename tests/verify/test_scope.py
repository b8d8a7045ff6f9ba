"""Exchanges that ask for what no input shows are no test of a claim; all others are."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Category, Columns, Network
from scrutable.program import INT, Expr, Input, Let, Program, Usual, Var, call
from scrutable.verify import Case, Sample
from scrutable.verify._question import Question, Rows, disjoint_rows
from scrutable.verify._scope import Scope
from scrutable.work import Clock

A, B = Var("a", INT), Var("b", INT)


def question(output: Expr, find: np.ndarray) -> Question:
    """About `twice`, which is `2 * a`, in a network that answers `max(2 * a - b, 0)` in labels."""
    inputs = Columns(("a", "b"), lo=0, hi=3, integer=True)
    network = Network(
        lambda x: np.eye(7)[np.maximum(2 * x[:, 0] - x[:, 1], 0).astype(int)], inputs=inputs, outputs=Category(7)
    )
    lets = (Let("twice", A + A), Let("output", output))
    said = Program("p", (Input("a", INT), Input("b", INT)), lets, ("output",))
    sample = Sample(find, network.predict(find))
    return Question(Case(network, Hypothesis(said, Alignment({})), sample, sample, 0, Clock(10)), "twice")


NOTHING = Usual.of(Program("a", (Input("a", INT),), (), ("a",)), np.zeros((1, 1)))
OUTPUT = call("max", Var("twice", INT) - B, 0)
FIND = np.array([[2, 1], *[[a, b] for a in range(3) for b in range(a, 4)]] * 3)


def claimed(asked: Question, words: np.ndarray, base: int, source: int) -> bool:
    on = asked.on(Sample(words, asked.case.network.predict(words)))
    pairs, where = np.array([[base], [source]]), np.ones((1, 1), bool)
    predicted = asked.answers_with(words[pairs[0]], on.values[pairs[1]], where)
    return bool(asked.claimed(asked.scope, on, Rows(*pairs, where, predicted, predicted != on.answers[pairs[0]]))[0])


@pytest.mark.parametrize(
    ("base", "source", "right"),
    [
        ((0, 1), (2, 3), True),  # 4 - 1, which is said of (2, 1)
        ((0, 2), (2, 3), True),  # 4 - 2, which is said of (2, 2)
        ((0, 0), (2, 3), False),  # 4 - 0: the network never says 4
        ((0, 2), (3, 3), False),  # no word for finding has a = 3
        ((3, 3), (0, 2), False),
    ],
)
def test_only_what_inputs_for_finding_show_is_asked(base: tuple, source: tuple, right: bool) -> None:  # noqa: FBT001
    words = np.array([base, source])
    assert claimed(question(OUTPUT, FIND), words, 0, 1) is right


def test_values_too_many_to_come_back_are_all_asked() -> None:
    values = np.random.default_rng(0).normal(size=100)
    scope = Scope.of(values, values, NOTHING, labels=False, stepwise=False)
    assert scope.shown(values + 1.0, stepwise=False).all() and scope.given(values + 1.0).all()


def test_a_value_at_one_step_is_asked_where_any_step_shows_it() -> None:
    scope = Scope.of(np.array([[0, 1, 0, 1], [1, 1, 0, 2]]), np.array([0, 1]), NOTHING, labels=True, stepwise=True)
    assert scope.shown(np.array([[2, 3, 1, 0]]), stepwise=True).tolist() == [[True, False, True, True]]
    assert scope.given(np.array([[0, 1], [1, 2]])).tolist() == [True, False]


def test_how_many_pairs_are_left_out_is_told() -> None:
    words = np.array([[a, b] for a in range(4) for b in range(4)] * 8)
    whole, narrow = (question(OUTPUT, find) for find in (words, FIND))
    for asked, some in ((whole, False), (narrow, True)):
        on = asked.on(Sample(words, asked.case.network.predict(words)))
        rows = disjoint_rows(asked, on, np.arange(len(words)), np.random.default_rng(0))
        assert (rows.beyond > 0.2) is some and (rows.beyond == 0) is not some
