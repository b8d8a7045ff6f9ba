"""Rules on sequences: what one is, and the three ways in which the benchmark's are written (step, window, whole).

Rules are NumPy functions and share nothing with the program language: the scorer must not know what the methods know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SequenceRule = Callable[[np.ndarray], np.ndarray]
"""Inputs `(n, L)` or `(n, L, channels)` int64, any L, to outputs `(n, L)` or `(n, L, outputs)` int64."""
Draw = Callable[[int, int, np.random.Generator], np.ndarray]
"""Inputs `(n, L)` for n and L."""


@dataclass(frozen=True, slots=True)
class SequenceTask:
    """A rule on sequences of whole numbers, and the inputs it is asked about.

    Arguments:
        name: for tables. No method is shown it.
        low, high: the ends of the inputs, both included.
        said: the output at step t in words.
        rule: the same as a function.
        channels, outputs: numbers at each step; with 1 there is no axis for them.
        length: T, of the sequences that are trained and tested on.
        draw: how inputs are drawn; None draws each number uniformly.
    """

    name: str
    low: int
    high: int
    said: str
    rule: SequenceRule
    channels: int = 1
    outputs: int = 1
    length: int = 10
    draw: Draw | None = None

    def sample(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Inputs `(n, length)`, or `(n, length, channels)` when there are several: int64."""
        if self.draw is not None:
            return self.draw(n, length, rng)
        shape = (n, length) if self.channels == 1 else (n, length, self.channels)
        return rng.integers(self.low, self.high + 1, shape)


def stepwise(step: Callable[..., tuple[Any, Any]], *start: int) -> SequenceRule:
    """The rule of `step(state, x_t) -> (state, y_t)`.

    The state is a tuple of columns `(n,)`, and so is `x_t` when there are several channels; `y_t` is `(n,)`, or a tuple
    of such. `start` is the state before the first step, a number for each column.
    """

    def rule(x: np.ndarray) -> np.ndarray:
        state: Any = tuple(np.full(len(x), value) for value in start)
        outputs = []
        for t in range(x.shape[1]):
            state, y = step(state, x[:, t] if x.ndim == 2 else tuple(x[:, t].T))
            outputs.append(np.stack(y, axis=-1) if isinstance(y, tuple) else np.broadcast_to(y, len(x)))
        return np.stack(outputs, axis=1).astype(np.int64)

    return rule


def lagged(x: np.ndarray, steps: int) -> np.ndarray:
    """`(n, L)` as it was some steps before; 0 before the start."""
    return np.pad(x, ((0, 0), (steps, 0)))[:, : x.shape[1]]


def windowed(size: int, function: Callable[..., Any]) -> SequenceRule:
    """The rule `function(x_t, x_{t-1}, ...)` of the last `size` inputs, each `(n, L)`, 0 before the start."""
    return lambda x: np.asarray(function(*(lagged(x, k) for k in range(size)))).astype(np.int64)


def whole(function: Callable[[np.ndarray], Any]) -> SequenceRule:
    """The rule that gives `function(x)` as whole numbers, for functions that look at all steps at once."""
    return lambda x: np.asarray(function(x)).astype(np.int64)


def positions(x: np.ndarray) -> np.ndarray:
    """The number of each step, from 1, `(n, L)`."""
    return np.broadcast_to(np.arange(1, x.shape[1] + 1), x.shape[:2])
