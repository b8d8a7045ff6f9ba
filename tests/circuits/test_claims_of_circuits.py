"""The published tests: a random circuit is refused, an idle edge is named, and a redundant one is not called idle."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, reverse
from torch import Tensor, nn

from scrutable.circuits import Edge, trials, wire
from scrutable.circuits._claims import everything, minimal, sufficient

X = torch.randint(0, VOCABULARY, (40, LENGTH), generator=torch.Generator().manual_seed(3))


def known():
    wiring = wire(reverse(), X)
    return wiring, trials(wiring, X, "zero", draws=1, seed=0), np.array([edge in TRUE for edge in wiring.edges])


def test_a_random_circuit_of_the_same_size_is_not_sufficient_and_not_complete():
    wiring, made, whole = known()
    right = sufficient(made, whole, seed=0)
    assert right.holds and right.p == pytest.approx(0.01) and right.value == pytest.approx(1)
    rng = np.random.default_rng(5)
    other = np.zeros_like(whole)
    other[rng.choice(np.flatnonzero(~whole), whole.sum(), replace=False)] = True
    assert not sufficient(made, other, seed=0).holds
    assert not everything(made, other, seed=0).holds and everything(made, whole, seed=0).holds


def test_an_idle_edge_is_named():
    wiring, made, whole = known()
    idle = Edge("position", "mlp", "input")
    found = minimal(made, whole | np.array([edge == idle for edge in wiring.edges]), seed=0)
    assert (found.holds, found.reason) == (False, "idle: position -> mlp") and found.value == 1 and found.p < 0.05
    assert minimal(made, whole, seed=0).holds


def test_an_edge_that_carries_the_same_on_every_input_is_not_called_idle_under_resampling():
    wiring, _, whole = known()
    found = minimal(trials(wiring, X, "resample", draws=1, seed=0), whole, seed=0)
    assert found.holds and found.reason.startswith("not tested: position -> heads.0.0.query")


def test_where_there_is_no_other_circuit_of_its_size_nothing_is_claimed():
    _, made, whole = known()
    assert sufficient(made, whole | True, seed=0).holds is None and minimal(made, whole | True, seed=0).holds is None


class _Twice(nn.Module):
    """Two units that know the same, of which the output needs either; others that work little."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(2, 4), nn.Linear(4, 1), nn.Linear(1, 1)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]]))
            self.second.weight.copy_(torch.tensor([[1.0, 1, 0.05, 0.05]]))
            self.third.weight.fill_(1)
            for layer in (self.first, self.second, self.third):
                layer.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.second(self.first(x).relu()).clamp(0, 1))


def test_a_redundant_edge_is_not_called_idle():
    x = (torch.rand(40, 2, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    wiring = wire(_Twice(), x)
    made = trials(wiring, x, "zero", draws=1, seed=0)
    keep = np.array(["layer 1.2" not in str(e) and "layer 1.3" not in str(e) for e in wiring.edges])
    keep &= np.array([e.source != "input.1" for e in wiring.edges])
    found = minimal(made, keep, seed=0)
    assert found.holds and found.reason.startswith("redundant: "), (found, [str(e) for e in wiring.edges])
