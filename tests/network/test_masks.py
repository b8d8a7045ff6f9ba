"""Parts of a network: what a mask costs, what is left of the network, and finding one."""

from __future__ import annotations

from itertools import combinations
from math import log2

import numpy as np
import pytest
import torch
from networks import mlp
from torch import nn

from scrutable.errors import UserError
from scrutable.network import Category, Choice, Columns, Mask, Network, Reals, Recurrent, choice_bits
from scrutable.work import generator

COLUMNS = Columns(["a", "b"], lo=0, hi=7, integer=True)


@pytest.mark.parametrize("n", [1, 5, 9])
def test_a_choice_costs_the_logarithm_of_the_number_of_choices(n: int) -> None:
    for k in range(n + 1):
        assert choice_bits(n, k) == pytest.approx(log2(len(list(combinations(range(n), k)))), abs=1e-9)


def test_a_mask_and_its_rest_make_the_whole() -> None:
    network = Network(mlp(), inputs=Reals(0, 1, channels=2), outputs=Reals())
    module = network._runner.module
    assert module is not None
    rng = generator(0, "mask")
    mask = Mask({n: rng.uniform(size=tuple(p.shape)) < 0.5 for n, p in module.named_parameters() if p.ndim == 2})
    part, rest = network.masked(mask), network.masked(mask.rest)
    assert part is not None and rest is not None
    for name, weight in module.named_parameters():
        left, right = (dict(each._runner.module.named_parameters())[name] for each in (part, rest))  # type: ignore[union-attr]
        assert torch.equal(left + right, weight if name in mask.kept else 2 * weight)
    assert mask.bits == pytest.approx(mask.rest.bits)
    assert mask.count + mask.rest.count == sum(kept.size for kept in mask.kept.values())


def test_a_mask_of_another_network_is_refused_with_every_reason() -> None:
    network = Network(mlp(), inputs=Reals(0, 1, channels=2), outputs=Reals())
    with pytest.raises(UserError, match=r"(?s)shape \(3, 3\).*'nothing'"):
        network.masked(Mask({"0.weight": np.ones((3, 3), bool), "nothing": np.ones(2, bool)}))


def untrained(width: int) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
    return Network(module, inputs=COLUMNS, outputs=Category(2))


def test_untrained_weights_hold_a_part_that_performs_a_task() -> None:
    network, x = untrained(64), COLUMNS.enumerate()
    wanted, before, random = (x[:, 0] > x[:, 1]).astype(int), network.facts.sha256, torch.random.get_rng_state()
    mask = network.subnetwork(x, wanted, rng=generator(0, "mask"), choice=Choice(keep=0.5, steps=300))
    part = network.masked(mask)
    assert part is not None
    assert (part.predict(x) == wanted).mean() >= 0.95
    assert (network.predict(x) == wanted).mean() <= 0.8
    assert network.facts.sha256 == before and torch.equal(random, torch.random.get_rng_state())
    again = network.subnetwork(x, wanted, rng=generator(0, "mask"), choice=Choice(keep=0.5, steps=300))
    assert all(np.array_equal(mask.kept[name], again.kept[name]) for name in mask.kept)
    assert mask.kept["2.weight"].mean() == pytest.approx(0.5)


def test_recurrent_weights_are_chosen_from_too() -> None:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.readout = nn.RNNCell(1, 4), nn.Linear(4, 1)

        def forward(self, state: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            state = self.inner(x, state)
            return state, self.readout(state)

    network = Network(
        Recurrent(Cell(), torch.zeros(4)), inputs="Integers(0, 3, length=5)", outputs="Integers(length=5)"
    )
    x = network.inputs.sample(32, generator(0, "rows"))
    mask = network.subnetwork(x, x, rng=generator(0, "mask"), choice=Choice(steps=5))
    assert {name.split(".")[-1] for name in mask.kept} == {"weight_ih", "weight_hh", "weight"}
    assert network.masked(mask).predict(x).shape == x.shape  # type: ignore[union-attr]


def test_what_cannot_be_chosen_from_is_refused() -> None:
    function = Network(lambda x: x[:, :1], inputs=Reals(0, 1, channels=2), outputs=Reals(0, 1, channels=1))
    x = function.inputs.sample(8, generator(0, "rows"))
    with pytest.raises(UserError, match="function"):
        function.subnetwork(x, x, rng=generator(0, "mask"))
    with pytest.raises(UserError, match="between 0 and 1"):
        untrained(4).subnetwork(COLUMNS.enumerate(), np.zeros(64, int), rng=generator(0, "m"), choice=Choice(keep=1.5))
