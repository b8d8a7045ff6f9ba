"""The proposer "enumeration": programs for networks of few inputs, and for short windows of sequences."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.network import Bits, Category, Columns, Image, Integers, Network, Reals, Tokens
from scrutable.program import INT, REAL, Array, Seq
from scrutable.propose._base import Problem
from scrutable.propose._inputs import leaf_columns, program_inputs
from scrutable.propose.boolean import BooleanProposer
from scrutable.propose.enumeration import Enumeration
from scrutable.propose.structure import Structure
from scrutable.work import Clock, generator


def problem(function, inputs, outputs, *, n: int = 200, seconds: float = 15.0, seed: int = 0) -> Problem:
    network = Network(function, inputs=inputs, outputs=outputs)
    x = network.inputs.sample(n, generator(seed, "test"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed, Clock(seconds))


def proposed(task: Problem) -> list:
    proposer = Enumeration()
    assert proposer.unsuitable(task) is None
    return list(proposer.propose(task))


COLUMNS = Columns(["a", "b"], lo=0, hi=15, integer=True)


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    return np.eye(k)[labels]


@pytest.mark.parametrize(
    ("function", "inputs", "outputs"),
    [
        (lambda x: np.abs(x[:, 0] - x[:, 1]), COLUMNS, Integers()),
        (lambda x: one_hot((x[:, 0] > x[:, 1]).astype(int), 2), COLUMNS, Category(2)),
        (lambda x: x.sum(axis=1) % 3, Integers(0, 9, channels=3), Integers(0, 2)),
        (lambda x: (x[:, 0] * x[:, 1] + x[:, 2]) > 0, Bits(channels=3), Integers(0, 1)),
        (lambda x: np.where(x[:, 0] > 11, x[:, 1], x[:, 0]), COLUMNS, Integers()),
    ],
    ids=["distance", "comparison", "sum modulo 3", "logic", "conditional"],
)
def test_programs_equal_the_network_on_fresh_inputs(function, inputs, outputs):
    task = problem(lambda x: np.asarray(function(np.asarray(x)), dtype=float), inputs, outputs)
    hypotheses = proposed(task)
    fresh = inputs.sample(500, generator(1, "fresh"))
    assert np.array_equal(hypotheses[0].program(fresh), task.network.predict(fresh))
    assert hypotheses[0].provenance.proposer == "enumeration"
    assert [h.program.bits for h in hypotheses] == sorted(h.program.bits for h in hypotheses)


def test_truth_tables_are_left_to_formulas():
    task = problem(lambda x: np.asarray(x)[:, 0].astype(float), Bits(channels=3), Bits())
    assert "formulas" in (Enumeration().unsuitable(task) or "")
    assert "formulas" in (Structure().unsuitable(task) or "")
    assert BooleanProposer().unsuitable(task) is None


def test_the_first_data_may_mislead():
    """All examples have a < b, where b - a is the distance: queries show that it is not enough."""
    task = problem(lambda x: np.abs(np.asarray(x)[:, 0] - np.asarray(x)[:, 1]).astype(float), COLUMNS, Integers())
    keep = task.inputs[:, 0] < task.inputs[:, 1]
    task = Problem(task.network, task.inputs[keep], task.outputs[keep], task.inputs[:0], task.outputs[:0], 0, Clock(15))
    every = COLUMNS.enumerate()
    assert np.array_equal(proposed(task)[0].program(every), task.network.predict(every))


@pytest.mark.parametrize(
    ("rule", "window"),
    [
        (lambda x, y: x * x % 5, 0),
        (lambda x, y: (x + y[1]) % 4, 1),
        (lambda x, y: np.maximum(x, np.maximum(y[1], y[2])), 2),
    ],
    ids=["memoryless", "one back", "largest of three"],
)
def test_windows_of_sequences(rule, window):
    def function(x):
        x = np.asarray(x).astype(int)
        earlier = {k: np.pad(x, ((0, 0), (k, 0)))[:, : x.shape[1]] for k in (1, 2)}
        return rule(x, earlier).astype(float)

    task = problem(function, Integers(0, 4, length=9), Integers(0, 4, length=9), n=400)
    best = proposed(task)[0]
    longer = Integers(0, 4, length=30).sample(50, generator(2, "longer"))
    assert np.array_equal(best.program(longer), function(longer).astype(int))
    assert best.provenance.settings["window"] == window


def test_several_outputs_share_their_parts():
    def function(x):
        total = np.asarray(x).sum(axis=1)
        return np.stack([total % 10, total // 10], axis=1).astype(float)

    task = problem(function, Integers(0, 9, channels=2), Integers(0, 9, channels=2))
    best = proposed(task)[0].program
    x = task.network.inputs.enumerate()
    assert np.array_equal(best(x), task.network.predict(x))


def test_a_running_sum_is_no_window():
    task = problem(
        lambda x: np.cumsum(np.asarray(x), axis=1) % 7.0, Integers(0, 6, length=12), Integers(0, 6, length=12), n=300
    )
    assert "do not determine" in (Enumeration().unsuitable(task) or "")


def test_noise_has_no_program():
    table = generator(0, "noise").integers(0, 10, (16, 16))
    task = problem(
        lambda x: table[np.asarray(x)[:, 0].astype(int), np.asarray(x)[:, 1].astype(int)].astype(float),
        COLUMNS,
        Integers(),
        seconds=2.0,
    )
    assert proposed(task) == []


@pytest.mark.parametrize(
    ("inputs", "outputs", "shape", "reason"),
    [
        (Columns([f"c{i}" for i in range(9)], lo=0, hi=1), Integers(), (), "more inputs"),
        (COLUMNS, Reals(), (), "not whole"),
        (Integers(0, 3, length=5), Integers(), (), "one answer for each sequence"),
        (Integers(0, 3, length=5), Integers(), (), "try channels=5 in place of length=5"),
        (COLUMNS, Integers(channels=5), (5,), "more than 4 outputs"),
    ],
)
def test_what_it_cannot_do_is_said(inputs, outputs, shape, reason):
    task = problem(lambda x: np.zeros((len(np.asarray(x)), *shape)), inputs, outputs)
    assert reason in (Enumeration().unsuitable(task) or "")


@pytest.mark.parametrize(
    ("domain", "names", "types"),
    [
        (Bits(length=4, channels=2), ("a", "b"), (Seq(INT), Seq(INT))),
        (Tokens(5, length=3), ("x",), (Seq(INT),)),
        (Reals(0, 1), ("x",), (REAL,)),
        (COLUMNS, ("a", "b"), (INT, INT)),
        (Columns([f"c{i}" for i in range(9)], lo=0, hi=1), ("x",), (Array((9,), REAL),)),
        (Image(1, 4, 4), ("image",), (Array((1, 4, 4), REAL),)),
    ],
)
def test_domains_become_program_inputs(domain, names, types):
    inputs = program_inputs(domain)
    assert tuple(each.name for each in inputs) == names
    assert tuple(each.type for each in inputs) == types
    x = domain.sample(6, generator(0, "inputs"))
    columns = leaf_columns(domain, x)
    assert tuple(columns) == names
    assert np.array_equal(
        x, columns["x" if "x" in names else names[0]] if len(names) == 1 else np.stack(list(columns.values()), axis=-1)
    )
