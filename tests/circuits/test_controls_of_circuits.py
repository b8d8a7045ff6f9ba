"""A circuit beats the same search on networks that mean nothing, and is all that the output depends on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, reverse, share
from torch import Tensor, nn

from scrutable.circuits import Circuit, EdgeAttribution, against_searched, find, independence, trials, wire
from scrutable.network._controls import permuted

X, FRESH = torch.randint(0, VOCABULARY, (52, LENGTH), generator=torch.Generator().manual_seed(3)).split((12, 40))


def quick(module: nn.Module, x: Tensor) -> Circuit:
    return find(module, x, ablations=("zero",), method=EdgeAttribution())


@pytest.mark.slow
def test_a_known_circuit_beats_searched_ones_and_a_network_without_mechanism_does_not():
    found = against_searched(quick(share(), X), share(), X, FRESH, quick, networks=9)
    assert found.value == pytest.approx(1, abs=0.02)
    assert found.p == pytest.approx(0.1)
    assert len(found.chance) == 9

    # the best four edges of one shuffled network are no better than those of others
    def narrow(module: nn.Module, x: Tensor) -> Circuit:
        circuit = quick(module, x)
        keep = np.zeros_like(circuit.keep)
        keep[np.argsort(-circuit.scores)[:4]] = True
        return Circuit(circuit.edges, circuit.scores, keep, circuit.method, circuit.ablations, circuit.trials)

    idle = permuted(share(), 77)
    assert against_searched(narrow(idle, X), idle, X, FRESH, narrow, networks=9).p > 0.1


def test_without_the_circuit_nothing_depends_on_the_answer_and_without_a_part_of_it_much_does():
    wiring = wire(reverse(), FRESH)
    made = trials(wiring, FRESH, "resample", draws=1, seed=0)
    whole = np.array([edge in TRUE for edge in wiring.edges])
    idle = np.array([edge.target == "mlp" for edge in wiring.edges])
    assert independence(made, whole, seed=0).p > 0.05
    assert independence(made, idle, seed=0).p < 0.01
