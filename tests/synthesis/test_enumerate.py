"""The enumerator: what it finds is right, short, the same every time, and in time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.program import INT, Expr, Var, call, const, expr_bits, walk
from scrutable.synthesis.enumeration import Grammar, Search, cheapest_together, evaluate, search, search_many
from scrutable.work import Clock, generator

NAMES = ("x", "y", "z")
FEW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def integers(n: int, *names: str, seed: int = 0, low: int = -9, high: int = 9) -> dict[str, np.ndarray]:
    rng = generator(seed, "test")
    return {name: rng.integers(low, high + 1, n) for name in names}


def first(leaves, target, *, grammar=None, seconds: float = 120.0, limit: int = 3) -> list:
    grammar = grammar or Grammar.fitting(leaves, [target])
    return list(search(leaves, target, grammar=grammar, clock=Clock(seconds), limit=limit))


def expressions() -> st.SearchStrategy[Expr]:
    """Small integer expressions over x, y, z."""
    leaf = st.one_of(st.sampled_from([Var(name, INT) for name in NAMES]), st.integers(0, 3).map(const))

    def grown(inner):
        pairs = st.tuples(inner, inner)
        arithmetic = st.builds(
            lambda op, ab: call(op, *ab), st.sampled_from(["add", "sub", "min", "max", "mul"]), pairs
        )
        divided = st.builds(
            lambda op, a, d: call(op, a, d), st.sampled_from(["mod", "floordiv"]), inner, st.integers(2, 5)
        )
        chosen = st.builds(
            lambda c, ab, cd: call("if", call(c, *ab), *cd), st.sampled_from(["lt", "eq"]), st.tuples(leaf, leaf), pairs
        )
        return st.one_of(arithmetic, divided, chosen)

    return st.recursive(leaf, grown, max_leaves=4)


@FEW
@given(expressions())
def test_a_planted_expression_is_found_or_something_no_longer(planted):
    leaves = integers(200, *NAMES)
    target = evaluate(planted, leaves)
    constants = {node.value for node in walk(planted) if not isinstance(node, Var) and hasattr(node, "value")}
    grammar = Grammar(constants=tuple(sorted({0, 1, 2, 3, 5} | constants)))
    found = first(leaves, target, grammar=grammar, seconds=60.0, limit=1)
    assert found
    fresh = integers(500, *NAMES, seed=1)
    same = np.array_equal(evaluate(found[0].expr, fresh), evaluate(planted, fresh))
    assert same or found[0].bits <= expr_bits(planted, 3) + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_random_targets_have_no_short_expression(seed):
    leaves = integers(64, *NAMES, seed=seed)
    target = generator(seed, "noise").integers(0, 10, 64)
    for found in first(leaves, target, seconds=1.0):
        assert np.array_equal(evaluate(found.expr, leaves), target)
        assert found.bits > 64


@FEW
@given(st.integers(0, 10**6), st.integers(1, 300))
def test_whatever_is_found_is_right_on_every_row(seed, n):
    leaves = integers(n, "x", "y", seed=seed, low=0, high=3)
    target = generator(seed, "target").integers(0, 3, n)
    for found in first(leaves, target, seconds=0.3, limit=20):
        assert np.array_equal(evaluate(found.expr, leaves), target)


def test_a_number_and_its_complement_are_told_apart():
    leaves = integers(64, "x", "y", high=30, low=-30)
    x, y = leaves["x"], leaves["y"]
    grammar = Grammar(operators=("add", "sub", "max"), constants=(1,))
    for target in (abs(x - y), -abs(x - y) - 1, x - y, y - x - 1):
        found = first(leaves, target, grammar=grammar)
        assert np.array_equal(evaluate(found[0].expr, leaves), target)


@pytest.mark.parametrize("seed", range(4))
def test_a_conditional_is_exact_when_the_examples_determine_it(seed):
    """Whether a tie belongs to one side or the other can be told from examples with ties only."""

    def function(c):
        return np.where(c["x"] > c["y"], c["x"] + c["z"], c["z"] - 1)

    leaves = integers(64, *NAMES, seed=seed)
    leaves["y"][:3] = leaves["x"][:3]
    found = first(leaves, function(leaves))
    fresh = integers(2000, *NAMES, seed=seed + 100)
    assert np.array_equal(evaluate(found[0].expr, fresh), function(fresh))


def test_the_largest_of_four_needs_only_comparisons_and_choice():
    leaves = integers(1000, "a", "b", "c", "d", low=-40, high=40)
    target = np.max(list(leaves.values()), axis=0)
    found = first(leaves, target, grammar=Grammar(operators=("if", "le"), constants=()))
    fresh = integers(2000, "a", "b", "c", "d", seed=9, low=-40, high=40)
    assert np.mean(evaluate(found[0].expr, fresh) == np.max(list(fresh.values()), axis=0)) > 0.99


def test_a_disjunction_of_three_terms():
    bits = (np.arange(32)[:, None] >> np.arange(5)) & 1 == 1
    a, b, c, d, e = bits.T
    target = (a & ~b & c) | (d & ~e & ~a) | (b & e & ~c)
    leaves = dict(zip("abcde", bits.T, strict=True))
    found = first(leaves, target, grammar=Grammar(operators=("and", "or", "not"), constants=()))
    assert np.array_equal(evaluate(found[0].expr, leaves), target)
    assert found[0].bits < 130


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("a constant from the data", lambda x, y: 7 * x + 31),
        ("a remainder", lambda x, y: (x + y) % 13),
        ("a threshold", lambda x, y: (x - y <= 4).astype(np.int64)),
        ("a branch point", lambda x, y: np.where(x > 23, y - x, y + 2)),
        ("one answer", lambda x, y: x * 0 + 42),
        ("a variable", lambda x, y: y),
        ("products beyond 16 bits", lambda x, y: (x * y) * (x - 2)),
    ],
)
def test_literals_come_from_the_data(name, function):
    leaves = integers(300, "x", "y", low=-50, high=50)
    target = function(leaves["x"], leaves["y"])
    found = first(leaves, target)
    fresh = integers(300, "x", "y", seed=3, low=-50, high=50)
    assert np.array_equal(evaluate(found[0].expr, fresh), function(fresh["x"], fresh["y"])), name


def test_reals_are_found_up_to_rounding():
    rng = generator(0, "reals")
    leaves = {"x": rng.uniform(0.5, 3, 100), "y": rng.uniform(0.5, 3, 100)}
    found = first(leaves, np.sqrt(leaves["x"]) * leaves["y"] + leaves["x"])
    fresh = {"x": rng.uniform(0.5, 3, 100), "y": rng.uniform(0.5, 3, 100)}
    assert np.allclose(evaluate(found[0].expr, fresh), np.sqrt(fresh["x"]) * fresh["y"] + fresh["x"])


def test_contradictory_examples_have_no_expression():
    x = np.array([1, 1, 2, 3])
    assert first({"x": x}, np.array([0, 1, 2, 3])) == []


def test_results_are_in_order_distinct_and_repeatable():
    leaves = integers(64, *NAMES)
    target = leaves["x"] + 2 * leaves["y"]
    runs = [first(leaves, target, limit=8) for _ in range(2)]
    assert runs[0] == runs[1]
    bits = [found.bits for found in runs[0]]
    assert bits == sorted(bits)
    assert len({str(found.expr) for found in runs[0]}) == len(runs[0]) > 1
    assert all(found.bits == expr_bits(found.expr, 3) for found in runs[0])


def test_rows_that_refute_the_chosen_ones_are_taken_in():
    leaves = integers(5000, "x", "y", low=0, high=40)
    target = np.where(leaves["x"] == 17, leaves["y"], leaves["x"] + leaves["y"])
    found = first(leaves, target)
    assert np.array_equal(evaluate(found[0].expr, leaves), target)


@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_the_clock_is_respected(seconds):
    leaves = integers(64, *"abcdef")
    target = generator(0, "noise").integers(0, 10, 64)
    start = time.monotonic()
    first(leaves, target, seconds=seconds)
    assert time.monotonic() - start < seconds + 0.6


def test_memory_is_bounded_and_said_so():
    leaves = integers(64, *"abcdef")
    grammar = Grammar(operators=("add", "sub", "mul", "max"), constants=(1,), memory=2**21)
    work = Search(leaves, {"t": generator(0, "noise").integers(0, 10, 64)}, grammar=grammar, clock=Clock(120), limit=1)
    assert work.run() == {"t": ()}
    assert work.effort.capped
    assert work.effort.distinct < 2**21 / 128


def test_a_small_closed_world_is_exhausted():
    bits = (np.arange(4)[:, None] >> np.arange(2)) & 1 == 1
    leaves = {"a": bits[:, 0], "b": bits[:, 0] & bits[:, 1]}
    grammar = Grammar(operators=("and",), constants=())
    work = Search(leaves, {"t": ~bits[:, 0]}, grammar=grammar, clock=Clock(120), limit=1)
    assert work.run() == {"t": ()}
    assert work.effort.exhausted


def test_shared_parts_are_counted_once():
    rng = generator(0, "digits")
    leaves = {"a": rng.integers(0, 10, 300), "b": rng.integers(0, 10, 300), "c": rng.integers(0, 2, 300)}
    total = leaves["a"] + leaves["b"] + leaves["c"]
    targets = {"digit": total % 10, "carry": total // 10}
    found = search_many(leaves, targets, grammar=Grammar.fitting(leaves, targets.values()), clock=Clock(120), limit=16)
    together = cheapest_together(found, scope=3)
    assert together is not None
    assert len(together.shared) == 1
    assert together.bits < sum(each[0].bits for each in found.values())
    values = dict(leaves)
    for let in together.shared:
        values[let.name] = evaluate(let.expr, values)
    for name, expr in together.exprs.items():
        assert np.array_equal(evaluate(expr, values), targets[name])


def test_nothing_to_combine_when_a_target_has_no_expression():
    assert cheapest_together({"a": ()}, scope=2) is None


@pytest.mark.parametrize(
    ("leaves", "target", "message"),
    [
        ({}, np.arange(3), "leaves"),
        ({"x": np.arange(4)}, np.arange(3), "shape"),
        ({"x": np.arange(0)}, np.arange(0), "n > 0"),
        ({"x": np.array([0.0, np.nan])}, np.arange(2), "finite"),
    ],
)
def test_unusable_examples_are_refused(leaves, target, message):
    with pytest.raises(UserError, match=message):
        first(leaves, target, grammar=Grammar())


def test_unknown_operators_are_refused():
    with pytest.raises(UserError, match="expected some of"):
        Grammar(operators=("add", "frobnicate"))
