"""The proposer "structure": what detectors see in a network's answers, on few inputs, windows and blocks."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.network import Bits, Category, Columns, Image, Integers, Network, Reals
from scrutable.propose import Problem, Structure
from scrutable.work import Clock, generator


def problem(function, inputs, outputs, *, n: int = 300, seconds: float = 60.0) -> Problem:
    network = Network(lambda x: np.asarray(function(np.asarray(x)), dtype=float), inputs=inputs, outputs=outputs)
    x = network.inputs.sample(n, generator(0, "test"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], 0, Clock(seconds))


def numbers(k: int, *, hi: int = 9) -> Columns:
    return Columns([f"c{i}" for i in range(k)], lo=0, hi=hi, integer=True)


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    return np.eye(k)[np.asarray(labels).astype(int)]


def window(x: np.ndarray) -> np.ndarray:
    return (x + np.pad(x, ((0, 0), (1, 0)))[:, : x.shape[1]]) % 4


CASES = {
    "sum": (lambda x: x.sum(axis=1), numbers(3), Integers()),
    "threshold": (lambda x: one_hot(2 * x[:, 0] - x[:, 1] + 3 * x[:, 2] > 7, 2), numbers(3), Category(2)),
    "parity": (lambda x: x.sum(axis=1) % 2, Bits(channels=10), Integers(0, 1)),
    "digits": (lambda x: np.stack([x.sum(1) // 10, x.sum(1) % 10], axis=1), numbers(2), Integers(0, 9, channels=2)),
    "window": (window, Integers(0, 3, length=8), Integers(0, 3, length=8)),
    "block: difference": (lambda x: 2 * x[:, 3] - x[:, 11], numbers(20), Integers()),
    "block: count": (lambda x: (x == 3).sum(axis=1), numbers(20), Integers()),
    "block: largest": (lambda x: x.max(axis=1), numbers(12, hi=50), Integers()),
    "block: place of the largest": (lambda x: x, numbers(12, hi=5000), Category(12)),
    "block: few columns matter": (lambda x: np.abs(x[:, 3] - x[:, 27]), numbers(30), Integers()),
    "block: truths": (lambda x: x[:, [1, 5, 6, 30]].sum(axis=1) >= 2, Bits(channels=40), Bits()),
}


@pytest.mark.parametrize("case", CASES)
def test_programs_equal_the_network_on_fresh_inputs(case: str) -> None:
    task = problem(*CASES[case])
    proposer = Structure()
    assert proposer.unsuitable(task) is None
    best = next(proposer.propose(task))
    fresh = task.network.inputs.sample(500, generator(1, "fresh"))
    assert np.array_equal(np.asarray(best.program(fresh)).astype(int), task.network.predict(fresh).astype(int))
    assert best.provenance.proposer == "structure"


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [(numbers(2), Reals()), (Image(1, 4, 4), Category(2)), (numbers(80), Integers())],
    ids=["real outputs", "images", "wide"],
)
def test_what_it_cannot_work_on(inputs, outputs) -> None:
    size = 2 if outputs.kind == "Category" else None

    def function(x: np.ndarray) -> np.ndarray:
        flat = x.reshape(len(x), -1)
        return flat[:, :size] if size else flat[:, 0]

    assert Structure().unsuitable(problem(function, inputs, outputs)) is not None


def test_noise_has_no_structure() -> None:
    cells = generator(0, "noise").integers(0, 7, (16, 16))
    task = problem(lambda x: cells[x[:, 0].astype(int), x[:, 1].astype(int)], numbers(2, hi=15), Integers(0, 6))
    assert not list(Structure().propose(task))


def test_the_same_hypotheses_every_time() -> None:
    runs = [[h.program.source for h in Structure().propose(problem(*CASES["threshold"]))][:1] for _ in range(2)]
    assert runs[0] == runs[1]
