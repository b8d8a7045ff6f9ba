"""A known circuit passes the tests of its claim; one with a part missing, or with idle edges, does not."""

from __future__ import annotations

import numpy as np
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, share

from scrutable.circuits import Edge, equivalence, idle_edges, trials, wire

X = torch.randint(0, VOCABULARY, (60, LENGTH), generator=torch.Generator().manual_seed(3))


def known():
    wiring = wire(share(), X)
    made = trials(wiring, X, "resample anywhere", draws=1, seed=0)
    return wiring, made, np.array([edge in TRUE for edge in wiring.edges])


def test_a_known_circuit_is_equivalent_and_half_of_it_scores_lower():
    wiring, made, whole = known()
    found = equivalence(made, whole)
    assert (found.p, found.n, found.value) == (1.0, 0, 0.5)  # equal on every input
    half = whole & np.array([edge != Edge("token", "heads.0.0", "value") for edge in wiring.edges])
    worse = equivalence(made, half)
    assert worse.p < 0.01 and worse.value < 0.2 and worse.n > 50


def test_idle_edges_are_told_from_those_that_work():
    wiring, made, whole = known()
    wide = whole | np.array([edge.target == "mlp" for edge in wiring.edges])
    p = idle_edges(made, wide, seed=0)
    assert (p[whole] > 0.5).all() and (p[wide & ~whole] < 0.01).all() and (p[~wide] == 1).all()


def test_without_anything_outside_nothing_is_claimed():
    _, made, whole = known()
    assert (idle_edges(made, np.ones_like(whole), seed=0) == 1).all()
    assert (idle_edges(made, np.zeros_like(whole), seed=0) == 1).all()
