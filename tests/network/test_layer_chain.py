"""A network as a chain of affine maps and activations: equal to the network, or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.network import (
    Activation,
    Affine,
    Bits,
    Category,
    Domain,
    Image,
    Integers,
    Network,
    OneHot,
    Reals,
    Tokens,
    run_layers,
)


class Forward(nn.Module):
    """A module whose forward is a function of itself and its input."""

    def __init__(self, forward: Callable[[Forward, Tensor], Tensor], **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.w = nn.Parameter(torch.randn(3, 5))
        self.v = nn.Parameter(torch.randn(5))
        self.how = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.how(self, x)


def two_sums(m: Forward, x: Tensor) -> Tensor:
    h = F.relu(x @ m.w + m.v)
    return (h * m.v).sum(dim=1) - 2 * h[:, 0] + h.mean(-1)


def threshold_units(m: Forward, x: Tensor) -> Tensor:
    h = (x @ m.w > 0.25).float()
    h = (h @ torch.eye(5) >= 0.5).to(torch.float32)
    return (h @ m.v).unsqueeze(1)


def in_place(m: Forward, x: Tensor) -> Tensor:
    h = x @ m.w
    h += m.v
    h.relu_()
    h *= 2
    return h.view(x.shape[0], -1) @ m.v


def modular(m: Forward, x: Tensor) -> Tensor:
    h = m.a(x[:, 0]) + m.a(x[:, 1])
    return m.b(torch.clamp(h, min=0))


def flat_embedding(m: Forward, x: Tensor) -> Tensor:
    return m.b(F.leaky_relu(m.a(x).flatten(1), 0.2))


def concatenated(m: Forward, x: Tensor) -> Tensor:
    return m.b(torch.tanh(torch.cat([m.a(x), -x], dim=1)))


def trained_norm() -> nn.Module:
    norm = nn.BatchNorm1d(4)
    norm.running_mean, norm.running_var = torch.randn(4), torch.rand(4) + 0.5
    return nn.Sequential(nn.Linear(3, 4), norm, nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))


FORWARDS: list[tuple[str, Callable[[], nn.Module], Domain, Domain]] = [
    ("sums", lambda: Forward(two_sums), Reals(-1, 1, channels=3), Reals()),
    ("steps", lambda: Forward(threshold_units), Reals(-1, 1, channels=3), Reals()),
    ("in place", lambda: Forward(in_place), Integers(-3, 3, channels=3), Integers()),
    ("norm", trained_norm, Reals(-1, 1, channels=3), Category(2)),
    (
        "embedding",
        lambda: Forward(modular, a=nn.Embedding(7, 6), b=nn.Linear(6, 7)),
        Integers(0, 6, channels=2),
        Category(7),
    ),
    (
        "flat embedding",
        lambda: Forward(flat_embedding, a=nn.Embedding(4, 3), b=nn.Linear(9, 2)),
        Tokens(4, length=3),
        Category(2),
    ),
    ("one-hot", lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)), Tokens(4), Category(3)),
    (
        "concatenated",
        lambda: Forward(concatenated, a=nn.Linear(3, 2), b=nn.Linear(5, 1)),
        Reals(-1, 1, channels=3),
        Reals(),
    ),
    (
        "each position",
        lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)),
        Bits(4, 2),
        Bits(4),
    ),
    ("softmax", lambda: nn.Sequential(nn.Linear(3, 4), nn.Softmax(-1)), Reals(-1, 1, channels=3), Category(4)),
]


def made(make: Callable[[], nn.Module], inputs: Domain, outputs: Domain, seed: int = 0) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(make().eval(), inputs=inputs, outputs=outputs)


def same_as_network(network: Network, x: np.ndarray) -> None:
    assert network.layers is not None, network.no_layers
    got = run_layers(network.layers, x)
    np.testing.assert_allclose(got, network.raw(x).reshape(len(x), -1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "make", "inputs", "outputs"), FORWARDS, ids=[f[0] for f in FORWARDS])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_layers_compute_what_the_network_computes(
    name: str, make: Callable[[], nn.Module], inputs: Domain, outputs: Domain, seed: int
) -> None:
    network = made(make, inputs, outputs, seed)
    same_as_network(network, inputs.sample(200, np.random.default_rng(seed)))


@pytest.mark.parametrize(
    "case", [c for c in networks.CASES if c.name in ("mlp", "mlp64", "flat", "cnn")], ids=lambda case: case.name
)
def test_layers_of_the_common_networks(case: networks.Case) -> None:
    same_as_network(case.network(), networks.inputs_of(case, 100))


ACTIVATIONS = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.3), nn.PReLU(), nn.Hardtanh(-0.5, 0.25), nn.Tanh(), nn.Sigmoid(),
    nn.Softplus(), nn.ELU(0.7), nn.SiLU(), nn.GELU(), torch.sin, torch.cos, torch.abs, torch.sign, F.relu6, F.elu,
    F.gelu, F.hardtanh, F.softplus,
]  # fmt: skip


@pytest.mark.parametrize("function", ACTIVATIONS, ids=lambda f: getattr(f, "__name__", str(f)))
def test_every_activation_means_what_torch_means(function: Callable[[Tensor], Tensor]) -> None:
    def forward(m: Forward, x: Tensor) -> Tensor:
        return m.b((m.f if isinstance(function, nn.Module) else function)(4 * m.a(x)))

    def make() -> nn.Module:
        part = function if isinstance(function, nn.Module) else nn.Identity()
        return Forward(forward, a=nn.Linear(2, 8), b=nn.Linear(8, 1), f=part)

    network = made(make, Reals(-2, 2, channels=2), Reals())
    same_as_network(network, network.inputs.sample(500, np.random.default_rng(0)))
    assert [type(layer) for layer in network.layers or ()] == [Affine, Activation, Affine]


def test_weights_are_the_modules_own_and_sites_can_be_read() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    network = Network(module, inputs=Reals(-1, 1, channels=3), outputs=Category(2))
    first, relu, last = network.layers or ()
    assert isinstance(first, Affine)
    assert isinstance(last, Affine)
    assert relu == Activation("relu", "1")
    np.testing.assert_array_equal(first.weight, module[0].weight.detach().double().numpy())
    np.testing.assert_array_equal(last.bias, module[2].bias.detach().double().numpy())
    x = network.inputs.sample(5, np.random.default_rng(0))
    (values,) = network.read(x, first.site).values()
    np.testing.assert_allclose(values, run_layers((first,), x), atol=1e-6)


def test_labels_go_in_as_their_one_hot_code() -> None:
    network = made(*FORWARDS[4][1:])
    assert [type(layer) for layer in network.layers or ()] == [OneHot, Affine, Activation, Affine]


def skip(m: Forward, x: Tensor) -> Tensor:
    return m.b(F.relu(m.a(x)) + x)


def product(m: Forward, x: Tensor) -> Tensor:
    return m.b(m.a(x) * x)


def towers(m: Forward, x: Tensor) -> Tensor:
    return m.b(torch.cat([F.relu(m.a(x)), torch.tanh(m.a(x))], 1)[:, :3])


def branching(m: Forward, x: Tensor) -> Tensor:
    return m.b(F.relu(m.a(x)) if x.sum() > 100 else m.a(x))


REFUSED = [
    (skip, "skip connection"),
    (product, "two values that depend on the inputs"),
    (towers, "skip connection"),
    (branching, "traced"),
    (lambda m, x: m.b(F.layer_norm(m.a(x), (3,))), "layer_norm"),
]


@pytest.mark.parametrize(("forward", "reason"), REFUSED)
def test_what_is_no_chain_is_refused_with_the_reason(forward: Callable[..., Tensor], reason: str) -> None:
    network = made(lambda: Forward(forward, a=nn.Linear(3, 3), b=nn.Linear(3, 1)), Reals(-1, 1, channels=3), Reals())
    assert network.layers is None
    assert reason in network.no_layers


@pytest.mark.parametrize(
    "case",
    [c for c in networks.CASES if c.name in ("function", "attention", "gru", "cells")],
    ids=lambda case: case.name,
)
def test_other_networks_have_none(case: networks.Case) -> None:
    network = case.network()
    assert network.layers is None
    assert network.no_layers


def test_a_forward_that_cheats_on_the_trace_is_refused() -> None:
    calls = []

    def forward(m: Forward, x: Tensor) -> Tensor:
        calls.append(type(x))
        return m.b(m.a(x)) if isinstance(x, torch.fx.Proxy) else m.b(F.relu(m.a(x)))

    network = made(lambda: Forward(forward, a=nn.Linear(3, 3), b=nn.Linear(3, 1)), Reals(-1, 1, channels=3), Reals())
    assert network.layers is None
    assert "do not give the network's outputs" in network.no_layers
    assert torch.fx.Proxy in calls


def test_images_are_flattened_in_their_own_order() -> None:
    network = made(
        lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)), Image(1, 3, 3), Category(3)
    )
    same_as_network(network, network.inputs.sample(50, np.random.default_rng(0)))
