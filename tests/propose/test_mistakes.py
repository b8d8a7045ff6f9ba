"""Networks that make a few mistakes: the rule is found, said to be approximate, and noise alone gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.network import Integers, Network
from scrutable.propose import Enumeration, Problem, Proposer, Structure
from scrutable.propose._consensus import differing
from scrutable.work import Clock, generator

SIDE = 10
INPUTS = np.array(list(product(range(SIDE), repeat=3)))
Rule = Callable[[np.ndarray], np.ndarray]


def mistaken(rule: Rule, *, share: float, seed: int) -> Problem:
    """A network that follows a rule but for a share of its inputs, where it says another number."""
    rng, said = generator(seed, "mistakes"), rule(INPUTS)
    wrong = rng.random(len(said)) < share
    table = np.where(wrong, (said + rng.integers(1, 5, len(said))) % (said.max() + 1), said)
    shape = (SIDE, SIDE, SIDE)
    network = Network(
        lambda x: table[np.ravel_multi_index(np.asarray(x).astype(int).T, shape)].astype(float),
        inputs=Integers(0, SIDE - 1, channels=3),
        outputs=Integers(),
    )
    x = INPUTS[rng.permutation(len(INPUTS))[:500]]
    return Problem(network, x, network.predict(x), x[:0], x[:0, 0], seed, Clock(20.0))


def middle(x: np.ndarray) -> np.ndarray:
    return np.sort(x, axis=1)[:, 1]


def chosen(x: np.ndarray) -> np.ndarray:
    return np.where(x[:, 0] > x[:, 1], x[:, 2], x[:, 0] + 1)


@pytest.mark.parametrize(
    ("proposer", "rule"), [(Structure(), middle), (Enumeration(), chosen)], ids=["structure", "enumeration"]
)
@pytest.mark.parametrize("share", [0.005, 0.03])
def test_the_rule_behind_the_mistakes_is_found_and_called_approximate(
    proposer: Proposer, rule: Rule, share: float
) -> None:
    found = list(proposer.propose(mistaken(rule, share=share, seed=3)))
    assert found and (np.asarray(found[0].program(INPUTS)) == rule(INPUTS)).all()
    for each in found:
        assert each.provenance.settings["mode"] == "approximate" and "differs from the network" in each.notes[0]


@pytest.mark.parametrize("proposer", [Structure(), Enumeration()], ids=["structure", "enumeration"])
def test_a_rule_that_is_wrong_too_often_is_not_proposed(proposer: Proposer) -> None:
    assert not list(proposer.propose(mistaken(chosen, share=0.3, seed=0)))


def reader(once_in: int) -> Problem:
    """A network over sequences of a hundred numbers: |x| minus |previous|, and one more at one step in `once_in`,
    which depends on all steps so far and on nothing that is short."""

    def answers(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x).astype(int)
        last = np.pad(x, ((0, 0), (1, 0)))[:, :-1]
        mistaken = np.cumsum((x + 51) * 7919 ** np.arange(x.shape[1]) % 104729, axis=1) % once_in == 0
        return abs(x) - abs(last) + mistaken

    network = Network(answers, inputs=Integers(-50, 50, length=6), outputs=Integers(length=6))
    x = generator(0, "reader").integers(-50, 51, (1000, 6))
    return Problem(network, x, answers(x), x[:0], x[:0], 0, Clock(30.0))


def test_a_window_that_determines_nearly_every_answer_will_do() -> None:
    task = reader(2003)
    found = next(iter(Structure().propose(task)))
    assert found.provenance.settings["mode"] == "approximate"
    x = np.array([[3, -5, 0, 7, -7, 1]])
    assert np.asarray(found.program(x)).tolist() == [[3, 2, -5, 7, 0, -6]]


def test_a_window_that_leaves_one_answer_in_ten_open_is_none() -> None:
    assert Structure().unsuitable(reader(10)) is not None


@given(st.floats(0, 1))
def test_rounding_never_turns_some_disagreement_into_none(agreement):
    note = differing(agreement, "the inputs")
    assert ("none" in note) == (agreement == 1)
    assert " 0%" not in note
