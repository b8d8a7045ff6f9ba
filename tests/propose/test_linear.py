"""Linear systems: integer ones come back exactly, others are declined."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from fake_networks import linear_network, machine_network, problem
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.network import Bits, Integers, Network, Reals, Recurrent, Tokens
from scrutable.program import INT, Var
from scrutable.propose import Linear
from scrutable.propose._relation import find_relation
from scrutable.propose._relation_program import linear
from scrutable.synthesis._snap import rational, shortest_between
from scrutable.work import Clock, generator

WHOLE = Integers(-10, 10, length=10)
OUT = Integers(length=10)


def proposed(network, **options):
    task = problem(network, n=options.pop("n", 600), **options)
    assert Linear().unsuitable(task) is None
    return list(Linear().propose(task)), task


def window(taps: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices of a system that keeps the last inputs and sums them with these weights."""
    size = len(taps)
    return np.eye(size, k=-1), np.eye(size)[:, :1], np.array([taps], dtype=float)


NEWTON = {
    "free": (np.array([[1.0, 1], [0, 1]]), np.array([[1.0], [1]]), 0.0),
    "spring": (np.array([[0.0, 1], [-1, 1]]), np.array([[1.0], [1]]), 0.0),
    "gravity": (np.array([[1.0, 1], [0, 1]]), np.array([[1.0], [1]]), -1.0),
}


@pytest.mark.parametrize("name", NEWTON)
def test_position_and_velocity(name: str) -> None:
    move, feed, drift = NEWTON[name]
    network = linear_network(move, feed, np.array([[1.0, 0]]), WHOLE, OUT, drift=drift)
    found, task = proposed(network)
    assert len(found) == 2
    longer = network.inputs.with_length(25).sample(200, generator(0, "longer"))
    for hypothesis in found:
        assert (hypothesis.program(longer) == network.recurrence.run(longer)[1]).all()
        assert hypothesis.provenance.settings["outputs_back"] == 2
    assert {"position", "velocity"} <= set(found[0].program.variables)


@pytest.mark.parametrize("taps", [[1], [0, 1], [1, 1, 1], [0, 0, 0, 0, 0, 1], [1, -1], [2, 0, -3]])
def test_windows_of_inputs(taps: list[int]) -> None:
    found, task = proposed(linear_network(*window(taps), Integers(0, 99, length=20), Integers(length=20)))
    assert found
    for hypothesis in found:
        assert (hypothesis.program(task.inputs) == task.outputs).all()
        assert hypothesis.provenance.settings["inputs_back"] == len(taps) - 1


def test_a_running_sum_is_one_state() -> None:
    found, _ = proposed(linear_network(np.eye(1), np.eye(1), np.eye(1), Integers(0, 99, length=10), OUT))
    assert "total = total + x_t" in found[0].program.source
    assert found[0].alignment.sites == {"total": "hidden"}


def test_two_channels_in_and_out() -> None:
    move = np.array([[1.0, 0, 1, -1], [0, 1, 1, 1], [0, 0, 1, -1], [0, 0, 1, 1]])
    feed = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    pair = Integers(-10, 10, length=10, channels=2)
    network = linear_network(move, feed, np.eye(4)[:2], pair, Integers(length=10, channels=2))
    found, task = proposed(network)
    assert found and all((h.program(task.inputs) == task.outputs).all() for h in found)


def test_a_start_other_than_zero() -> None:
    network = machine_network(2, lambda s, x: 1 - s, lambda s, x: s, Bits(length=10), Bits(length=10))
    found, task = proposed(network)
    assert (found[0].program(task.inputs) == task.outputs).all()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-2, 2), min_size=1, max_size=2),
    st.lists(st.integers(-3, 3), min_size=1, max_size=3),
    st.integers(-2, 2),
)
def test_integer_recurrences_come_back(past: list[int], inputs: list[int], constant: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (400, 10, 1)).astype(float)
    y = np.zeros_like(x)
    for t in range(10):
        y[:, t] = constant + sum(b * x[:, t - j] for j, b in enumerate(inputs) if t >= j)
        y[:, t] += sum(a * y[:, t - i] for i, a in enumerate(past, start=1) if t >= i)
    relation = find_relation(x, y, whole=True, clock=Clock(10))
    assert relation is not None
    assert (np.rint(relation.simulate(x)) == y).all()
    assert relation.order[0] <= len(past) and all(Fraction(v).denominator == 1 for v in relation.inputs.flat)


@pytest.mark.parametrize("function", [np.maximum.accumulate, lambda x, axis: np.cumsum(x, axis=axis) % 5])
def test_what_is_not_linear_is_not_proposed(function) -> None:
    x = np.random.default_rng(0).integers(0, 10, (400, 10, 1)).astype(float)
    assert find_relation(x, function(x, axis=1), whole=True, clock=Clock(10)) is None


def test_rare_mistakes_are_declared() -> None:
    x = np.random.default_rng(0).integers(0, 10, (800, 10))

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after = state + x_t
        return after, (after + (after == 31))[:, 0]

    network = Network(Recurrent(cell, np.zeros(1)), inputs=Integers(0, 9, length=4), outputs=Integers(length=4))
    found, _ = proposed(network, x=x[:, :4])
    assert found and found[0].provenance.settings["mode"] == "approximate"


def test_real_outputs_get_short_coefficients() -> None:
    move, feed = np.array([[0.75]]), np.array([[0.5]])
    found, task = proposed(linear_network(move, feed, np.eye(1), Reals(-1, 1, length=12), Reals(length=12)))
    assert np.allclose(found[0].program(task.inputs), task.outputs, atol=1e-6)
    assert "0.75" in found[0].program.source and "0.5" in found[0].program.source
    assert found[0].notes == ()


def test_reasons_to_decline() -> None:
    labels = machine_network(1, lambda s, x: s * 0, lambda s, x: x, Tokens(2, length=8), Bits(length=8))
    assert "labels" in (Linear().unsuitable(problem(labels, n=20)) or "")
    short = linear_network(np.eye(1), np.eye(1), np.eye(1), Integers(0, 9, length=2), Integers(length=2))
    assert "shorter" in (Linear().unsuitable(problem(short, n=20)) or "")


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6))
def test_the_shortest_number_between(low: float, width: float) -> None:
    high = low + width
    value = shortest_between(low, high)
    assert low <= value < high or (high == low and value == low)
    assert len(repr(value)) <= max(len(repr(low)), 22)


def test_shortest_numbers_and_fractions() -> None:
    assert shortest_between(2.4371, 2.6112) == 2.5 and shortest_between(-0.5, 0.5) == 0.0
    near = rational(np.array([0.3333334, 2.0]), tolerance=1e-4)
    assert near is not None and near.tolist() == [Fraction(1, 3), Fraction(2)]
    assert rational(np.array([0.123]), tolerance=1e-4) is None


def test_sums_are_written_as_a_person_would() -> None:
    x, y = Var("x", INT), Var("y", INT)
    assert str(linear([(Fraction(-1), y), (Fraction(2), x)], Fraction(1))) == "sub(add(mul(2, x), 1), y)"
    assert str(linear([(Fraction(0), x)], Fraction(0))) == "0"
