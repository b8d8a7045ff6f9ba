"""Machines read off hidden vectors against those that AALpy learns from answers alone: an independent judge."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import PlantedMachine

from scrutable.bench.recurrent._classifiers import reader_of
from scrutable.propose import Problem
from scrutable.propose._learn import Evidence, learn
from scrutable.propose._reading import read_machine
from scrutable.propose._walker import Walker
from scrutable.work import Clock, generator

pytest.importorskip("aalpy")

from aalpy import oracles  # noqa: E402
from aalpy.base import SUL  # noqa: E402
from aalpy.learning_algs import run_Lstar  # noqa: E402

LETTERS = [0, 1]


class Box(SUL):
    """A recurrence as AALpy asks it: reset, then a letter at a time."""

    def __init__(self, recurrence) -> None:
        super().__init__()
        self.recurrence = recurrence

    def pre(self) -> None:
        self.now = self.recurrence.initial(1)

    def post(self) -> None:
        pass

    def step(self, letter: int) -> int:
        self.now, y, _ = self.recurrence.step(self.now, np.array([letter]))
        return int(y[0])


def by_answers(recurrence, *, most: int = 14):
    """AALpy's minimal Mealy machine (L*, Rivest and Schapire), tested by random words."""
    box = Box(recurrence)
    oracle = oracles.RandomWMethodEqOracle(LETTERS, box, walks_per_state=40, walk_len=most)
    return run_Lstar(LETTERS, box, oracle, automaton_type="mealy", print_level=0)


def said(machine, words: np.ndarray) -> np.ndarray:
    """What an AALpy machine answers to words `(n, L)`."""
    found = []
    for word in words.tolist():
        machine.reset_to_initial()
        found.append([machine.step(letter) for letter in word])
    return np.array(found)


@pytest.mark.parametrize("states", [3, 6])
def test_planted_machines(states: int) -> None:
    rng = np.random.default_rng(states)
    planted = PlantedMachine(rng.integers(0, states, (states, 2)), rng.integers(0, 2, (states, 2)), noise=0.0)
    walker = Walker(planted, np.arange(2))
    words = rng.integers(0, 2, (200, 16))
    vectors, codes = walker.follow(words)
    found = learn(walker, Evidence(words, vectors, codes), horizon=16, clock=Clock(20)).machine
    assert found is not None and found.states == len(by_answers(planted).states)


@pytest.mark.parametrize(
    ("language", "kind"), [("language/tomita1", "gru"), ("language/tomita5", "lstm"), ("language/tomita7", "rnn")]
)
def test_trained_networks(language: str, kind: str) -> None:
    network = reader_of(language, kind)
    rng = generator(0, "words", language)
    x = rng.integers(0, 2, (1000, network.inputs.shape[0]))
    y = network.predict(x)
    ours = read_machine(Problem(network, x, y, x[:0], y[:0], 0, Clock(20.0)))
    assert ours.machine is not None, ours.reason
    theirs = by_answers(network.recurrence)
    assert ours.machine.states == len(theirs.states)
    words = rng.integers(0, 2, (300, 30))
    assert (ours.answers[ours.machine.run(words)[1]][..., 0] == said(theirs, words)).all()
