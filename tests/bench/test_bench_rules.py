"""Planted rules: what the evaluator says is what Python says, row by row; what is drawn is fit to be planted."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from scrutable.bench._boolean import KINDS, assignments, depends, planted
from scrutable.bench._network_outside import OUTSIDE
from scrutable.bench._network_tasks import INTEGERS, REALS
from scrutable.bench._rule import Rule
from scrutable.bench._tables import FIXED
from scrutable.bench._tables import INTEGERS as TABLES
from scrutable.bench._tables import REALS as REAL_TABLES
from scrutable.bench._two_level import fewest_literals, primes
from scrutable.errors import UserError
from scrutable.work import generator

PYTHON = {
    "abs": abs,
    "argmax": lambda *a: a.index(max(a)),
    "clip": lambda v, low, high: min(max(v, low), high),
    "count": lambda *a: sum(map(bool, a)),
    "max": max,
    "median": lambda *a: sorted(a)[len(a) // 2],
    "min": min,
    **{name: getattr(np, name) for name in ("cos", "exp", "log", "sin", "sqrt", "tanh")},
}
TASKS = [(t.rule, t.columns, t.low, t.high, t.outputs != "Reals()") for t in (*INTEGERS, *REALS, *OUTSIDE)]
TASKS += [(rule, k, low, high, True) for rule, k, low, high, _ in TABLES]
TASKS += [(rule, k, -20, 20, True) for rule, k, *_ in FIXED]
TASKS += [(rule, k, low, high, False) for rule, k, low, high in REAL_TABLES]


@pytest.mark.parametrize(("text", "k", "low", "high", "whole"), TASKS)
def test_rules_mean_what_python_says(text: str, k: int, low: float, high: float, whole: bool) -> None:
    rng = generator(0, "rules", text)
    shape = (50, k)
    x = rng.integers(int(low), int(high) + 1, shape) if whole else rng.uniform(low, high, shape)
    columns = {f"x{i}": column for i, column in enumerate(x.T)}
    said = Rule(text)(columns)
    expected = [eval(text, {"__builtins__": {}}, PYTHON | dict(zip(columns, row, strict=True))) for row in x.tolist()]
    assert np.allclose(said.astype(float), np.array(expected, float), rtol=1e-12)
    assert set(Rule(text).reads) <= set(columns)


@pytest.mark.parametrize("text", ["y0 + 1", "x0 @ x0", "x0.real", "open(x0)", "[x0]", "max(x0, key=x0)", "x0 in x0"])
def test_nothing_else_is_a_rule(text: str) -> None:
    with pytest.raises(UserError, match="planted rule"):
        Rule(text)({"x0": np.arange(3)})


def test_truths_count_as_numbers_in_arithmetic() -> None:
    columns = assignments(3)
    assert Rule("x0 + x1 + x2")(columns).tolist() == [0, 1, 1, 2, 1, 2, 2, 3]
    assert Rule("x0 ^ x1 ^ x2")(columns).tolist() == [bool(bin(i).count("1") % 2) for i in range(8)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_planted_functions_read_every_input(kind: str, seed: int) -> None:
    for n in (3, 6) if kind == "multiplexer" else (5, 6):
        text = planted(kind, n, seed)
        truth = Rule(text)(assignments(n)).astype(bool)
        assert 0.1 <= truth.mean() <= 0.9
        assert all(depends(truth, i) for i in range(n))
        assert text == planted(kind, n, seed)
        assert fewest_literals(truth) is not None


def cubes(n: int) -> list[tuple[int, int]]:
    """Every conjunction of literals: the rows where it holds, as a bit mask, and its literals."""
    found = []
    for signs in product((None, 0, 1), repeat=n):
        rows = [r for r in range(2**n) if all(s is None or (r >> i & 1) == s for i, s in enumerate(signs))]
        found.append((sum(1 << r for r in rows), sum(s is not None for s in signs)))
    return found


def test_two_level_forms_are_minimal_for_every_function_of_three_inputs() -> None:
    """Against the cheapest way to reach each of the 256 functions by or-ing conjunctions."""
    cheapest = {0: 0}
    waiting = [0]
    while waiting:
        mask = waiting.pop()
        for rows, cost in cubes(3):
            if cheapest[mask] + cost < cheapest.get(mask | rows, 10**6):
                cheapest[mask | rows] = cheapest[mask] + cost
                waiting.append(mask | rows)
    for mask in range(256):
        truth = np.array([mask >> row & 1 for row in range(8)], bool)
        assert fewest_literals(truth) == min(cheapest[mask], cheapest[255 ^ mask])


def test_prime_implicants_hold_and_cannot_be_shortened() -> None:
    rows = np.arange(32)
    for seed in range(5):
        truth = generator(seed, "primes").random(32) < 0.5
        found = primes(truth)
        for reads, values in found:
            assert truth[(rows & reads) == values].all()
            for i in range(5):
                shorter = reads & ~(1 << i)
                assert not reads >> i & 1 or not truth[(rows & shorter) == (values & shorter)].all()
        covered = np.any([(rows & reads) == values for reads, values in found], axis=0)
        assert (covered == truth).all()


def test_literals_are_counted_as_they_are_read() -> None:
    from scrutable.bench._text import literals, one_line
    from scrutable.program import INT, Array, Const, Input, Let, Program, Var, call

    x, a, b = Var("x", Array((4,), INT)), Var("a", INT), Var("b", INT)
    weights = Const((2, 0, 1, 3), Array((4,), INT))
    voted = Program("program", (Input("x", x.type),), (Let("y", call("le", 3, call("dot", x, weights))),), ("y",))
    assert literals(voted) == 3
    inputs = (Input("a", INT), Input("b", INT))
    total = Let("total", call("add", a, b))
    shared = Program("program", inputs, (total, Let("y", call("mul", Var("total", INT), a))), ("y",))
    assert literals(shared) == 4
    plain = Program("program", inputs, (Let("y", call("add", a, b)),), ("y",))
    assert (literals(plain), one_line(plain)) == (2, "a + b")
