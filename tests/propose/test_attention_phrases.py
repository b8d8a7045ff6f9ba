"""Answers that depend on several real numbers are said by steps of each."""

from __future__ import annotations

import numpy as np

from scrutable.program import REAL, Input, Let, Program
from scrutable.propose._attention_phrases import exactly
from scrutable.work import Clock, generator


def test_steps_of_several_real_numbers_together_say_every_answer() -> None:
    a, b = generator(0, "phrases").uniform(size=(2, 60))
    for target in ((a < b) + 2 * (a > 0.5), (a > 0.3) + (b > 0.6), np.round(3 * a)):
        expr = exactly({"a": a, "b": b}, target.astype(np.int64), truth=False, clock=Clock(30.0))
        program = Program("program", (Input("a", REAL), Input("b", REAL)), (Let("output", expr),), ("output",))
        assert np.array_equal(program(np.stack([a, b], axis=1)), target)


def test_many_steps_are_found_by_halving() -> None:
    a = np.linspace(0.0, 1.0, 3000)
    target = np.arange(3000) % 2 + np.arange(3000) // 50
    expr = exactly({"a": a}, target, truth=False, clock=Clock(30.0))
    program = Program("program", (Input("a", REAL),), (Let("output", expr),), ("output",))
    assert np.array_equal(program(a), target)
