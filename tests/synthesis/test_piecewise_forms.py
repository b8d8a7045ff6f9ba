"""Piecewise-linear functions are found again from their values, also where kinks and jumps are blurred."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.program import REAL, Var
from scrutable.synthesis import Table, values
from scrutable.synthesis.piecewise import PiecewiseLinear, piecewise_forms, spelled
from scrutable.synthesis.piecewise._forms import Bends, Choice, Extreme, Form, Leaf
from scrutable.synthesis.piecewise._sample import local_slopes
from scrutable.synthesis.piecewise._spelling import Affine
from scrutable.synthesis.piecewise._writing import written
from scrutable.work import Clock

LEAVES = tuple(Var(name, REAL) for name in ("x", "y", "z"))
PLANTED = {
    "affine": lambda x, y, z: 3 * x - 2 * y + 0.5,
    "max": lambda x, y, z: np.maximum(x, y),
    "min of three": lambda x, y, z: np.minimum(np.minimum(x, 2 * y), z + 0.5),
    "size": lambda x, y, z: np.abs(x - y),
    "size and more": lambda x, y, z: z + 2 * np.abs(y - 0.25),
    "clip": lambda x, y, z: np.clip(x + y, -0.5, 0.5),
    "hinges": lambda x, y, z: np.maximum(x, 0) + 0.5 * np.maximum(y - z, 0),
    "max of min": lambda x, y, z: np.maximum(np.minimum(x, y), z),
    "median": lambda x, y, z: np.median([x, y, z], axis=0),
    "folded twice": lambda x, y, z: np.abs(np.abs(2 * x) - 1),
}
JUMPS = {
    "choice": lambda x, y, z: np.where(x > y, x + z, z - 1),
    "threshold": lambda x, y, z: np.where(x > 0.2, 2 * y, -y),
    "two choices": lambda x, y, z: np.where(x + y > 0.5, x - y, np.where(z > 0, 3.0, 0.0)),
}


def points(seed: int, n: int = 800) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, 3))


def rounded(function, x: np.ndarray, seed: int, width: float = 0.04) -> np.ndarray:
    """The function averaged over a small neighbourhood: what a smooth fit makes of kinks and jumps."""
    moves = np.random.default_rng(seed).uniform(-width, width, (16, 3))
    return np.mean([function(*(x + move).T) for move in (*moves, *-moves)], axis=0)


def best(x: np.ndarray, y: np.ndarray, slopes: np.ndarray | None = None):
    return piecewise_forms(x, y, slopes, leaves=LEAVES, clock=Clock(60))[0]


@pytest.mark.parametrize("name", [*PLANTED, *JUMPS])
def test_exact_values_give_the_function_back(name: str) -> None:
    function, fresh = (PLANTED | JUMPS)[name], points(9)
    x = points(0)
    found = best(x, function(*x.T))
    wrong = np.abs(values(found.expr, dict(zip("xyz", fresh.T, strict=True))) - function(*fresh.T)) > 1e-9
    assert wrong.mean() <= (0.02 if name in JUMPS else 0)


@pytest.mark.parametrize("name", [*list(PLANTED)[1::3], *list(JUMPS)[:2]])
def test_blurred_kinks_and_jumps_are_seen_through(name: str) -> None:
    function, x, fresh = (PLANTED | JUMPS)[name], points(1, 1000), points(9)
    ends = [(rounded(function, x + step, 0) - rounded(function, x - step, 0)) / 0.04 for step in 0.02 * np.eye(3)]
    found = best(x, rounded(function, x, 0), np.stack(ends, axis=1))
    wrong = np.abs(values(found.expr, dict(zip("xyz", fresh.T, strict=True))) - function(*fresh.T)) > 1e-6
    assert wrong.mean() <= (0.03 if name in JUMPS else 0)


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-4, 4)] * 4), min_size=2, max_size=3, unique=True),
    st.sampled_from(["max", "min"]),
)
def test_extremes_of_random_planes(planes: list[tuple[int, ...]], op: str) -> None:
    x, fresh = points(2), points(9)
    fold = np.max if op == "max" else np.min
    rows = np.array(planes) / 2

    def function(at: np.ndarray) -> np.ndarray:
        return fold(at @ rows[:, :3].T + rows[:, 3], axis=1)

    found = best(x, function(x))
    miss = np.abs(values(found.expr, dict(zip("xyz", fresh.T, strict=True))) - function(fresh))
    assert np.quantile(miss, 0.95) <= 1e-9 + 1e-3 * function(x).std()


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {name: rng.uniform(-1, 1, 400) for name in "xyz"}
    real, whole = Table(columns, rng.normal(size=400)), Table(columns, rng.integers(0, 9, 400))
    assert not list(PiecewiseLinear().find(real, Clock(30)))
    assert not list(PiecewiseLinear().find(whole, Clock(30)))


NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 0.25, 1 / 3, 0.123456])
PLANES = st.lists(st.tuples(*[NUMBERS] * 4), min_size=5, max_size=5).map(np.array)
LEAF = st.integers(0, 4).map(Leaf)
EXTREMES = st.recursive(
    LEAF,
    lambda part: st.builds(Extreme, st.sampled_from(["max", "min"]), st.lists(part, min_size=2, max_size=3).map(tuple)),
    max_leaves=6,
)
BENDS = st.builds(Bends, LEAF, st.lists(st.tuples(st.sampled_from([1, -1]), LEAF), min_size=1, max_size=3).map(tuple))
CUTS = st.tuples(*[NUMBERS] * 4).filter(lambda c: any(c[:3])).map(lambda c: Affine(c[:3], c[3]))
TREES = st.recursive(EXTREMES | BENDS, lambda part: st.builds(Choice, CUTS, part, part), max_leaves=3)


@settings(max_examples=60, deadline=None)
@given(TREES, PLANES)
def test_what_is_written_means_the_form(tree, planes: np.ndarray) -> None:
    form, x = Form(tree, planes), points(3, 200)
    said = values(written(form, LEAVES), dict(zip("xyz", x.T, strict=True)))
    assert np.abs(said - form.predict(x)).max() < 1e-8


@settings(max_examples=100, deadline=None)
@given(TREES, PLANES)
def test_weights_give_the_value(tree, planes: np.ndarray) -> None:
    form, x = Form(tree, planes), points(3, 100)
    heights = np.concatenate([x, np.ones((100, 1))], axis=1) @ planes.T
    assert np.abs((form.weights(x) * heights).sum(axis=1) - form.predict(x)).max() < 1e-9
    assert np.abs(form.compact.predict(x) - form.predict(x)).max() < 1e-12


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.floats(-100, 100, allow_nan=False)] * 4))
def test_affine_functions_are_spelled_as_they_are(plane: tuple[float, ...]) -> None:
    x = points(4, 50)
    said = values(spelled(np.array(plane), LEAVES), dict(zip("xyz", x.T, strict=True)))
    assert np.abs(said - (x @ np.array(plane[:3]) + plane[3])).max() < 1e-8


def test_slopes_of_neighbours_are_exact_on_a_plane() -> None:
    x = points(5, 300)
    assert np.abs(local_slopes(x, x @ [1.0, -2.0, 0.5] + 3) - [1.0, -2.0, 0.5]).max() < 1e-8
