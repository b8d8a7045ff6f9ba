"""Intervals cover what they say they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from scrutable.hypothesis import finite_population
from scrutable.verify import clopper_pearson, cluster_bootstrap, two_way_bootstrap, wilson
from scrutable.verify._pooled import Pool, every_pair
from scrutable.work import generator

INTERVALS = (wilson, clopper_pearson)


@pytest.mark.parametrize("interval", INTERVALS)
@settings(deadline=None)
@given(st.integers(1, 400), st.data())
def test_the_estimate_lies_inside_and_the_ends_are_shares(interval, n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    got = interval(k, n)
    assert 0 <= got.low <= k / n + 1e-12 and k / n - 1e-12 <= got.high <= 1
    assert got.low == 0 if k == 0 else got.low > 0
    assert got.high == 1 if k == n else got.high < 1


@pytest.mark.parametrize("interval", INTERVALS)
def test_no_units_is_an_error(interval) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        interval(0, 0)


@pytest.mark.parametrize(("interval", "least"), [(wilson, 0.93), (clopper_pearson, 0.95)])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_coverage_of_independent_units(interval, least: float, share: float) -> None:
    draws = generator(0, "coverage", str(share)).binomial(200, share, size=2000)
    intervals = {k: interval(int(k), 200) for k in np.unique(draws)}
    covered = np.mean([intervals[k].low <= share <= intervals[k].high for k in draws])
    assert covered >= least


def pool_means(rng: np.random.Generator, size: int, pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs from a pool in which an input is good or bad for all the pairs it is in; truth is 0.64."""
    good = rng.uniform(size=size) < 0.8
    bases, sources = rng.integers(0, size, size=(2, pairs))
    return (good[bases] & good[sources]).astype(float), bases, sources


def test_pairs_from_a_pool_need_the_two_way_bootstrap() -> None:
    plain, two_way = 0, 0
    for trial in range(60):
        rng = generator(1, "pool", trial)
        values, bases, sources = pool_means(rng, 64, 800)
        naive, honest = wilson(values.sum(), len(values)), two_way_bootstrap(values, bases, sources, rng)
        plain += naive.low <= 0.64 <= naive.high
        two_way += honest.low <= 0.64 <= honest.high
    assert plain <= 0.6 * 60
    assert two_way >= 0.88 * 60


def test_several_values_of_one_input_need_the_cluster_bootstrap() -> None:
    covered = 0
    for trial in range(100):
        rng = generator(2, "clusters", trial)
        levels = rng.uniform(size=80)
        clusters = np.repeat(np.arange(80), 10)
        values = rng.uniform(size=800) < levels[clusters]
        got = cluster_bootstrap(values, clusters, rng)
        covered += got.low <= 0.5 <= got.high
    assert covered >= 88


@settings(deadline=None)
@given(size=st.integers(1, 60), share=st.floats(0, 1), part=st.floats(0.05, 1))
def test_the_finite_interval_holds_the_share_of_nearly_every_draw(size: int, share: float, part: float) -> None:
    n, good = max(1, int(part * size)), int(share * size)
    drawn = np.arange(max(0, n - (size - good)), min(n, good) + 1)
    held = [finite_population(int(k), n, size) for k in drawn]
    chance = hypergeom.pmf(drawn, size, good, n)
    covered = sum(p for p, i in zip(chance, held, strict=True) if i.low <= good / size <= i.high)
    assert covered >= 0.95 - 1e-9
    assert all(0 <= i.low <= i.high <= 1 for i in held)


def test_a_whole_population_leaves_nothing_open() -> None:
    assert finite_population(3, 8, 8).low == finite_population(3, 8, 8).high == 3 / 8
    assert finite_population(32, 32, 64).low > wilson(32, 32).low
    with pytest.raises(ValueError, match="population"):
        finite_population(3, 8, 7)


def test_a_pool_counts_its_inputs_and_not_its_pairs() -> None:
    bases, sources = every_pair(np.arange(12), np.random.default_rng(0))
    assert len(bases) == 132 and (bases != sources).all()
    right = np.ones(132, bool)
    value, n, interval = Pool(bases, sources, None).measured(right)
    assert (value, n) == (1.0, 12) and interval.low == pytest.approx(wilson(12, 12).low)
    value, n, known = Pool(bases, sources, 24).measured(right)
    assert interval.low < known.low < 1.0
    value, n, part = Pool(bases, sources, None).measured(bases > 3)
    assert part.low < value < part.high and value == pytest.approx(8 / 12)
