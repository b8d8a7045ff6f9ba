"""Piecewise-linear programs for networks, and what is claimed of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

import scrutable
from scrutable.network import Category, Integers, Network, Reals
from scrutable.propose import Problem
from scrutable.propose._claims import Bounds, claimed, rounded_down, rounded_up
from scrutable.propose.piecewise import PiecewiseProposer
from scrutable.work import Clock

TRAINED: dict[str, tuple[int, Callable[..., torch.Tensor]]] = {
    "max": (2, lambda x, y: torch.maximum(x, y)),
    "size": (2, lambda x, y: (x - y).abs()),
    "choice": (3, lambda x, y, z: torch.where(x > y, x + z, z - 1)),
}


def problem(network: Network, n: int = 500) -> Problem:
    x = network.inputs.sample(n, np.random.default_rng(1))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], 0, Clock(60))


def network_of(function: Callable[..., np.ndarray], d: int) -> Network:
    return Network(lambda x: function(*np.asarray(x).T), inputs=Reals(-1, 1, channels=d), outputs=Reals())


def trained(name: str, steps: int) -> Network:
    d, function = TRAINED[name]
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draw = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = 2 * torch.rand(256, d, generator=draw) - 1
        loss = ((module(x)[:, 0] - function(*x.T)) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return Network(module, inputs=Reals(-1, 1, channels=d), outputs=Reals())


@pytest.mark.parametrize(
    ("function", "d"),
    [
        (lambda x, y: np.maximum(x, 2 * y - 0.3), 2),
        (lambda x, y: np.abs(x) + np.abs(y), 2),
        (lambda x, y, z: np.where(x > y, x + z, z - 1), 3),
    ],
)
def test_the_function_of_the_network_is_found(function: Callable[..., np.ndarray], d: int) -> None:
    network = network_of(function, d)
    found = next(iter(PiecewiseProposer().propose(problem(network))))
    x = network.inputs.sample(3000, np.random.default_rng(7))
    assert (np.abs(found.program(x) - network.predict(x)) < 1e-6).mean() > 0.99


def test_two_outputs_are_found_together() -> None:
    module = lambda x: np.stack([np.maximum(x[:, 0], x[:, 1]), x[:, 0] - x[:, 1]], axis=1)  # noqa: E731
    network = Network(module, inputs=Reals(-1, 1, channels=2), outputs=Reals(channels=2))
    found = next(iter(PiecewiseProposer().propose(problem(network))))
    x = network.inputs.sample(500, np.random.default_rng(7))
    assert np.abs(found.program(x) - network.predict(x)).max() < 1e-6


def test_claims_hold_or_are_declared_approximate() -> None:
    network = network_of(lambda x, y: np.maximum(x, y) + 0.02 * np.sin(9 * x), 2)
    found = list(PiecewiseProposer().propose(problem(network)))
    x = network.inputs.sample(5000, np.random.default_rng(7))
    spread = network.predict(x).std()
    assert found
    for each in found:
        assert each.within is not None and each.within <= 0.1 * spread * 1.05
        near = np.abs(each.program(x) - network.predict(x)) <= each.within
        assert near.all() if each.provenance.settings["mode"] == "exact" else near.mean() >= 0.95


def test_a_claim_too_coarse_is_not_made() -> None:
    network, other = network_of(lambda x, y: x * y, 2), network_of(lambda x, y: x, 2)
    program = next(iter(PiecewiseProposer().propose(problem(other)))).program
    given = problem(network)
    bounds = Bounds.of(network, given.inputs)
    rng = np.random.default_rng(0)
    assert claimed(program, network, given.inputs, bounds=bounds, spread=0.3, rng=rng) is None


def test_whole_answers_go_through_the_counter_example_loop() -> None:
    module = lambda x: np.where(x[:, 0] > x[:, 1], x[:, 0] + x[:, 2], x[:, 2] - 1)  # noqa: E731
    network = Network(module, inputs=Integers(0, 20, channels=3), outputs=Integers())
    found = next(iter(PiecewiseProposer().propose(problem(network))))
    x = network.inputs.sample(5000, np.random.default_rng(7))
    assert np.array_equal(found.program(x), network.predict(x))


def test_numbers_that_are_claimed_are_rounded_to_two_digits_outwards_and_inwards() -> None:
    for value in np.random.default_rng(0).uniform(1e-6, 100, 200):
        assert value <= rounded_up(value) <= 1.1 * value + 1e-15
        assert 0.9 * value - 1e-15 <= rounded_down(value) <= value


def test_networks_that_do_not_suit_are_refused_with_a_reason() -> None:
    labels = Network(nn.Linear(2, 3), inputs=Reals(-1, 1, channels=2), outputs=Category(3))
    wide = Network(nn.Linear(9, 1), inputs=Reals(-1, 1, channels=9), outputs=Reals())
    assert "not numbers" in (PiecewiseProposer().unsuitable(problem(labels)) or "")
    assert "more than 8" in (PiecewiseProposer().unsuitable(problem(wide)) or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("max", ("max(a, b)", "max(b, a)")),
        ("size", ("abs(a - b)", "abs(b - a)")),
        (
            "choice",
            ("x0 + x2 if x1 < x0 else x2 - 1", "x0 + x2 if x0 > x1 else x2 - 1", "x2 + x0 if x1 < x0 else x2 - 1"),
        ),
    ],
)
def test_trained_networks_are_explained_by_the_function_they_learned(name: str, texts: tuple[str, ...]) -> None:
    study = scrutable.explain(trained(name, 2500), budget="60s", seed=0)
    # of a step that the network smooths, a longer formula with a steep tanh in its place may be nearer and come first
    sources = [each.program.source for each in study.hypotheses]
    assert any(text in source for text in texts for source in sources), sources
