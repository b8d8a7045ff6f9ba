"""The proposer "boolean": networks on a few bits become short formulas that equal them everywhere."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

import scrutable
from scrutable.hypothesis import Verdict
from scrutable.network import Bits, Category, Columns, Domain, Integers, Network, Reals
from scrutable.program import BOOL, Let
from scrutable.propose import Problem
from scrutable.propose.boolean import BooleanProposer
from scrutable.synthesis.boolean import literals
from scrutable.work import Clock, generator


def problem(function, inputs: Domain, outputs: Domain) -> Problem:
    network = Network(lambda x: np.asarray(function(np.asarray(x).astype(int)), dtype=float), inputs, outputs)
    x = inputs.sample(16, generator(0, "test"))
    return Problem(network, x, network.predict(x), x[:0], network.predict(x)[:0], 0, Clock(30))


def columns(n: int) -> Columns:
    return Columns([f"c{k}" for k in range(n)], lo=0, hi=1, integer=True)


def proposed(task: Problem) -> list:
    proposer = BooleanProposer()
    assert proposer.unsuitable(task) is None
    found = list(proposer.propose(task))
    every = task.network.inputs.enumerate()
    for each in found:
        assert np.array_equal(
            np.reshape(each.program(every), task.network.predict(every).shape), task.network.predict(every)
        )
    assert [h.program.bits for h in found] == sorted(h.program.bits for h in found)
    return found


@pytest.mark.parametrize(
    ("function", "inputs", "outputs", "size"),
    [
        (lambda x: x[:, 0] & x[:, 1] | x[:, 2], Bits(channels=3), Bits(), 3),
        (lambda x: x[:, 0] & x[:, 9] ^ x[:, 4], Bits(channels=10), Bits(), 3),
        (lambda x: x[:, 0] & x[:, 9] ^ x[:, 4], columns(10), Integers(0, 1), 3),
        (lambda x: x.sum(axis=1) % 2, columns(12), Integers(0, 1), 12),
        (lambda x: x.sum(axis=1) >= 4, Bits(channels=7), Bits(), 7),
        (lambda x: np.eye(2)[x[:, 0] | x[:, 1]], Bits(channels=3), Category(2), 2),
        (lambda x: np.eye(3)[np.where(x[:, 0], 2, x[:, 1] & x[:, 2])], Bits(channels=4), Category(3), 3),
        (lambda x: x.reshape(-1), Integers(0, 1), Bits(), 1),
        (lambda x: np.ones(len(x)), Bits(channels=3), Bits(), 0),
        (lambda x: 1 - x.reshape(-1), Bits(), Bits(), 1),
    ],
    ids=[
        "logic",
        "bits",
        "block",
        "parity",
        "majority",
        "two labels",
        "three labels",
        "one bit",
        "constant",
        "negation",
    ],
)
def test_formulas_equal_the_network_and_are_as_short_as_the_rule(function, inputs, outputs, size):
    assert proposed(problem(function, inputs, outputs))[0].provenance.settings["literals"] == size


def test_several_outputs_and_their_shared_parts():
    def adder(x):
        return np.stack([x.sum(axis=1) % 2, x.sum(axis=1) // 2], axis=1)

    best = proposed(problem(adder, Bits(channels=3), Bits(channels=2)))[0].program
    assert len(best.outputs) == 2

    def same_part(x):
        part = x[:, 0] & x[:, 1] & (x[:, 2] | x[:, 3])
        return np.stack([part ^ x[:, 4], part | x[:, 5]], axis=1)

    shared = proposed(problem(same_part, Bits(channels=6), Bits(channels=2)))[0].program
    assert sum(literals(let.expr) for let in shared.statements if isinstance(let, Let)) == 4 + 4


def test_numbers_of_few_values_are_put_together_from_digits_or_cases():
    found = proposed(problem(lambda x: x.sum(axis=1), Bits(channels=3), Integers(0, 3)))
    assert found
    jumps = proposed(problem(lambda x: np.where(x[:, 0] & x[:, 1], 7, 3), Bits(channels=4), Integers(0, 9)))
    assert jumps[0].provenance.settings["literals"] == 2


def test_logic_reads_truths_and_counting_reads_numbers():
    logic = proposed(problem(lambda x: x[:, 0] & (x[:, 1] | x[:, 2]), Bits(channels=3), Bits()))[0].program
    assert all(each.type == BOOL for each in logic.inputs)
    counting = proposed(problem(lambda x: x.sum(axis=1) >= 4, Bits(channels=8), Bits()))[0].program
    assert not any(each.type == BOOL for each in counting.inputs)
    assert ">= 4" in counting.source


@pytest.mark.parametrize(
    ("inputs", "outputs", "shape", "reason"),
    [
        (Integers(0, 2, channels=3), Bits(), (), "not 1 to 16 bits"),
        (Bits(channels=17), Bits(), (), "not 1 to 16 bits"),
        (Bits(length=5), Bits(length=5), (5,), "not 1 to 16 bits"),
        (Bits(channels=3), Reals(), (), "not bits, labels"),
        (Bits(channels=3), Bits(channels=9), (9,), "more than 8 outputs"),
    ],
)
def test_what_it_cannot_do_is_said(inputs, outputs, shape, reason):
    task = problem(lambda x: np.zeros((len(x), *shape)), inputs, outputs)
    assert reason in (BooleanProposer().unsuitable(task) or "")


def test_too_many_values_are_said():
    task = problem(lambda x: x @ (1 << np.arange(4)), Bits(channels=4), Integers(0, 15))
    assert "8 different values" in (BooleanProposer().unsuitable(task) or "")


@pytest.mark.slow
def test_a_trained_network_is_explained_and_compared_on_every_input(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(import_module("scrutable.explain._search"), "PROPOSERS", (BooleanProposer(),))
    torch.manual_seed(0)
    domain = columns(9)
    x = torch.tensor(domain.enumerate(), dtype=torch.float32)
    truth = (x[:, 0] * x[:, 1] + x[:, 3] * (1 - x[:, 8]) > 0).float()[:, None]
    module = torch.nn.Sequential(torch.nn.Linear(9, 24), torch.nn.ReLU(), torch.nn.Linear(24, 1))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(400):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(module(x), truth).backward()
        optimiser.step()
    network = Network(module, domain, Bits(threshold=0.0))
    study = scrutable.explain(network, budget="20s", seed=0)
    mine = [h for h in study.hypotheses if h.provenance.proposer == "boolean"]
    assert mine and mine[0].provenance.settings["literals"] == 4
    assert mine[0].verdict not in (Verdict.REFUTED, Verdict.FRIVOLOUS)
    assert study.best is not None
