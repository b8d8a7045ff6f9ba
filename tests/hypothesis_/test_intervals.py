"""Intervals cover what they say they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from scrutable.hypothesis import finite_population
from scrutable.hypothesis._intervals import _shared_variance
from scrutable.verify import clopper_pearson, cluster_bootstrap, two_way, wilson
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


@settings(deadline=None)
@given(st.integers(3, 12), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_pairs_that_share_inputs_have_the_variance_of_the_sum_over_all_such_two(size: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base, source = rng.integers(0, size, size=(2, n))
    errors = rng.normal(size=n)
    together = sum(
        errors[i] * errors[j] for i in range(n) for j in range(n) if {base[i], source[i]} & {base[j], source[j]}
    )
    assert _shared_variance(errors, base, source) == pytest.approx(together / n**2)


def test_disjoint_pairs_need_nothing_but_wilson() -> None:
    right = np.arange(2000) % 10 > 0
    got, plain = two_way(right, np.arange(2000), np.arange(2000, 4000)), wilson(1800, 2000)
    assert got.low == pytest.approx(plain.low, abs=2e-4) and got.high == pytest.approx(plain.high, abs=2e-4)


@settings(deadline=None)
@given(st.integers(3, 30), st.integers(1, 200), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_the_share_of_pairs_lies_inside(size: int, n: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bases, sources = np.concatenate([rng.integers(0, size, size=(2, n)), np.array([[0, 1], [1, 2]])], axis=1)
    right = rng.uniform(size=n + 2) < share
    got = two_way(right, bases, sources)
    assert 0 <= got.low <= right.mean() + 1e-12 and right.mean() - 1e-12 <= got.high <= 1
    assert got.high - got.low > 0


def test_equal_pairs_count_as_many_as_the_inputs_make_disjoint_ones() -> None:
    bases, sources = every_pair(np.arange(40), np.random.default_rng(0))
    assert two_way(np.ones(len(bases)), bases, sources).low < wilson(20, 20).low
    with pytest.raises(ValueError, match="three inputs"):
        two_way(np.ones(2), np.array([0, 1]), np.array([1, 0]))


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
    assert (value, n) == (1.0, 12) and interval.low < wilson(12, 12).low
    value, n, known = Pool(bases, sources, 24).measured(right)
    assert interval.low < known.low < 1.0 and known == finite_population(12, 12, 24)
    value, n, part = Pool(bases, sources, None).measured(bases > 3)
    assert part.low < value < part.high and value == pytest.approx(8 / 12)
