"""Planted rules with registers come back as programs that are right beyond the length they were found at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from fake_networks import problem

from scrutable.network import Domain, Integers, Network, Recurrent
from scrutable.propose import Registers
from scrutable.work import generator

Step = Callable[..., tuple[tuple[np.ndarray, ...], np.ndarray]]
DIGITS, BITS = Integers(0, 9, length=10), Integers(0, 1, length=10)
PAIRS = Integers(0, 4, length=10, channels=2)


@dataclass(frozen=True)
class Rule:
    """`step(state, *channels)` gives the next state and the answer; `bits` is the most that a program may take."""

    step: Step
    start: tuple[int, ...]
    inputs: Domain
    bits: float


def network(rule: Rule) -> Network:
    """A recurrent network that is the rule."""

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state, x = state.astype(np.int64), x_t.astype(np.int64)
        after, y = rule.step(tuple(state.T), *x.T)
        return np.stack(np.broadcast_arrays(*after), axis=1).astype(float), y.astype(float)

    return Network(Recurrent(cell, np.array(rule.start, dtype=float)), rule.inputs, Integers(length=10))


def majority(s, x):
    s = tuple(each + (x == i) for i, each in enumerate(s))
    return s, np.argmax(np.stack(s), axis=0)


def balanced(s, x):
    depth = s[0] + np.where(x == 0, 1, -1)
    broken = np.where(depth < 0, 1, s[1])
    return (depth, broken), ((depth == 0) & (broken == 0)).astype(int)


def highest_since_zero(s, x):
    best = np.where(x == 0, 0, np.maximum(s[0], x))
    return (best,), best


def equal_run(s, x):
    run = np.where(x == s[0], s[1] + 1, 1)
    return (x, run), run


def in_turns(s, x):
    total = s[0] + np.where(s[1] == 0, x, -x)
    return (total, 1 - s[1]), total


def after_a_pair(s, x):
    seen = s[1] | ((s[0] == 1) & (x == 1))
    return (x, seen), seen


def switched_sum(s, x):
    on = (s[0] + (x == 0)) % 2
    return (on, s[1] + on * x), s[1] + on * x


def longest_run(s, x):
    run = np.where(x == 1, s[0] + 1, 0)
    return (run, np.maximum(s[1], run)), np.maximum(s[1], run)


def saturating(s, x):
    level = np.clip(s[0] + np.where(x == 1, 1, -1), 0, 3)
    return (level,), (level >= 2).astype(int)


def zeros_then_ones(s, x):
    height, seen = s[0] + 1 - 2 * x, s[1] | x
    lost = s[2] | (height < 0) | (seen & (x == 0))
    return (height, seen, lost), ((lost == 0) & (height == 0)).astype(int)


def shelf(s, x):
    kept, answer = np.where(x == 0, s[1], s[0]), np.where(x == 1, s[0], s[1] + (x == 2))
    return (kept, answer), answer


RULES = {
    "sum": Rule(lambda s, x: ((s[0] + x,), s[0] + x), (0,), Integers(0, 99, length=10), 25),
    "lowest": Rule(lambda s, x: ((np.minimum(s[0], x),), np.minimum(s[0], x)), (99,), DIGITS, 33),
    "evens": Rule(lambda s, x: ((s[0] + (x % 2 == 0),), s[0] + (x % 2 == 0)), (0,), DIGITS, 55),
    "majority of three": Rule(majority, (0, 0, 0), Integers(0, 2, length=10), 200),
    "balanced": Rule(balanced, (0, 0), BITS, 112),
    "dithering": Rule(lambda s, x: ((s[0] + x,), (s[0] + x) // 15 - s[0] // 15), (0,), Integers(0, 15, length=10), 90),
    "base 5": Rule(lambda s, a, b: (((s[0] + a + b) // 5,), (s[0] + a + b) % 5), (0,), PAIRS, 100),
    "division by 7": Rule(lambda s, x: (((2 * s[0] + x) % 7,), (2 * s[0] + x) // 7), (0,), BITS, 90),
    "highest since zero": Rule(highest_since_zero, (0,), DIGITS, 62),
    "equal run": Rule(equal_run, (-1, 0), Integers(0, 3, length=10), 65),
    "rising edges": Rule(lambda s, x: ((x, s[1] + (x > s[0])), s[1] + (x > s[0])), (0, 0), BITS, 55),
    "add and subtract in turns": Rule(in_turns, (0, 0), DIGITS, 115),
    "after a pair": Rule(after_a_pair, (0, 0), BITS, 50),
    "switched sum": Rule(switched_sum, (0, 0), DIGITS, 110),
    "longest run": Rule(longest_run, (0, 0), BITS, 80),
    "saturating": Rule(saturating, (0,), BITS, 105),
    "decaying peak": Rule(lambda s, x: ((np.maximum(s[0] - 1, x),), np.maximum(s[0] - 1, x)), (0,), DIGITS, 45),
    "zeros then ones": Rule(zeros_then_ones, (0, 0, 0), BITS, 165),
    "shelf": Rule(shelf, (0, 0), Integers(0, 2, length=10), 120),
    "last but zero": Rule(lambda s, x: ((np.where(x, x, s[0]),), np.where(x, x, s[0])), (0,), DIGITS, 50),
}


@pytest.mark.parametrize("name", RULES)
def test_planted_rules_come_back(name: str) -> None:
    rule = RULES[name]
    net = network(rule)
    task = problem(net)
    assert Registers().unsuitable(task) is None
    found = list(Registers().propose(task))
    assert found, name
    best = min(found, key=lambda each: each.program.bits)
    assert best.provenance.settings["mode"] == "exact"
    assert best.program.bits <= rule.bits
    assert set(best.alignment.sites.values()) == {"hidden"}
    longer = net.inputs.with_length(20).sample(200, generator(1, "longer"))
    assert net.recurrence is not None
    assert (best.program(longer) == net.recurrence.run(longer)[1]).all()
