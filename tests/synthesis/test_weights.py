"""Weights learned from partial solutions, literals worked out from the data, and what they change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.program import INT, Var, call, const
from scrutable.synthesis.enumeration import Grammar, Search, evaluate, search
from scrutable.synthesis.enumeration import _search as searching
from scrutable.synthesis.enumeration._weights import Weights
from scrutable.work import Clock, generator

X, Y = Var("x", INT), Var("y", INT)
USUAL = Weights.usual(("add", "mul", "abs"), (X, Y), {const(1): 1, const(7): 7})


def mass(weights: Weights) -> float:
    return sum(2.0**-cost for cost in (*weights.operators.values(), *weights.leaves.values()))


def test_pieces_of_partial_solutions_become_cheaper_than_the_others():
    learned = USUAL.learned([(call("add", X, X), 0.9), (call("abs", Y), 0.2)], base=0.2)
    assert learned is not None
    change = {name: learned.operators[name] - cost for name, cost in USUAL.operators.items()}
    assert change["add"] < change["abs"] == change["mul"]
    assert learned.leaves[X] - USUAL.leaves[X] < learned.leaves[Y] - USUAL.leaves[Y]
    assert all(cost >= 1 for cost in (*learned.operators.values(), *learned.leaves.values()))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from([X, call("add", X, Y), call("mul", X, 7)]), st.floats(0, 1)), max_size=4))
def test_what_is_made_cheaper_is_paid_for_by_the_rest(shares):
    learned = USUAL.learned(shares, base=0.1)
    assert learned is None or mass(learned) == pytest.approx(mass(USUAL), rel=0.8)


def test_nothing_is_learned_from_what_single_leaves_do_as_well():
    assert USUAL.learned([(call("add", X, Y), 0.4)], base=0.5) is None
    assert USUAL.learned([], base=0.0) is None
    assert USUAL.learned([(X, 1.0)], base=1.0) is None


@pytest.mark.parametrize("seed", range(3))
def test_a_second_climb_changes_no_answer_but_the_way_to_it(monkeypatch, seed: int):
    """Learning from the first candidate on still finds planted expressions, and the same ones every time."""
    monkeypatch.setattr(searching, "FIRST", 2_000)
    rng = generator(seed, "weights")
    leaves = {name: rng.integers(-9, 10, 100) for name in "xyz"}
    target = np.maximum(leaves["x"] - leaves["y"], 2) * leaves["z"] + np.abs(leaves["x"])

    def found() -> tuple:
        work = Search(leaves, {"t": target}, grammar=Grammar(), clock=Clock(300), limit=2, most=60_000)
        return work.run()["t"], work.effort

    first, again = found(), found()
    assert first == again
    for each in first[0]:
        assert np.array_equal(evaluate(each.expr, leaves), target)


def test_what_the_first_climb_found_for_one_target_is_kept(monkeypatch):
    monkeypatch.setattr(searching, "FIRST", 30_000)
    rng = generator(0, "weights")
    leaves = {name: rng.integers(-9, 10, 64) for name in "xyz"}
    targets = {"easy": leaves["x"] + leaves["y"], "none": rng.integers(0, 10, 64)}
    found = Search(leaves, targets, grammar=Grammar(), clock=Clock(300), limit=2, most=90_000).run()
    assert found["easy"] and not found["none"]


FORMS = {
    "remainder with a shift": lambda x, y: (x * y + 11) % 23,
    "quotient": lambda x, y: (x + y) // 13,
    "quotient of negative numbers": lambda x, y: (x * y) // 29,
    "distance": lambda x, y: np.abs(x - y - 17),
    "at least": lambda x, y: np.maximum(x + y, -13),
    "at most": lambda x, y: np.minimum(x - y, 14),
    "between": lambda x, y: np.clip(x + y, -14, 19),
    "beside a variable": lambda x, y: x % 13 + y,
    "less something": lambda x, y: y - (x // 7),
    "line": lambda x, y: 17 * (x - y) - 230,
}


@pytest.mark.parametrize("name", FORMS)
def test_literals_nobody_listed_are_worked_out(name: str):
    rng = generator(0, "literals")
    leaves = {each: rng.integers(-40, 41, 300) for each in "xy"}
    target = FORMS[name](leaves["x"], leaves["y"])
    found = list(search(leaves, target, grammar=Grammar(), clock=Clock(300), limit=1, most=60_000))
    fresh = {each: rng.integers(-40, 41, 300) for each in "xy"}
    assert found and np.array_equal(evaluate(found[0].expr, fresh), FORMS[name](fresh["x"], fresh["y"]))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 60), st.integers(-60, 60), st.integers(1, 40), st.booleans())
def test_any_quotient_of_a_variable_is_found(divisor: int, low: int, width: int, both: bool):
    x = np.arange(low, low + width + 2) if not both else np.arange(-width - 2, width + 3)
    target = x // divisor
    found = list(search({"x": x}, target, grammar=Grammar(), clock=Clock(300), limit=1, most=2_000))
    assert found and np.array_equal(evaluate(found[0].expr, {"x": x}), target)
