"""Nominal 95% intervals hold the truth as often as they say, in worlds where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from scrutable.bench._binomial import METHODS, attainable, compared, held
from scrutable.bench._coverage import (
    SIZES,
    WORLDS,
    World,
    looked_at_often,
    of_pools,
    of_sequences,
    sharing_inputs,
    taken_for_independent,
)
from scrutable.hypothesis import clopper_pearson, confidence_sequence, wilson
from scrutable.hypothesis._anytime import log_capital

NAMES = [world.name for world in WORLDS]
TRIALS = 400


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
@pytest.mark.parametrize(("inputs", "pairs"), SIZES)
def test_pairs_from_a_re_used_pool(world: World, inputs: int, pairs: int) -> None:
    found = of_pools(world, inputs, pairs, sharing_inputs, trials=TRIALS)
    assert 0.93 - 2 * found.error <= found.share <= 0.97 + 2 * found.error


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_disjoint_pairs(world: World) -> None:
    found = of_pools(world, 512, None, taken_for_independent, trials=TRIALS)
    assert 0.93 <= found.share <= 0.97


@pytest.mark.parametrize("world", WORLDS[1:4], ids=NAMES[1:4])
def test_pairs_from_a_pool_are_not_independent(world: World) -> None:
    assert of_pools(world, 64, 4000, taken_for_independent, trials=100).share < 0.7


@pytest.mark.parametrize("n", [100, 200, 1000])
@pytest.mark.parametrize("truth", [0.5, 0.8, 0.9, 0.95])
def test_independent_units_exactly(n: int, truth: float) -> None:
    """The coverage is a sum over what may be counted: nothing is drawn."""

    def covered(interval) -> float:
        chances = binom.pmf(np.arange(n + 1), n, truth)
        held = (interval(k, n) for k in range(n + 1))
        return sum(p for p, i in zip(chances, held, strict=True) if i.low <= truth <= i.high)

    assert 0.93 <= covered(wilson) <= 0.97
    assert covered(clopper_pearson) >= 0.95


UNITS = (16, 24, 32, 48, 96, 192)
TRUTHS = np.arange(50, 100) / 100


def test_no_other_interval_keeps_to_its_level_as_well_as_wilsons() -> None:
    best = np.mean([attainable(n, TRUTHS) for n in UNITS])
    inside = {name: compared(method, UNITS, TRUTHS).inside for name, method in METHODS.items()}
    assert all(share <= best for share in inside.values())
    mine = inside.pop("Wilson")
    assert mine >= best - 0.05 and mine >= max(inside.values()) - 0.03
    assert sorted(inside, key=lambda name: inside[name])[-1] == "Blaker, mid-P"


def test_where_every_unit_is_a_success_the_lower_end_is_as_sure_as_it_says() -> None:
    """Verdicts go by lower ends. Its nearest rival leaves more than the 2.5% that lie beyond one."""
    low = {name: METHODS[name](40)[0][40] for name in ("Wilson", "Blaker, mid-P")}
    assert low["Wilson"] ** 40 < 0.03 < low["Blaker, mid-P"] ** 40


@pytest.mark.parametrize("n", [32, 45, 64, 128, 300, 500])
def test_the_coverage_of_headline_intervals_exactly(n: int) -> None:
    truths = np.arange(500, 1000) / 1000
    found = held(METHODS["Wilson"](n), n, truths)[n * (1 - truths) >= 5]
    assert found.min() >= 0.924 and found.max() <= 0.975
    assert ((found >= 0.93) & (found <= 0.97)).mean() >= 0.97


def test_few_units_and_a_truth_near_one_are_beyond_any_interval() -> None:
    few = attainable(16, np.array([0.64, 0.99]))
    assert few[0] and not few[1]


def test_disjoint_pairs_are_covered_as_the_sum_says() -> None:
    world = WORLDS[2]
    exact = held(METHODS["Wilson"](32), 32, np.array([world.truth]))[0]
    found = of_pools(world, 64, None, taken_for_independent, trials=2 * TRIALS)
    assert abs(found.share - exact) < 4 * found.error and exact == pytest.approx(0.9365, abs=1e-3)


@pytest.mark.parametrize("truth", [0.1, 0.5, 0.9, 0.98])
def test_a_confidence_sequence_holds_the_truth_whenever_one_stops(truth: float) -> None:
    found = of_sequences(truth, 1000, trials=1000)
    assert found.share >= 0.95 and found.width < 0.13


def test_an_ordinary_interval_does_not() -> None:
    assert looked_at_often(0.5, 200, trials=100).share < 0.8


@settings(deadline=None)
@given(st.integers(1, 3000), st.data())
def test_a_sequence_is_where_the_capital_is_small(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    got = confidence_sequence(k, n)
    assert 0 <= got.low <= k / n <= got.high <= 1
    for end in (got.low, got.high):
        if 0 < end < 1:
            assert log_capital(k, n, end) == pytest.approx(np.log(20), abs=1e-6)
    assert got.low <= wilson(k, n).low + 1e-9 and wilson(k, n).high - 1e-9 <= got.high


def test_numbers_between_right_and_wrong_are_covered_too() -> None:
    draws = np.random.default_rng(0).beta(4, 1, size=(400, 400))
    sums, n = draws.cumsum(axis=1), np.arange(1, 401)
    assert (log_capital(sums, n, 0.8) < np.log(20)).all(axis=1).mean() >= 0.95


def test_a_sequence_needs_a_unit() -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        confidence_sequence(0, 0)
