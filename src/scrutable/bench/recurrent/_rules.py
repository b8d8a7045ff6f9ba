"""Reference functions of the recurrent tasks that do not fit into one line. See `_tasks.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from scrutable.bench.recurrent._sequences import SequenceRule, lagged, stepwise


def digits_of_sum(base: int) -> SequenceRule:
    """Two numbers, least significant digit first, are added: the digit of the sum."""

    def step(state: Any, x: Any) -> tuple[Any, Any]:
        total = x[0] + x[1] + state[0]
        return (total // base,), total % base

    return stepwise(step, 0)


def quotient_bits(divisor: int) -> SequenceRule:
    """A binary number, most significant bit first, is divided: the bit of the quotient."""

    def step(state: Any, x: Any) -> tuple[Any, Any]:
        left = 2 * state[0] + x
        return (left % divisor,), left // divisor

    return stepwise(step, 0)


def most_frequent(labels: int) -> SequenceRule:
    """The most frequent of the numbers 0, 1, ... so far, ties to the lower."""
    return lambda x: np.cumsum(x[:, :, None] == np.arange(labels), axis=1).argmax(axis=-1)


def newton(drift: int, spring: int) -> SequenceRule:
    """The position of a unit mass under a force: v += x + drift - spring * p, then p += v."""

    def step(state: Any, x: Any) -> tuple[Any, Any]:
        v = state[1] + x + drift - spring * state[0]
        return (state[0] + v, v), state[0] + v

    return stepwise(step, 0, 0)


def magnetic(state: Any, x: Any) -> tuple[Any, Any]:
    """One step of a unit charge in the plane, in a magnetic field of 1: the state is (px, py, vx, vy)."""
    px, py, vx, vy = state
    vx, vy = vx + x[0] - vy, vy + x[1] + vx
    return (px + vx, py + vy, vx, vy), (px + vx, py + vy)


def balanced(state: Any, x: Any) -> tuple[Any, Any]:
    """One step of reading brackets, 0 opens and 1 closes: the state is (depth, whether it ever was below 0)."""
    depth = state[0] + 1 - 2 * x
    broken = (state[1] != 0) | (depth < 0)
    return (depth, broken), ~broken & (depth == 0)


def palindromes(x: np.ndarray) -> np.ndarray:
    """1 where the numbers so far, `(n, L)`, read the same backwards."""
    found = [(x[:, : t + 1] == x[:, t::-1]).all(axis=1) for t in range(x.shape[1])]
    return np.stack(found, axis=1).astype(np.int64)


def draw_palindromes(n: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """Bits `(n, length)`: a palindrome of random length from 2 on, followed by random bits."""
    x = rng.integers(0, 2, (n, length))
    ends = rng.integers(2, length + 1, n)
    at = np.arange(length)
    mirrored = ends[:, None] - 1 - at
    return np.where(mirrored > at, x, np.take_along_axis(x, np.where(mirrored >= 0, mirrored, at), axis=1))


def dither(x: np.ndarray) -> np.ndarray:
    """Error diffusion to two levels: by how much the running sum's multiple of 15 rises at each step."""
    level = np.cumsum(x, axis=1) // 15
    return level - lagged(level, 1)
