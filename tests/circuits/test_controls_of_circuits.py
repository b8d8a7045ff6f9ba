"""A circuit beats the same search on networks that mean nothing, and is all that the output depends on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, reverse, share
from torch import Tensor, nn

from scrutable.circuits import Circuit, EdgeAttribution, against_searched, find, independence, trials, wire
from scrutable.network._controls import permuted, reinitialised

X, FRESH = torch.randint(0, VOCABULARY, (52, LENGTH), generator=torch.Generator().manual_seed(3)).split((12, 40))


def quick(module: nn.Module, x: Tensor, wanted: Tensor | None = None) -> Circuit:
    return find(module, x, ablations=("zero",), method=EdgeAttribution(), wanted=wanted)


def argmax(output: Tensor) -> np.ndarray:
    return output.argmax(-1).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("network", [reverse, share])
def test_a_known_circuit_does_what_none_does_in_networks_that_mean_nothing(network):
    found = against_searched(quick(network(), X), network(), X, FRESH, quick, networks=9)
    assert found.value == pytest.approx(1, abs=0.02) and max(found.chance) < 0.7
    assert found.p == pytest.approx(0.1)
    assert len(found.chance) == 9 and found.n == 40


def test_labels_are_compared_as_answers():
    found = against_searched(quick(reverse(), X), reverse(), X, FRESH, quick, answers=argmax, networks=4)
    assert (found.value, found.p) == (1, pytest.approx(0.2)) and max(found.chance) < 0.8


@pytest.mark.parametrize("meaningless", [permuted, pytest.param(reinitialised, marks=pytest.mark.slow)])
def test_a_network_that_means_nothing_has_no_circuit_for_what_another_does(meaningless):
    with torch.no_grad():
        goal, later = reverse()(X), reverse()(FRESH)
    idle = meaningless(reverse(), 77)
    found = against_searched(quick(idle, X, goal), idle, X, FRESH, quick, wanted=later, networks=4)
    assert found.p > 0.2 and found.value < 0.7


def test_what_any_network_does_is_no_achievement():
    """The same answer to everything."""
    constant = reverse()
    with torch.no_grad():
        constant.unembed.weight.zero_()
    assert against_searched(quick(constant, X), constant, X, FRESH, quick, answers=argmax, networks=2).p == 1


def test_without_the_circuit_nothing_depends_on_the_answer_and_without_a_part_of_it_much_does():
    wiring = wire(reverse(), FRESH)
    made = trials(wiring, FRESH, "resample", draws=1, seed=0)
    whole = np.array([edge in TRUE for edge in wiring.edges])
    idle = np.array([edge.target == "mlp" for edge in wiring.edges])
    assert independence(made, whole, seed=0).p > 0.05
    assert independence(made, idle, seed=0).p < 0.01
