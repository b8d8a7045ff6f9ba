"""Formulas of networks with real outputs: planted ones come back with the accuracy they claim; others are declined."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scrutable.network import Integers, Network, Reals
from scrutable.propose import Problem
from scrutable.propose.formula import FormulaProposer
from scrutable.work import Clock, generator

Function = Callable[[np.ndarray], np.ndarray]


def asked(function: Function, columns: int = 3, *, n: int = 500, outputs: int = 1) -> Problem:
    domain = Reals(1.0, 4.0, channels=columns)
    network = Network(function, inputs=domain, outputs=Reals(channels=outputs) if outputs > 1 else Reals())
    x = domain.sample(n, generator(0, "data"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], 0, Clock(600))


def worst(problem: Problem, hypothesis) -> float:
    x = problem.network.inputs.sample(2000, generator(5, "fresh"))
    said = np.asarray(hypothesis.program(x)).reshape(len(x), -1)
    return float(np.abs(said - problem.network.predict(x).reshape(len(x), -1)).max())


PLANTED: dict[str, Function] = {
    "ratio": lambda x: x[:, 0] * x[:, 1] / (x[:, 1] + 2 * x[:, 2]),
    "ripple on a product": lambda x: x[:, 0] * x[:, 1] ** 2 + 0.01 * np.sin(3 * x[:, 2]),
    "larger of two": lambda x: np.maximum(x[:, 0], x[:, 1]) + x[:, 2],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_planted_formulas_keep_what_they_claim(name: str) -> None:
    problem = asked(PLANTED[name])
    assert FormulaProposer().unsuitable(problem) is None
    best = next(FormulaProposer().propose(problem))
    assert best.within is not None and best.within <= 0.05 * problem.outputs.std()
    assert worst(problem, best) <= best.within


def test_a_planted_formula_is_the_first_offered() -> None:
    problem = asked(PLANTED["ratio"])
    best = next(FormulaProposer().propose(problem))
    assert worst(problem, best) < 1e-6 and best.provenance.settings["mode"] == "exact"


def test_two_outputs_have_a_formula_each() -> None:
    problem = asked(lambda x: np.stack([x[:, 0] * x[:, 1], x[:, 1] - 2 * x[:, 0]], axis=1), 2, outputs=2)
    best = next(FormulaProposer().propose(problem))
    assert len(best.program.outputs) == 2 and worst(problem, best) < 1e-6


def test_what_looks_like_noise_is_declined() -> None:
    problem = asked(lambda x: np.sin(1e6 * x[:, 0]) + np.cos(1e6 * x[:, 1]), 2, n=300)
    assert list(FormulaProposer().propose(problem)) == []


@pytest.mark.slow
def test_same_seed_same_answer() -> None:
    first, second = (next(FormulaProposer().propose(asked(PLANTED["ratio"]))) for _ in range(2))
    assert first.program.source == second.program.source and first.within == second.within


def test_others_are_unsuitable() -> None:
    whole = Network(lambda x: x[:, 0] * x[:, 1], inputs=Integers(0, 5, channels=2), outputs=Integers())
    sequence = Network(lambda x: np.cumsum(x, axis=1), inputs=Reals(0, 1, length=5), outputs=Reals(length=5))
    for network, x in ((whole, np.zeros((4, 2), dtype=np.int64)), (sequence, np.zeros((4, 5)))):
        y = network.predict(x)
        assert FormulaProposer().unsuitable(Problem(network, x, y, x[:0], y[:0], 0, Clock(1)))
