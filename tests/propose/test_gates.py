"""The proposer "gates": hidden units that are true or false in effect become named gates at their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from scrutable.hypothesis import Hypothesis
from scrutable.network import Bits, Integers, Network
from scrutable.propose import Problem
from scrutable.propose._gate_layers import binary_layers
from scrutable.propose.gates import Gates
from scrutable.verify import Case, Interchange, Sample
from scrutable.work import Clock, generator


class Step(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x > 0).to(x.dtype)


def layered(*layers: tuple[Sequence[Sequence[float]], Sequence[float]], activation=Step) -> nn.Sequential:
    """Linear layers with these weights and biases, the activation after all but the last."""
    parts: list[nn.Module] = []
    for weights, bias in layers:
        linear = nn.Linear(len(weights[0]), len(weights))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights))
            linear.bias.copy_(torch.tensor(bias))
        parts += [linear, activation()]
    return nn.Sequential(*parts[:-1])


def problem(network: Network) -> Problem:
    x = network.inputs.enumerate()
    y = network.predict(x)
    return Problem(network, x[::2], y[::2], x[:0], y[:0], 0, Clock(30))


def proposed(network: Network) -> list[Hypothesis]:
    task = problem(network)
    assert Gates().unsuitable(task) is None
    found = list(Gates().propose(task))
    every = network.inputs.enumerate()
    for each in found:
        assert np.array_equal(each.program(every), network.predict(every))
        for site in each.alignment.sites.values():
            assert str(network.site(site)) == site
    return found


XOR = layered(([[1, 1], [1, 1]], [-0.5, -1.5]), ([[1, -2]], [-0.5]))


def test_the_gates_of_a_planted_network_are_read_off_its_units() -> None:
    (found,) = proposed(Network(XOR, Bits(channels=2), Bits(threshold=0.0)))
    assert sorted(found.alignment.sites.values()) == ["1[0]", "1[1]"]
    values = found.program.run(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    by_site = {site: values[name] for name, site in found.alignment.sites.items()}
    assert by_site["1[0]"].tolist() == [False, True, True, True]
    assert by_site["1[1]"].tolist() == [False, False, False, True]


@pytest.mark.parametrize("activation", [Step, lambda: nn.Sigmoid(), lambda: nn.Tanh()], ids=["step", "sigmoid", "tanh"])
def test_two_layers_of_gates(activation) -> None:
    """At least two of the first three, at least two of the last three, then exactly one of the two."""
    scale = 20.0
    first = ([[scale] * 3 + [0.0] * 3, [0.0] * 3 + [scale] * 3], [-1.5 * scale, -1.5 * scale])
    second = ([[scale, scale], [scale, scale]], [-0.5 * scale, -1.5 * scale])
    last = ([[1.0, -2.0]], [-0.5])
    if activation is not Step and isinstance(activation(), nn.Tanh):
        second = ([[scale, scale], [scale, scale]], [scale, -scale])
        last = ([[1.0, -1.0]], [-1.0])
    network = Network(layered(first, second, last, activation=activation), Bits(channels=6), Bits(threshold=0.0))
    found = proposed(network)
    assert found[0].provenance.settings["layers"] == ["1", "3"]
    assert found[0].provenance.settings["gates"] == 4


def test_dead_constant_and_copied_units_are_left_out_or_joined() -> None:
    first = ([[1, 1, 0], [0, 0, 1], [1, 1, 0], [-1, -1, 0], [0, 0, 0]], [-1.5, -0.5, -1.5, 1.5, 3.0])
    last = ([[1.0, 0.0, 1.0, -1.0, 0.5]], [-1.0])
    network = Network(layered(first, last), Bits(channels=3), Bits(threshold=0.0))
    (found,) = proposed(network)
    assert list(found.alignment.sites.values()) == ["1[[0, 2, 3]]"]


def test_weighted_units_read_as_weighted_counts() -> None:
    network = Network(layered(([[3, 2, 2, 1, 1]], [-4.5]), ([[1.0]], [-0.5])), Bits(channels=5), Bits(threshold=0.0))
    (found,) = proposed(network)
    assert found.provenance.settings["gates"] == 1
    with_more = layered(([[1] * 9, [1, 0, 0, 0, 0, 0, 0, 0, 0]], [-4.5, -0.5]), ([[1.0, 1.0]], [-1.5]))
    (found,) = proposed(Network(with_more, Bits(channels=9), Bits(threshold=0.0)))
    assert ">= 5" in found.program.source or "<= 4" in found.program.source


def test_units_that_carry_numbers_are_no_gates() -> None:
    """A unit that counts, of which the output asks for the parity."""

    class Parity(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.total = nn.Linear(3, 1, bias=False)
            nn.init.ones_(self.total.weight)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.total(x)[:, 0] % 2

    network = Network(Parity(), Bits(channels=3), Bits())
    assert binary_layers(network, network.inputs.enumerate(), Clock(10)) == []
    assert proposed(network) == []


@pytest.mark.slow
def test_gates_pass_interchange_interventions() -> None:
    network = Network(
        layered(([[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1, 1]], [-1.5, -2.5]), ([[1.0, 1.0]], [-1.5])),
        Bits(channels=8),
        Bits(threshold=0.0),
    )
    (found,) = proposed(network)
    x = network.inputs.enumerate()[generator(0, "rows").permutation(256)]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    results = {each.name: each for each in Interchange().apply(Case(network, found, find, test, 0, Clock(60)))}
    assert results["interchange"].passed, results["interchange"].reason


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Network(XOR, Integers(0, 3, channels=2), Bits(threshold=0.0)), "not 1 to 16 bits"),
        (Network(lambda x: np.asarray(x)[:, 0].astype(float), Bits(channels=2), Bits()), "no layers"),
    ],
)
def test_what_it_cannot_do_is_said(network: Network, reason: str) -> None:
    assert reason in (Gates().unsuitable(problem(network)) or "")
