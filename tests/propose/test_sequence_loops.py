"""Loops over what other positions read of a token: located in attention, and nowhere where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.bench.trained._store import blank, kept, network_of
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network, Tokens
from scrutable.program import INT, Const, Input, Let, Program, Scan, Seq, State, Var, call
from scrutable.propose import Problem
from scrutable.propose._sequence_located import READ, Located
from scrutable.propose._sequence_loops import read_by_others
from scrutable.propose._sequence_program import Written
from scrutable.propose._sequence_sites import Spot
from scrutable.work import Clock, generator

X, M = Var("x", Seq(INT)), Var("m", INT)
STEP = State("m", Const(0, INT), call("max", M, Var("x_t", INT)))
LARGEST = Program("largest", (Input("x", Seq(INT)),), (Scan((("x_t", X),), (STEP,), ()),), ("m",))


def problem(network: Network) -> Problem:
    x = np.unique(network.inputs.sample(600, generator(0, "test")), axis=0)
    return Problem(network, x, network.predict(x), x[:0], x[:0], seed=0, clock=Clock(60))


@pytest.mark.slow
def test_a_trained_network_reads_each_token_for_the_others_in_one_place() -> None:
    facts = next(facts for facts in kept() if facts.name == "largest_so_far.gpt2.0")
    asked = problem(network_of(facts))
    found = read_by_others(Hypothesis(LARGEST), asked)
    assert found is not None and dict(found.alignment.sites) == {READ: "stack.h.0.ln_1"}
    assert np.array_equal(found.program(asked.inputs), LARGEST(asked.inputs))
    assert found.program.bits < LARGEST.bits + 8
    untrained = problem(network_of(facts, blank(facts, 5).eval()))
    assert read_by_others(Hypothesis(LARGEST), untrained) is None


def test_where_no_layers_are_seen_there_is_no_such_place() -> None:
    inputs = Tokens(4, length=8)
    network = Network(lambda x: np.maximum.accumulate(np.asarray(x), 1).astype(float), inputs=inputs, outputs=inputs)
    assert read_by_others(Hypothesis(LARGEST), problem(network)) is None


@pytest.mark.parametrize(
    ("followed", "left"),
    [((1.0, 0.95), {"a"}), ((0.95, 0.92), {"a"}), ((1.0, 0.98), {"a"}), ((1.0, 1.0), {"a", "b"})],
)
def test_what_is_in_doubt_is_left_out_if_something_else_is_located_better(
    followed: tuple[float, float], left: set[str]
) -> None:
    lets = tuple(Let(name, call("add", X, at)) for at, name in enumerate("ab"))
    both = call("add", Var("a", X.type), Var("b", X.type))
    program = Program("p", (Input("x", Seq(INT)),), (*lets, Let("y", both)), ("y",))
    spots = {name: Spot("layer", share) for name, share in zip("ab", followed, strict=True)}
    sure = Located(Written(program, {}), spots).sure
    assert set(sure.spots) == left and set(sure.made.program.variables) == {*left, "y"}
    assert np.array_equal(sure.made.program(np.arange(4)[None]), program(np.arange(4)[None]))
