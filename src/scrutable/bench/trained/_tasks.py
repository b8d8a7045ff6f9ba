"""What the transformers are trained on: tasks of the suite of programs, in sizes that descent can learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.bench.trained._rules import commonest
from scrutable.bench.transformers import (
    _brackets,
    _counting,
    _fractions,
    _lookups,
    _patterns,
    _rearranging,
    _shifts,
    _sorting,
)
from scrutable.bench.transformers._task import Task
from scrutable.network import Category, Tokens


@final
@dataclass(frozen=True, slots=True)
class Lesson:
    """A task whose answers are numbered from zero.

    Arguments:
        task: with the alphabet and the length of the words. answers: how many there are.
    """

    task: Task
    answers: int

    @property
    def name(self) -> str:
        """Of the task."""
        return self.task.name

    @property
    def inputs(self) -> Tokens:
        """What goes in."""
        return self.task.inputs

    @property
    def outputs(self) -> Category:
        """What comes out."""
        return Category(self.answers, length=self.task.length)

    def truth(self, x: np.ndarray) -> np.ndarray:
        """The right answers, `(n, steps)`."""
        return np.asarray(self.task.program()(x)).astype(np.int64)

    def words(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Words `(n, length)`: uniform ones, and one in three made of few different tokens or sorted."""
        tokens = self.task.tokens
        x = rng.integers(0, tokens, size=(n, length))
        few = n // 4
        chosen = rng.integers(0, tokens, size=(few, 2))
        x[:few] = np.take_along_axis(chosen, rng.integers(0, 2, size=(few, length)), axis=1)
        x[few : few + n // 12] = np.sort(x[few : few + n // 12], axis=1)
        return x


LESSONS: tuple[Lesson, ...] = (
    Lesson(Task(_counting.histogram, tokens=4, length=8), answers=9),
    Lesson(Task(_rearranging.reversed_tokens, tokens=5, length=8), answers=5),
    Lesson(Task(_shifts.previous, tokens=4, length=8, causal=True), answers=5),
    Lesson(Task(_fractions.mostly_ones, tokens=2, length=10, causal=True), answers=2),
    Lesson(Task(_patterns.first_time, tokens=4, length=8, causal=True), answers=2),
    Lesson(Task(_sorting.sorted_tokens, tokens=4, length=8), answers=4),
    Lesson(Task(commonest, tokens=3, length=8), answers=3),
    Lesson(Task(_brackets.sound_so_far, tokens=2, length=8, causal=True), answers=2),
    Lesson(Task(_lookups.induction, tokens=3, length=8, causal=True), answers=4),
    Lesson(Task(_lookups.pointed_at, tokens=6, length=6), answers=6),
    Lesson(Task(_lookups.two_hops, tokens=5, length=5), answers=5),
    Lesson(Task(_shifts.two_back, tokens=4, length=8, causal=True), answers=5),
    Lesson(Task(_sorting.largest_so_far, tokens=4, length=8, causal=True), answers=4),
    Lesson(Task(_counting.zeros, tokens=3, length=8), answers=9),
    Lesson(Task(_counting.smaller_tokens, tokens=4, length=8), answers=8),
    Lesson(Task(_shifts.sum_with_previous, tokens=3, length=8, causal=True), answers=5),
    Lesson(Task(_counting.seen_before, tokens=3, length=8, causal=True), answers=9),
    Lesson(Task(_counting.count_of_first, tokens=4, length=8), answers=9),
)


def lesson(name: str) -> Lesson:
    """The one of that name."""
    return next(each for each in LESSONS if each.name == name)
