"""Exact translation: pruning changes nothing, and the program is the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scrutable.network import Activation, Affine, Bits, Category, Integers, Network, Reals
from scrutable.propose import Problem
from scrutable.propose._relu_units import pruned
from scrutable.propose.relu import ReluProposer
from scrutable.work import Clock

ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "hardtanh": nn.Hardtanh}


def mlp(sizes: list[int], kind: str, seed: int, scale: float) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for wide, narrow in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(wide, narrow), ACTIVATIONS[kind]()]
    module = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for weights in module.parameters():
            weights.mul_(scale)
    return module


def problem(network: Network, n: int = 600) -> Problem:
    x = network.inputs.sample(n, np.random.default_rng(1))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], 0, Clock(60))


def linear(weight: Any, bias: Any) -> nn.Linear:
    layer = nn.Linear(len(weight[0]), len(weight))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight, dtype=torch.float32))
        layer.bias.copy_(torch.tensor(bias, dtype=torch.float32))
    return layer


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.integers(0, 99),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_pruning_changes_nothing(hidden: list[int], d: int, kind: str, seed: int, scale: float) -> None:
    module = mlp([d, *hidden, 2], kind, seed, scale).double()
    network = Network(module, inputs=Reals(-1, 2, channels=d), outputs=Reals(channels=2))
    units = pruned(network.layers or (), np.full(d, -1.0), np.full(d, 2.0))
    assert units is not None and len(units.kept) <= sum(hidden)
    rows = network.inputs.sample(2000, np.random.default_rng(0))
    flat = rows.reshape(len(rows), -1)
    assert np.abs(units.run(flat) - network.raw(rows)).max() < 1e-9
    step = 1e-6 * np.eye(d)[0]
    ahead = (units.run(flat + step) - units.run(flat - step)) / 2e-6
    assert np.quantile(np.abs(units.slopes(flat)[:, 0] - ahead), 0.99) < 1e-4


def test_units_that_do_nothing_are_left_out() -> None:
    dead, always, copied, mirrored, unread = [1.0, 0.0], [0.0, 1.0], [2.0, 2.0], [-1.0, -1.0], [1.0, -1.0]
    weight = np.array([dead, always, [1.0, 1.0], copied, mirrored, unread])
    layers = (
        Affine(weight, np.array([-5.0, 5.0, 0.0, 0.0, 0.0, 0.0])),
        Activation("relu"),
        Affine(np.array([[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]]), np.array([0.0])),
    )
    units = pruned(layers, np.full(2, -1.0), np.full(2, 1.0))
    assert units is not None and len(units.kept) == 1


@pytest.mark.parametrize("hidden", [[4], [5, 3]])
@pytest.mark.parametrize("kind", ["relu", "hardtanh"])
def test_the_program_is_the_network(hidden: list[int], kind: str) -> None:
    network = Network(mlp([2, *hidden, 1], kind, 3, 1.5), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    found = list(ReluProposer().propose(problem(network)))
    x = network.inputs.sample(10_000, np.random.default_rng(5))
    far = [np.abs(each.program(x) - network.predict(x)).max() for each in found]
    assert min(far) < 1e-3 * network.predict(x).std()
    assert all(each.within is not None and miss <= each.within for each, miss in zip(found, far, strict=True))


def test_named_variables_are_the_units_at_their_sites() -> None:
    network = Network(mlp([2, 5, 1], "relu", 3, 1.5), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    named = [each for each in ReluProposer().propose(problem(network)) if each.alignment.sites]
    assert named
    x = network.inputs.sample(200, np.random.default_rng(5))
    run = named[0].program.run(x)
    for name, site in named[0].alignment.sites.items():
        (value,) = network.read(x, [site]).values()
        assert np.abs(value[:, 0] - run[name]).max() < 1e-2 * max(1.0, np.abs(value).max())


def test_lattice_identities() -> None:
    units = nn.Sequential(linear([[1, -1], [0, 1], [0, -1]], [0, 0, 0]), nn.ReLU(), linear([[1, 1, -1]], [0]))
    for inputs, outputs in ((Reals(-1, 1, channels=2), Reals()), (Integers(-5, 5, channels=2), Integers())):
        found = list(ReluProposer().propose(problem(Network(units, inputs=inputs, outputs=outputs))))
        shortest = min(found, key=lambda each: each.program.bits).program.source
        assert "return max(a, b)" in shortest or "return max(b, a)" in shortest


@pytest.mark.parametrize("outputs", [Category(2), Category(3), Bits(threshold=0.1), Integers()])
def test_whole_answers_are_right_on_the_whole_domain(outputs) -> None:
    width = outputs.classes or 1
    network = Network(mlp([2, 4, width], "relu", 1, 2.0), inputs=Integers(0, 9, channels=2), outputs=outputs)
    x = network.inputs.enumerate()
    found = list(ReluProposer().propose(problem(network)))
    assert found
    for each in found:
        assert np.array_equal(np.asarray(each.program(x)).reshape(-1), network.predict(x).reshape(-1))


def test_networks_it_cannot_translate_are_refused_with_a_reason() -> None:
    smooth = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    wide = nn.Sequential(nn.Linear(2, 200), nn.ReLU(), nn.Linear(200, 1))
    function = lambda x: np.abs(x[:, 0])  # noqa: E731
    for module, reason in ((smooth, "piecewise linear"), (wide, "hidden units"), (function, "no chain")):
        network = Network(module, inputs=Reals(-1, 1, channels=2), outputs=Reals())
        assert reason in (ReluProposer().unsuitable(problem(network)) or "")
