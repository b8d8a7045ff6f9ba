"""The cvc5 back end: terms are read faithfully, and small functions come out right."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.network import Bits, Columns, Integers, Network, Reals
from scrutable.program import INT, Var, call
from scrutable.propose import Problem
from scrutable.propose._backends import _process
from scrutable.propose._backends._term import expression
from scrutable.propose.cvc5 import Cvc5
from scrutable.work import Clock, generator

X, Y = Var("x", INT), Var("y", INT)
PAIR = Columns(["a", "b"], lo=0, hi=7, integer=True)
LARGER = Network(lambda x: x.max(axis=1).astype(float), inputs=PAIR, outputs=Integers())


def problem(network: Network, seconds: float = 60.0) -> Problem:
    x = network.inputs.sample(40, generator(0, "cvc5 test"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed=0, clock=Clock(seconds))


def test_terms_are_read():
    term = ["if", ["ge", ["var", 0], ["var", 1]], ["add", ["var", 0], ["var", 1], ["const", 1]], ["neg", ["var", 1]]]
    total = call("add", call("add", X, Y), 1)
    assert expression(term, (X, Y)) == call("if", call("le", Y, X), total, call("neg", Y))


@pytest.mark.parametrize(
    "term", [None, 3, [], ["var", 9], ["const", "a"], ["FORALL", ["var", 0]], ["neg"], ["add"], ["if", ["var", 0]]]
)
def test_what_is_no_term_is_no_expression(term):
    assert expression(term, (X, Y)) is None


def test_what_does_not_suit_is_said(monkeypatch):
    reals = Network(lambda x: x[:, 0], inputs=Columns(["u"], lo=0, hi=1), outputs=Integers(0, 1))
    assert "whole numbers" in (Cvc5().unsuitable(problem(reals)) or "")
    floats = Network(lambda x: x[:, 0] / 2, inputs=PAIR, outputs=Reals())
    assert Cvc5().unsuitable(problem(floats))
    monkeypatch.setattr(_process, "find_spec", lambda name: None)
    assert Cvc5().unsuitable(problem(LARGER)) == "cvc5 is not installed; try pip install scrutable[cvc5]"


def test_a_killed_clock_starts_nothing():
    work = problem(LARGER, seconds=0.0)
    assert not list(Cvc5().propose(work)) and work.clock.used < 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [
        LARGER,
        Network(lambda x: (2 * x[:, 0] + x[:, 1]).astype(float), inputs=PAIR, outputs=Integers()),
        Network(lambda x: (x[:, 0] <= x[:, 1]).astype(float), inputs=PAIR, outputs=Integers(0, 1)),
        Network(lambda x: x[:, 0] * (1 - x[:, 1]), inputs=Bits(channels=2), outputs=Bits()),
    ],
    ids=["max", "sum", "comparison", "and not"],
)
def test_small_functions_are_found(network: Network):
    pytest.importorskip("cvc5")
    found = list(Cvc5().propose(problem(network, seconds=120.0)))
    assert found
    fresh = network.inputs.enumerate()
    assert np.array_equal(np.asarray(found[0].program(fresh)).astype(int), network.predict(fresh).astype(int))
