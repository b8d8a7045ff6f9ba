"""What registers must not claim: memories of whole words, rules that end with the data, falsehoods about chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fake_networks import machine_network, problem
from test_registers import BITS, DIGITS, RULES, Rule, network

from scrutable.network import Bits, Integers, Network, Reals, Recurrent
from scrutable.program import Const, Scan, walk
from scrutable.propose import Problem, Registers
from scrutable.propose._registers_features import features, variable
from scrutable.propose._registers_heard import listen
from scrutable.propose._registers_keys import Dependence
from scrutable.propose._registers_pool import Register, remembers
from scrutable.propose._registers_updates import Template, Update
from scrutable.work import generator


def random_machine(seed: int, states: int) -> Network:
    rng = np.random.default_rng(seed)
    move, answer = rng.integers(0, states, (states, 2)), rng.integers(0, 2, (states, 2))
    return machine_network(
        states, lambda s, x: move[s, x], lambda s, x: answer[s, x], Bits(length=10), Integers(length=10)
    )


def untrained(seed: int) -> Network:
    torch.manual_seed(seed)
    memory, read = torch.nn.RNNCell(1, 16), torch.nn.Linear(16, 1)

    def cell(state: torch.Tensor, x_t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        after = memory(x_t.float(), state)
        return after, 4 * read(after)[:, 0]

    return Network(Recurrent(cell, torch.zeros(16)), DIGITS, Integers(length=10))


def test_a_register_that_holds_the_word_is_refused() -> None:
    rule = Rule(lambda s, x: ((2 * s[0] + x,), np.sin(7.7 * (2 * s[0] + x)) > 0), (1,), BITS, 0)
    ear = listen(problem(network(rule)))
    values = np.zeros((ear.trial.length + 1, ear.trial.count), dtype=np.int32)
    for t in range(ear.trial.length):
        values[t + 1] = 2 * values[t] + ear.trial.x[t, :, 0] + 1
    template = Template("word", ("simple",), lambda o, r, e: o.add(o.mul(2, r), e))
    word = Register("word", 0, Update(template, (variable("x_t", ear.trial.x[..., 0]),)), values, (), 9.0)
    tester = Dependence(ear, 0)
    assert (np.unique(values[1:]).size > 256) and tester.key((word,)) is None
    assert remembers(values[1:], ear.trial.prefixes, ear.narrow)


@pytest.mark.parametrize("net", [random_machine(1, 14), untrained(0)])
def test_nothing_false_about_random_networks_and_in_time(net: Network) -> None:
    task: Problem = problem(net, seconds=2.0)
    found = list(Registers().propose(task))
    assert task.clock.used < 4.0
    for each in found:
        x = net.inputs.sample(500, generator(3, "fresh"))
        right = (np.asarray(each.program(x)) == net.predict(x)).all(axis=1).mean()
        assert right == 1 or (right > 0.9 and each.provenance.settings["mode"] == "approximate")


def test_what_ends_with_the_data_is_not_called_exact() -> None:
    def step(s, x):
        total = s[0] + x
        return (total, s[1] + 1), np.where(s[1] < 10, total, 0)

    net = network(Rule(step, (0, 0), DIGITS, 0))
    found = list(Registers().propose(problem(net, seconds=3.0)))
    assert found and all(each.provenance.settings["mode"] == "up to 10 steps" for each in found)
    assert "20" in found[0].notes[0]


def test_the_length_of_the_data_is_no_constant() -> None:
    net = Network(lambda x: np.cumsum(x, axis=1) % 2 + np.cumsum(x, axis=1), BITS, Integers(length=10))
    found = list(Registers().propose(problem(net, seconds=10.0)))
    assert found and found[0].alignment.sites == {}
    for scan in (part for each in found for part in each.program.statements if isinstance(part, Scan)):
        exprs = [*(let.expr for let in scan.body), *(state.next for state in scan.states)]
        assert not any(node == Const(10, node.type) for expr in exprs for node in walk(expr))


@pytest.mark.slow
def test_rare_mistakes_are_declared() -> None:
    def step(s, x):
        best, mark = np.maximum(s[0], x), (31 * s[1] + 7 * x + 1) % 10007
        return (best, mark), best + (np.abs(np.sin(12.345 * mark)) < 0.006)

    net = network(Rule(step, (0, 0), DIGITS, 0))
    found = list(Registers().propose(problem(net, seconds=7.0)))
    assert found and all(each.provenance.settings["mode"] == "approximate" for each in found)
    x = net.inputs.sample(200, generator(4, "fresh"))
    best = min(found, key=lambda each: each.program.bits)
    assert (best.program(x) == np.maximum.accumulate(x, axis=1)).all()


def test_to_miss_what_is_rare_is_not_nearly_right() -> None:
    def step(s, x):
        mark = (31 * s[0] + 7 * x + 1) % 10007
        return (mark,), (np.abs(np.sin(12.345 * mark)) < 0.05).astype(int)

    net = network(Rule(step, (0,), DIGITS, 0))
    answers = net.predict(net.inputs.sample(500, generator(5, "rare")))
    assert 0.95 < (answers == 0).mean() < 0.99
    assert not list(Registers().propose(problem(net, seconds=4.0)))


def test_the_last_answer_alone() -> None:
    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after = np.maximum(state, x_t)
        return after, after[:, 0]

    net = Network(Recurrent(cell, np.zeros(1)), DIGITS, Integers())
    task = problem(net)
    found = list(Registers().propose(task))
    assert found and (found[0].program(task.inputs) == task.inputs.max(axis=1)).all()


def test_the_same_again() -> None:
    def programs() -> list[str]:
        task = problem(network(RULES["equal run"]), seconds=60.0)
        return [each.program.source for each in Registers().propose(task)]

    assert programs() == programs()


def test_features_are_different() -> None:
    rng = np.random.default_rng(0)
    found = features([variable("x_t", rng.integers(0, 5, (10, 40)))])
    for group in (found.simple, found.numbers, found.truths):
        assert len({each.values.tobytes() for each in group}) == len(group)


def test_reasons_to_decline() -> None:
    real = Network(lambda x: x, Reals(0, 1, length=10), Reals(length=10))
    assert "whole" in (Registers().unsuitable(problem(real, n=20)) or "")
    short = Network(lambda x: x, Integers(0, 9, length=3), Integers(length=3))
    assert "shorter" in (Registers().unsuitable(problem(short, n=20)) or "")
    single = Network(lambda x: x, Integers(0, 9), Integers())
    assert "sequences" in (Registers().unsuitable(problem(single, n=20)) or "")
