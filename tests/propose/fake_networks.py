"""Networks with a known machine or linear system inside, as plain NumPy cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrutable.network import Domain, Network, Recurrent
from scrutable.propose import Problem
from scrutable.work import Clock, generator

Table = Callable[[np.ndarray, np.ndarray], np.ndarray]


class PlantedMachine:
    """A machine whose states are rotated one-hot vectors with noise on top; stands in for a `Recurrence`."""

    def __init__(self, following: np.ndarray, output: np.ndarray, *, seed: int = 0, noise: float = 0.05) -> None:
        self.following, self.output, self.noise = following, output, noise
        self.rng = np.random.default_rng(seed)
        self.size = len(following) + 3
        self.codes = np.linalg.qr(self.rng.normal(size=(self.size, self.size)))[0][: len(following)]

    def initial(self, n: int) -> np.ndarray:
        return np.repeat(self.codes[:1], n, axis=0)

    def step(self, states: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        state = (states @ self.codes.T).argmax(axis=1)
        y = self.output[state, x_t]
        after = self.codes[self.following[state, x_t]] + self.noise * self.rng.normal(size=states.shape)
        return after, y, y.astype(float)


class PlantedNumber:
    """A recurrence whose state is one number."""

    size = 1

    def __init__(self, move: Table, answer: Callable[[np.ndarray], np.ndarray]) -> None:
        self.move, self.answer = move, answer

    def initial(self, n: int) -> np.ndarray:
        return np.zeros((n, 1))

    def step(self, states: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        after = self.move(states[:, 0], x_t).astype(float)
        y = self.answer(after).astype(np.int64)
        return after[:, None], y, y.astype(float)


def machine_network(
    states: int, move: Table, answer: Table, inputs: Domain, outputs: Domain, *, mistakes: float = 0.0, seed: int = 0
) -> Network:
    """A network with a planted machine: `move` and `answer` map (state, x_t) to the next state and the output.

    `mistakes` is about the share of 0/1 answers turned round, by the noise in the state.
    """
    rng = np.random.default_rng(seed)
    size = states + 3
    codes = np.linalg.qr(rng.normal(size=(size, size)))[0][:states]

    def cell(vector: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state, x = (vector @ codes.T).argmax(axis=1), x_t.astype(int)
        x = x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x
        y = answer(state, x).astype(int)
        mark = vector.sum(axis=1, keepdims=True) + (x if x.ndim == 1 else x.sum(axis=1))[:, None]
        after = codes[move(state, x)] + 0.05 * np.sin(1000 * (mark + 7.1 * np.arange(size)))
        y = np.where(np.abs(np.sin(12345 * vector.sum(axis=1))) < mistakes, 1 - y, y)
        return after, np.eye(outputs.classes)[y] if outputs.classes else y.astype(float)

    return Network(Recurrent(cell, codes[0].astype(np.float64)), inputs=inputs, outputs=outputs)


def linear_network(
    move: np.ndarray, feed: np.ndarray, read: np.ndarray, inputs: Domain, outputs: Domain, *, drift: float = 0.0
) -> Network:
    """`state = move @ state + feed @ x + drift`, `output = read @ state`."""

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after = state @ move.T + x_t @ feed.T + drift
        y = after @ read.T
        return after, y[:, 0] if len(read) == 1 else y

    return Network(Recurrent(cell, np.zeros(len(move))), inputs=inputs, outputs=outputs)


def problem(
    network: Network, *, n: int = 400, seconds: float = 30.0, seed: int = 0, x: np.ndarray | None = None
) -> Problem:
    """A search problem on samples of the input domain."""
    x = network.inputs.sample(n, generator(seed, "test data")) if x is None else x
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed, Clock(seconds))
