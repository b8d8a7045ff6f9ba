"""Whether a compiled network computes its program: on every input, or on a sample of each length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from scrutable.hypothesis import Interval, wilson
from scrutable.network import Domain
from scrutable.program import Program

MOST_ROWS = 20_000
SAMPLE = 2000
WITHIN = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a network gives what its program gives.

    Arguments:
        n: sequences tried, of every length up to the longest. equal: those right at every position.
        positions: single answers tried. equal_positions: those right.
        exhaustive: whether every sequence was tried; else a sample of each length.
        counter_example: the first sequence that is not right somewhere.
    """

    n: int
    equal: int
    positions: int
    equal_positions: int
    exhaustive: bool
    counter_example: tuple[int, ...] | None = None

    @property
    def exact(self) -> bool:
        """Whether every answer was right."""
        return self.equal == self.n

    @property
    def share(self) -> float:
        """The share of sequences right at every position."""
        return self.equal / self.n

    @property
    def interval(self) -> Interval | None:
        """95% interval for the share among all sequences (Wilson); None when all were tried."""
        return None if self.exhaustive else wilson(self.equal, self.n)

    @property
    def method(self) -> str:
        """How it was counted."""
        return "every input" if self.exhaustive else "a sample of each length"


def check_inputs(inputs: Domain, rng: np.random.Generator) -> tuple[list[np.ndarray], bool]:
    """Inputs of every length from 1 to the longest, one array for each; and whether they are all there are.

    A sample is half uniform, half words of few different symbols, in which ties and repetitions are common.
    """
    length, classes = inputs.shape[0], inputs.classes or 1
    if sum(classes**n for n in range(1, length + 1)) <= MOST_ROWS:
        return [inputs.with_length(n).enumerate() for n in range(1, length + 1)], True
    found = []
    for n in range(1, length + 1):
        domain = inputs.with_length(n)
        if classes**n <= SAMPLE:
            found.append(domain.enumerate())
            continue
        few = rng.integers(0, classes, (SAMPLE // 2, 3))
        words = np.take_along_axis(few, rng.integers(0, 3, (SAMPLE // 2, n)), axis=1)
        found.append(np.concatenate([domain.sample(SAMPLE // 2, rng), words]))
    return found, False


def agreement(program: Program, predict: Any, inputs: list[np.ndarray], *, exhaustive: bool, real: bool) -> Agreement:
    """Count where a network and a program agree; real outputs within 0.001 of the largest.

    Arguments:
        predict: inputs `(n, length)` to decoded outputs. inputs: see `check_inputs`. real: whether outputs are real.
    """
    n = equal = positions = equal_positions = 0
    wrong: tuple[int, ...] | None = None
    for x in inputs:
        wanted, got = np.asarray(program(x), dtype=float), np.asarray(predict(x), dtype=float)
        same = np.abs(got - wanted) <= WITHIN * max(1.0, float(np.abs(wanted).max())) if real else got == wanted
        rows = same.all(axis=1)
        if wrong is None and not rows.all():
            wrong = tuple(int(token) for token in x[np.flatnonzero(~rows)[0]])
        n, equal = n + len(x), equal + int(rows.sum())
        positions, equal_positions = positions + same.size, equal_positions + int(same.sum())
    return Agreement(n, equal, positions, equal_positions, exhaustive, wrong)
