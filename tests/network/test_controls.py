"""Networks with weights that mean nothing: reproducible, and without side effects."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import torch
from networks import CASES, Case, inputs_of, mlp
from torch import Tensor, nn

from scrutable.network import Network, Reals

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.mark.parametrize("change", ["reinitialised", "permuted"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_controls_are_fresh_reproducible_copies(case: Case, change: str):
    network = case.network()
    random, sha = torch.random.get_rng_state(), network.facts.sha256
    twin = getattr(network, change)(3)
    assert torch.equal(random, torch.random.get_rng_state())
    if case.name in ("function", "tensor_cell", "numpy_cell"):
        assert twin is None
        return
    assert twin.facts.sha256 == getattr(network, change)(3).facts.sha256
    assert twin.facts.sha256 not in (sha, getattr(network, change)(4).facts.sha256)
    assert network.facts.sha256 == sha
    assert (twin.recurrence is None) == (network.recurrence is None) and twin.sites == network.sites
    assert change[:7] in twin.name.replace("-", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin.predict(inputs_of(case, 5))


def test_permuting_keeps_every_tensors_numbers():
    module = mlp()
    network = Network(module, inputs=Reals(0, 1, channels=2), outputs=Reals())
    twin = network.permuted(0)
    assert twin is not None and twin._runner.module is not None
    for old, new in zip(module.parameters(), twin._runner.module.parameters(), strict=True):
        assert torch.equal(old.flatten().sort()[0], new.flatten().sort()[0])


def test_reinitialising_redraws_parameters_without_a_reset():
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.linspace(5, 7, 400).reshape(2, 200))

        def forward(self, x: Tensor) -> Tensor:
            return (x @ self.weight).mean(-1)

    network = Network(Scaled(), inputs=Reals(0, 1, channels=2), outputs=Reals())
    twin = network.reinitialised(0)
    weight = twin._runner.module.weight.detach()  # type: ignore[union-attr]
    assert abs(float(weight.mean()) - 6) < 0.2 and abs(float(weight.std()) - 0.58) < 0.1


@pytest.mark.parametrize("case", [c for c in CASES if c.name != "tensor_cell"], ids=lambda c: c.name)
def test_networks_travel_between_processes(case: Case):
    network = case.network()
    again = pickle.loads(pickle.dumps(network))
    x = inputs_of(case, 4)
    assert np.array_equal(again.raw(x), network.raw(x)) and again.facts == network.facts
    if network.recurrence is not None:
        assert np.array_equal(again.recurrence.run(x)[0], network.recurrence.run(x)[0])
