"""Classes of blurred vectors: told apart where the gap is widest."""

from __future__ import annotations

import numpy as np

from scrutable.propose._attention_classes import apart, classes, told_apart


def blurred(blur: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(5), 6)
    return np.eye(5)[kinds] + rng.uniform(-blur, blur, size=(30, 5)), kinds


def test_blurred_codes_are_told_apart_and_never_joined_in_a_chain() -> None:
    vectors, kinds = blurred(0.1)
    found = classes(vectors, apart(vectors, 0.02, 1.5))
    assert found is not None and np.array_equal(found, kinds)


def test_where_nothing_is_blurred_the_least_distance_counts() -> None:
    vectors = np.array([[0.0], [0.03], [1.0]])
    assert apart(vectors, 0.02, 0.02) == 0.02


def test_groups_that_do_not_touch_are_told_apart_however_wide_they_are() -> None:
    means = np.array([[0.0, 0.0], [1.0, 0.2]])
    assert told_apart(means, np.array([0.6, 0.1]))
    assert not told_apart(means, np.array([0.6, 0.4]))
    assert not told_apart(means[:1], np.array([0.6]))
