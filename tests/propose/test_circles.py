"""Addition modulo a prime: planted clocks and pizzas are told apart, and what is neither is called neither."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrutable.bench.modular._network import Adder
from scrutable.bench.modular._training import network_of, pairs
from scrutable.hypothesis import Hypothesis, Result
from scrutable.network import Category, Integers, Network
from scrutable.propose import Circles, Problem
from scrutable.propose._circle_spectrum import spectrum, ways
from scrutable.testing import check_proposer
from scrutable.verify import Case, Interchange, Sample
from scrutable.work import Clock, generator

PRIME = 19
WEIGHTS = {2: 1.0, 5: 0.8, 7: 0.5}


class Planted(nn.Module):
    """Adds by a mechanism written by hand: `meeting` takes the two points to the places named below."""

    def __init__(self, meeting: Callable[[Tensor, Tensor], Tensor], *, seed: int = 0) -> None:
        super().__init__()
        angles = 2 * np.pi / PRIME * np.arange(PRIME)[:, None] * np.array(list(WEIGHTS))
        points = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        noise = 1e-3 * generator(seed, "noise").normal(size=points.shape)
        self.embed = nn.Embedding.from_pretrained(torch.tensor(points + noise, dtype=torch.float32))
        self.meeting, self.first, self.second = meeting, nn.Identity(), nn.Identity()
        self.answer = nn.Linear(2 * len(WEIGHTS), PRIME, bias=False)
        scale = 10 * np.tile(list(WEIGHTS.values()), 2)
        self.answer.weight.data = torch.tensor(points * scale, dtype=torch.float32)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.embed(x).unbind(1)
        return self.answer(self.second(self.meeting(self, a, b)))


def clock(net: Planted, a: Tensor, b: Tensor) -> Tensor:
    (ca, sa), (cb, sb) = a.chunk(2, 1), b.chunk(2, 1)
    return torch.cat([ca * cb - sa * sb, ca * sb + sa * cb], dim=1)


def pizza(net: Planted, a: Tensor, b: Tensor) -> Tensor:
    across, up = net.first(a + b).chunk(2, 1)
    lobes = across.abs() - up.abs(), 0.7071 * ((across + up).abs() - (across - up).abs())
    return torch.cat(lobes, dim=1)


def uneven(net: Planted, a: Tensor, b: Tensor) -> Tensor:
    """A clock whose waves are of a size that has nothing to do with the distance."""
    size = 1 + 0.9 * torch.sin(1000 * (a[:, :1] + 2 * b[:, :1]))
    return size * clock(net, a, b)


def split(network: Network) -> tuple[Sample, Sample]:
    x = generator(0, "split").permutation(pairs(PRIME))
    half = len(x) // 2
    find, test = (Sample(part, network.predict(part)) for part in (x[:half], x[half:]))
    return find, test


def proposed(network: Network) -> dict[str, Hypothesis]:
    find, _ = split(network)
    problem = Problem(network, find.inputs, find.outputs, find.inputs[:0], find.outputs[:0], 0, Clock(60))
    assert Circles().unsuitable(problem) is None
    return {h.provenance.settings["way"]: h for h in Circles().propose(problem)}


def causal(network: Network, hypothesis: Hypothesis) -> dict[str, Result]:
    case = Case(network, hypothesis, *split(network), 0, Clock(60))
    return {result.name: result for result in Interchange().apply(case)}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("meeting", "right", "wrong"), [(clock, "clock", "pizza"), (pizza, "pizza", "clock")])
def test_planted_ways_are_told_apart(meeting: Callable, right: str, wrong: str, seed: int) -> None:
    network = network_of(Planted(meeting, seed=seed), PRIME)
    found = proposed(network)
    x = pairs(PRIME)
    for hypothesis in found.values():  # the answers say nothing
        np.testing.assert_array_equal(hypothesis.program(x), x.sum(axis=1) % PRIME)
    assert list(found) == [right, wrong]
    assert set(found[right].provenance.settings["frequencies"]) == set(WEIGHTS)
    good, bad = (causal(network, found[way]) for way in (right, wrong))
    assert {result.status for result in good.values()} <= {"pass", "not applicable"}
    assert good["interchange"].passed and good["interchange.scores"].passed
    assert good["interchange.scores"].interval is not None
    assert "fail" in {result.status for result in bad.values()}


def test_waves_of_other_sizes_are_neither() -> None:
    network = network_of(Planted(uneven), PRIME)
    found = proposed(network)
    assert set(found) == {"clock", "pizza"}
    for hypothesis in found.values():
        assert causal(network, hypothesis)["interchange.scores"].status == "fail"


class Table(nn.Module):
    """Knows every sum by heart."""

    def __init__(self) -> None:
        super().__init__()
        sums = pairs(PRIME).sum(axis=1) % PRIME
        noise = generator(0, "table").normal(size=(PRIME**2, PRIME))
        self.rows = nn.Embedding.from_pretrained(torch.tensor(5 * np.eye(PRIME)[sums] + noise, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return self.rows(x[:, 0] * PRIME + x[:, 1])


@pytest.mark.parametrize("module", [Table(), Adder(PRIME, 1.0), Adder(PRIME, 0.0)])
def test_nothing_is_seen_where_there_are_no_waves(module: nn.Module) -> None:
    assert proposed(network_of(module, PRIME)) == {}


@pytest.mark.parametrize("index", [0, 1])
def test_planted_spectra_are_recovered(index: int) -> None:
    x = pairs(PRIME)
    way = ways(x, PRIME)[index]
    far = 2 * np.pi / PRIME * (x.sum(axis=1)[:, None] - np.arange(PRIME))
    scores = sum(v * way.amplitudes[:, [k - 1]] * np.cos(k * far) for k, v in WEIGHTS.items()) * 3.0
    found = spectrum(way, x, np.asarray(scores))
    assert found.share == pytest.approx(1.0)
    assert found.of(found.order[:3]) == pytest.approx(WEIGHTS)


def test_two_numbers_serve_as_well_as_two_tokens() -> None:
    network = Network(Planted(clock), inputs=Integers(0, PRIME - 1, channels=2), outputs=Category(PRIME))
    x = pairs(PRIME)
    np.testing.assert_array_equal(proposed(network)["clock"].program(x), x.sum(axis=1) % PRIME)


def test_it_keeps_the_promises_of_proposers() -> None:
    check_proposer(Circles())
