"""Masks of untrained weights that perform a task are caught; a part that really does it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from scrutable.guard import MaskSearch, Subnetwork, subnetwork_guards
from scrutable.hypothesis import Result
from scrutable.network import Bits, Choice, Columns, Mask, Network
from scrutable.verify import Sample
from scrutable.work import Clock, generator

DOMAIN = Columns(["a", "b"], lo=0, hi=15, integer=True)
MANY = Choice(keep=0.3, steps=250)


def module(width: int, depth: int = 1) -> nn.Sequential:
    middle = [part for _ in range(depth - 1) for part in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), *middle, nn.Linear(width, 1))


def untrained() -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Network(module(64, depth=2), inputs=DOMAIN, outputs=Bits(threshold=0.0))


def one_unit_does_it() -> Network:
    """The first of 24 hidden units says by how much a exceeds b; the others hardly matter."""
    made, rng = module(24), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in made.parameters():
            weights.copy_(0.01 * torch.randn(weights.shape, generator=rng))
        made[0].weight[0] = torch.tensor([4.0, -4.0])
        made[2].weight[0, 0], made[2].bias[0] = 4.0, -4.0
    return Network(made, inputs=DOMAIN, outputs=Bits(threshold=0.0))


def popped_up(network: Network, rows: Sample, rng: np.random.Generator) -> Mask:
    return network.subnetwork(rows.inputs, rows.outputs, rng=rng, choice=MANY)


def largest(network: Network, rows: Sample, rng: np.random.Generator) -> Mask:
    """The two largest weights of the first layer and the largest of the second."""
    del rows, rng
    weights = {n: p.detach().abs().numpy() for n, p in network._runner.module.named_parameters() if p.ndim == 2}  # type: ignore[union-attr]
    least = {"0.weight": np.sort(weights["0.weight"], axis=None)[-2], "2.weight": weights["2.weight"].max()}
    return Mask({name: weights[name] >= least[name] for name in least})


def claimed(network: Network, search: MaskSearch, *, clock: float = 60.0) -> Subnetwork:
    x = generator(0, "rows").permutation(DOMAIN.enumerate())
    rows = Sample(x, (x[:, 0] > x[:, 1]).astype(int))
    find, test = rows.rows(slice(0, 128)), rows.rows(slice(128, 256))
    return Subnetwork(network, search(network, find, generator(0, "mask")), find, test, search, 0, Clock(clock))


def named(results: tuple[Result, ...]) -> dict[str, Result]:
    return {result.name.removeprefix("guard.subnetwork."): result for result in results}


@pytest.mark.slow
def test_a_mask_of_untrained_weights_is_frivolous() -> None:
    claim = claimed(untrained(), popped_up)
    assert claim.right(claim.mask).mean() >= 0.9, "edge-popup found a part that performs the task"
    found = named(subnetwork_guards(claim))
    assert found["context"].status == "fail", "the whole network does nothing of the sort"
    assert found["bits"].status == "unknown" and found["bits"].value > 10 * dict(found["bits"].details)["bits spared"]
    assert found["untrained"].status == "fail" and found["untrained"].value > 0.2


def test_a_part_that_does_it_passes() -> None:
    claim = claimed(one_unit_does_it(), largest)
    assert claim.mask.count == 3
    found = named(subnetwork_guards(claim))
    assert {name: result.status for name, result in found.items()} == dict.fromkeys(found, "pass"), found
    assert found["untrained"].n == 19 and found["untrained"].value == pytest.approx(0.05)


def test_a_part_that_is_not_needed_is_caught() -> None:
    """Two units do the same; the mask has one of them."""
    network = one_unit_does_it()
    twice = module(24)
    with torch.no_grad():
        for weights in twice.parameters():
            weights.zero_()
        twice[0].weight[:2] = torch.tensor([[4.0, -4.0], [4.0, -4.0]])
        twice[2].weight[0, :2], twice[2].bias[0] = 4.0, -4.0
    claim = claimed(network, largest)
    again = Network(twice, inputs=DOMAIN, outputs=Bits(threshold=0.0))
    found = named(subnetwork_guards(Subnetwork(again, claim.mask, claim.find, claim.test, claim.search, 0, Clock(1))))
    assert found["context"].passed and found["necessity"].status == "fail"


def test_no_time_is_no_verdict() -> None:
    assert named(subnetwork_guards(claimed(one_unit_does_it(), largest, clock=0.0)))["untrained"].status == "unknown"


def test_a_part_that_is_as_good_as_a_constant_leaves_nothing_to_doubt() -> None:
    network = one_unit_does_it()
    nothing = Mask({"0.weight": np.zeros((24, 2), bool), "2.weight": np.zeros((1, 24), bool)})
    claim = claimed(network, largest)
    silent = subnetwork_guards(Subnetwork(network, nothing, claim.find, claim.test, claim.search, 0, Clock(1)))
    assert {result.status for result in silent} == {"not applicable"}
