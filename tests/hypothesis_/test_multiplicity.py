"""p-values of several claims hold together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.hypothesis import Result, holm, max_t, p_value
from scrutable.verify._decoys import decoys_together

P = st.floats(0, 1)


def test_a_p_value_counts_what_is_found_among_its_nulls() -> None:
    assert p_value(2.0, [0.0] * 19) == pytest.approx(0.05)
    assert p_value(0.0, [0.0] * 19) == 1.0
    assert p_value(1.0, [0.5, 1.0, 2.0, 0.0]) == pytest.approx(3 / 5)


@given(st.lists(P, min_size=1, max_size=12))
def test_holm_rejects_what_its_steps_reject(values: list[float]) -> None:
    adjusted, left = holm(values), len(values)
    rejected: set[int] = set()
    for place in sorted(range(len(values)), key=values.__getitem__):
        if values[place] * left > 0.05:
            break
        rejected.add(place)
        left -= 1
    assert set(np.flatnonzero(adjusted <= 0.05)) == rejected
    assert (adjusted >= values).all() and (adjusted <= np.minimum(1, len(values) * np.array(values)) + 1e-12).all()


@pytest.mark.parametrize("adjust", ["none", "max-t", "holm"])
def test_the_chance_of_any_false_claim(adjust: str) -> None:
    """Ten claims without substance: one of them looks good far more often than one time in twenty."""
    rng, fooled, studies = np.random.default_rng(0), 0, 400
    for _ in range(studies):
        found, nulls = rng.normal(size=10), rng.normal(size=(199, 10))
        alone = np.array([p_value(found[k], nulls[:, k]) for k in range(10)])
        values = {"none": lambda: alone, "max-t": lambda: max_t(found, nulls), "holm": lambda: holm(alone)}[adjust]()  # noqa: B023
        fooled += bool((values <= 0.05).any())
    assert fooled / studies > 0.3 if adjust == "none" else fooled / studies <= 0.08


def test_max_t_finds_the_one_claim_that_holds() -> None:
    rng = np.random.default_rng(0)
    found = np.array([6.0, 0.0, 0.0])
    adjusted = max_t(found, rng.normal(size=(199, 3)))
    assert adjusted[0] == pytest.approx(1 / 200) and (adjusted[1:] > 0.5).all()


def decoy(found: float, nulls: list[float], status: str = "pass") -> Result:
    return Result("decoys", "guard", status, 0.05, 19, None, "p", "", (), (("found", found), ("nulls", tuple(nulls))))  # type: ignore[arg-type]


def test_decoys_of_several_variables_are_compared_with_the_best_of_each_round() -> None:
    low, high = [0.2] * 19, [0.2] * 18 + [0.95]
    assert decoys_together([decoy(1.0, low), decoy(0.97, low)]).status == "pass"
    both = decoys_together([decoy(0.9, low), decoy(1.0, high)])
    assert both.status == "unknown" and both.value == pytest.approx(0.1)
    assert dict(both.details)["p of every variable"] == pytest.approx((0.1, 0.05))
    assert decoys_together([decoy(1.0, low), decoy(0.9, high, "fail")]).status == "fail"
