"""Asking a network for its machine: which symbols, which words, exact learning first, a vote if that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scrutable.propose._base import Problem
from scrutable.propose._learn import Evidence, Learned, learn
from scrutable.propose._machine import Machine
from scrutable.propose._majority import vote
from scrutable.propose._walker import Walker, merged_symbols
from scrutable.work import flat_rows, generator

MOST_RAW = 256
MOST_SYMBOLS = 64
ROWS = 2048
ROWS_WITH_STATES = 1024
FRESH = 512
MERGING_STATES = 96


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read off a network.

    Arguments:
        letters: the inputs of one step for each symbol, `(symbols, channels)`.
        machine: on these symbols, or None. reason: why there is none.
        answers: the outputs for each answer code, `(codes, outputs)`.
        settings, notes: for the hypotheses made from it.
    """

    letters: np.ndarray
    machine: Machine | None = None
    reason: str = ""
    answers: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), dtype=np.int64))
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Heard:
    """Words of symbol numbers `(n, length)`, and what the network did: vectors for the first rows, all answers."""

    problem: Problem
    letters: np.ndarray
    words: np.ndarray
    states: np.ndarray
    decoded: np.ndarray

    @property
    def horizon(self) -> int:
        return self.words.shape[1]

    def in_classes(self, classes: np.ndarray) -> tuple[Walker, Evidence]:
        """A walker on symbol classes, and the words in terms of them; answers are to the words as they are."""
        first = [int(np.flatnonzero(classes == c)[0]) for c in range(int(classes.max()) + 1)]
        walker = Walker(self.problem.network.recurrence, self.letters[first])
        codes = walker.code(self.decoded.reshape(-1, *self.decoded.shape[2:])).reshape(self.words.shape)
        return walker, Evidence(classes[self.words], self.states, codes)


def read_machine(problem: Problem) -> Reading:
    """The machine of a network, or the reason why there is none; worked out once for each search."""
    return problem.memo.get("machine", lambda: _read(problem))


def alphabet(problem: Problem) -> np.ndarray:
    """Every input a step can have, `(symbols, ...)`: the domain's where it is small, else those in the data."""
    single = problem.network.inputs.with_length(1)
    if single.size is not None and single.size <= MOST_RAW:
        return single.enumerate()[:, 0]
    data = np.concatenate([problem.counter_inputs, problem.inputs])
    return np.unique(data.reshape(-1, *data.shape[2:]), axis=0)


def _read(problem: Problem) -> Reading:
    heard = _listen(problem)
    columns = flat_rows(heard.letters)
    every, classes = np.arange(len(heard.letters)), _classes(heard)
    numberings = [classes] if classes.max() == every.max() else [classes, every]
    usable = [each for each in numberings if each.max() < MOST_SYMBOLS]
    reason = f"{classes.max() + 1} symbols of different effect, expected at most {MOST_SYMBOLS}"
    for used in usable:
        walker, evidence = heard.in_classes(used)
        learned = learn(walker, evidence, horizon=heard.horizon, clock=problem.clock.part(0.4))
        reason = learned.reason
        if learned.machine is not None:
            settings, notes = _account(learned, heard.horizon)
            return Reading(columns, _spread(learned.machine, used), "", _answers(walker), settings, notes)
    for used in usable[:1]:
        walker, evidence = heard.in_classes(used)
        voted = vote(walker, evidence, horizon=heard.horizon, clock=problem.clock.part(0.3))
        if voted is not None:
            states = voted.machine.states
            settings = {"mode": "majority", "states": states, "depth": voted.depth, "share": voted.share}
            notes = (
                f"by majority: the network's answer on {voted.agreement:.2%} of the steps kept back while voting",
                f"valid only up to {heard.horizon} steps: mistakes hide whether the states would grow with the length",
            )
            return Reading(columns, _spread(voted.machine, used), "", _answers(walker), settings, notes)
    return Reading(columns, reason=reason)


def _listen(problem: Problem) -> _Heard:
    """Run the network on counter-examples, data, and random words, half of these over two symbols only."""
    letters = alphabet(problem)
    rng = generator(problem.seed, "finite_state")
    data = np.concatenate([problem.counter_inputs, problem.inputs])[:ROWS]
    place = {letter.tobytes(): i for i, letter in enumerate(np.ascontiguousarray(letters))}
    flat = np.ascontiguousarray(data.reshape(-1, *data.shape[2:]).astype(letters.dtype))
    given = np.array([place[letter.tobytes()] for letter in flat]).reshape(data.shape[:2])
    count, length = FRESH // 2, data.shape[1]
    even = rng.integers(0, len(letters), (count, length))
    pairs = rng.integers(0, len(letters), (count, 2))
    second = (rng.random((count, length)) < rng.random((count, 1))).astype(np.int64)
    words = np.concatenate([given[:64], even, np.take_along_axis(pairs, second, axis=1), given[64:]])
    recurrence = problem.network.recurrence
    assert recurrence is not None
    states, decoded = recurrence.run(letters[words])
    start = np.repeat(recurrence.initial(1)[:, None], min(len(words), ROWS_WITH_STATES), axis=0)
    vectors = np.concatenate([start, states[:ROWS_WITH_STATES]], axis=1)
    return _Heard(problem, letters, words, vectors, decoded)


def _classes(heard: _Heard) -> np.ndarray:
    """Symbols of equal effect, from sampled vectors that leave room for two more steps."""
    rng = generator(heard.problem.seed, "finite_state", "symbols")
    vectors = heard.states[:, : max(1, heard.horizon - 3)].reshape(-1, heard.states.shape[-1])
    some = rng.choice(len(vectors), min(MERGING_STATES, len(vectors)), replace=False)
    return merged_symbols(heard.problem.network.recurrence, heard.letters, vectors[some], rng)


def _spread(machine: Machine, classes: np.ndarray) -> Machine:
    """A machine on symbol classes as one on symbols."""
    return Machine(machine.next[:, classes], machine.output[:, classes])


def _answers(walker: Walker) -> np.ndarray:
    return np.array(walker.answers, dtype=np.int64).reshape(len(walker.answers), -1)


def _account(learned: Learned, horizon: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings, and how far the words looked at carry (Vasilevskii 1973, Chow 1978, on testing machines by words)."""
    assert learned.machine is not None
    states = learned.machine.states
    claim = f"a different machine that agrees on every such word has more than {states + learned.slack} states"
    return {"mode": "exact", "states": states}, (f"learned from words of up to {horizon} steps; {claim}",)
