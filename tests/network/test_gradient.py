"""Gradients with respect to the inputs: equal to differences, in the layout of the data, or refused."""

from __future__ import annotations

from collections.abc import Callable

import networks
import numpy as np
import pytest
import torch
from torch import nn

from scrutable.errors import UserError
from scrutable.network import Bits, Category, Domain, Image, Network, Reals, Tokens


def smooth(width: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 6), nn.Tanh(), nn.Linear(6, out)).double()


class First(nn.Module):
    """A network on images without their channel axis."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = smooth(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 3:
            raise ValueError("no channels")
        return self.rest(x.flatten(1))


CASES: list[tuple[Callable[[], nn.Module], Domain, Domain]] = [
    (lambda: smooth(3, 1), Reals(-1, 1, channels=3), Reals()),
    (lambda: smooth(3, 4), Reals(-1, 1, channels=3), Category(4)),
    (lambda: smooth(1, 1), Reals(-1, 1), Reals()),
    (lambda: smooth(8, 2), Image(2, 2, 2), Category(2)),
    (First, Image(1, 2, 2), Category(2)),
    (lambda: nn.RNN(2, 1, batch_first=True).double(), Reals(-1, 1, length=4, channels=2), Reals(length=4)),
    (lambda: nn.RNN(3, 1).double(), Reals(-1, 1, length=5, channels=3), Reals(length=5)),
    (lambda: networks.Recurrent(networks.ReluCell().double(), torch.zeros(5).double()), Bits(6, 2), Bits()),
]


@pytest.mark.parametrize(("make", "inputs", "outputs"), CASES, ids=lambda value: str(value)[:24])
def test_gradients_are_limits_of_differences(make: Callable[[], nn.Module], inputs: Domain, outputs: Domain) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Network(make(), inputs, outputs)
    rng = np.random.default_rng(0)
    x = inputs.sample(4, rng).astype(float)
    raw = network.raw(x)
    direction, step = rng.normal(size=raw.shape), rng.normal(size=x.shape)
    got = (network.gradient(x, direction) * step).reshape(4, -1).sum(axis=1)
    ends = [(network.raw(x + sign * 1e-6 * step) * direction).reshape(4, -1).sum(axis=1) for sign in (1, -1)]
    np.testing.assert_allclose(got, (ends[0] - ends[1]) / 2e-6, rtol=1e-4, atol=1e-6)


def test_networks_without_a_gradient_are_refused() -> None:
    x = np.zeros((2, 3))
    for network in (
        Network(nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 2)), Tokens(3), Category(2)),
        Network(lambda x: x.sum(axis=1), Reals(-1, 1, channels=3), Reals()),
    ):
        data = network.inputs.sample(2, np.random.default_rng(0))
        with pytest.raises(UserError, match="gradient"):
            network.gradient(data, network.raw(data))
    steps = Network(Steps(), Reals(-1, 1, channels=3), Reals())
    with pytest.raises(UserError, match="gradient"):
        steps.gradient(x, np.ones((2, 1)))


class Steps(nn.Module):
    """Nothing a gradient could go through."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x > 0).float().sum(1)


def test_nothing_is_left_in_the_network() -> None:
    network = Network(smooth(3, 1), Reals(-1, 1, channels=3), Reals())
    x = network.inputs.sample(3, np.random.default_rng(0))
    network.gradient(x, np.ones((3, 1)))
    module = network._runner.module
    assert module is not None
    assert all(parameter.grad is None for parameter in module.parameters())
    assert network.gradient(x[:0], np.ones((0, 1))).shape == (0, 3)
