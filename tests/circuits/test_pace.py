"""Searches for circuits keep to their time, whatever a run takes, and find the same with time to spare."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from known_circuits import LENGTH, VOCABULARY, reverse, share

from scrutable.circuits import Acdc, Contexts, Method, _acdc, _find, _pace, find, trials, wire
from scrutable.circuits._find import most_damage
from scrutable.circuits._pace import UNLIMITED, Pace
from scrutable.circuits._trial import all_but_one, mean_damage
from scrutable.work import Clock

X = torch.randint(0, VOCABULARY, (8, LENGTH), generator=torch.Generator().manual_seed(3))
EACH = 0.01
"""Seconds that a run of one set of edges takes here."""


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes only as edges are replaced."""
    now = [0.0]

    def slow(made, keep):
        now[0] += EACH * len(keep)
        return mean_damage(made, keep)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for module in (_pace, _find, _acdc):
        monkeypatch.setattr(module, "mean_damage", slow)
    return now


def least(method: Method) -> float:
    """Seconds to score every edge under one ablation."""
    return EACH * (method.least_runs(len(wire(share(), X).edges)) + _find.TIMED)


@pytest.mark.parametrize("more", [1.2, 2.0, 4.0, 7.0])
def test_a_search_keeps_to_its_time_and_says_what_it_left_out(runs: list[float], more: float) -> None:
    seconds = more * least(Contexts())
    found = find(share(), X, clock=Clock(seconds, started=0.0))
    doubled = 3 * EACH * (2 + np.log2(len(found.edges)))
    assert runs[0] <= 1.1 * seconds + doubled
    assert found.missing and found.keep.any()
    assert most_damage(found.trials, found.keep[None])[0] <= 0.01


def test_with_time_to_spare_nothing_is_missing(runs: list[float]) -> None:
    found = find(share(), X, clock=Clock(1e6, started=0.0))
    assert not found.missing and runs[0] < 1e6


def test_thresholds_are_given_up_in_the_middle(runs: list[float]) -> None:
    found = find(reverse(), X, ablations=("zero",), method=Acdc(), clock=Clock(0.5, started=0.0))
    assert "thresholds under zero ablation: time ran out" in found.missing[0]
    assert len(found.missing) <= 2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 0.1, 0.5]))
def test_the_shortest_beginning_of_any_ranking_is_found(seed: int, within: float) -> None:
    wiring = wire(reverse(), X)
    made = [trials(wiring, X, kind, draws=1, seed=0) for kind in ("zero", "resample")]
    scores = np.random.default_rng(seed).integers(0, 12, len(wiring.edges)).astype(float)
    sets = scores[None] >= np.unique(scores)[::-1, None]
    first = sets[int(np.argmax(most_damage(made, sets) <= within))]
    assert (_find._smallest(scores, made, within, UNLIMITED) == first).all()


def test_damage_in_steps_is_the_same(runs: list[float]) -> None:
    wiring = wire(reverse(), X)
    made, sets = trials(wiring, X, "zero", draws=1, seed=0), all_but_one(wiring)
    got = Pace(Clock(1e6, started=0.0)).damage(made, sets)
    assert got is not None and got == pytest.approx(mean_damage(made, sets).mean(1), abs=1e-6)
    begun = runs[0]
    assert begun == pytest.approx(EACH * len(sets))
    assert Pace(Clock(0, started=begun)).damage(made, sets) is None and runs[0] == begun
    half = EACH * len(sets) / 2
    assert Pace(Clock(half, started=begun)).damage(made, sets) is None and runs[0] - begun <= half
