"""Regular and counter languages for classifiers: after every letter, is the word so far in the language?

A few rules with more letters or answers are read in the same way.

Source: Tomita's seven languages ("Dynamic construction of finite-state automata from examples", 1982), as they are
commonly numbered; brackets of bounded depth; and a language that no finite automaton reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._sequences import SequenceRule, SequenceTask, stepwise


@dataclass(frozen=True, slots=True)
class Language:
    """A language, or another rule that answers every letter with one of a few labels.

    Arguments:
        name: for tables. No method is shown it.
        said: which words are in it.
        rule: words `(n, L)` to 1 where the word so far is in it, `(n, L)`.
        length: T, of the words that are trained and tested on.
        letters, answers: how many there are, numbered from 0.
    """

    name: str
    said: str
    rule: SequenceRule
    length: int = 12
    letters: int = 2
    answers: int = 2

    def sample(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Words `(n, length)` of three sorts, so that long words of every language come up.

        Half have every letter drawn; three in ten have letters that tend to stay or to go to the next, each word with
        its own tendency; the others are zeros up to a place in the first two thirds, and then ones.
        """
        x = rng.integers(0, self.letters, (n, length))
        tendency, sort = rng.beta(0.5, 0.5, (n, 1)), rng.random((n, 1))
        walk = (x[:, :1] + np.cumsum(rng.random((n, length)) < tendency, axis=1)) % self.letters
        steps = (np.arange(length) >= rng.integers(1, 2 * length // 3 + 1, (n, 1))).astype(np.int64)
        return np.where(sort < 0.5, x, np.where(sort < 0.8, walk, steps))


def automaton(moves: tuple[tuple[int, int], ...], accepting: tuple[int, ...]) -> SequenceRule:
    """The rule of a finite automaton: where 0 and 1 lead from each state; it starts in state 0."""
    table, good = np.array(moves), np.isin(np.arange(len(moves)), accepting)

    def step(state: Any, x: Any) -> tuple[Any, Any]:
        after = table[state[0], x]
        return (after,), good[after]

    return stepwise(step, 0)


def brackets(deepest: int) -> SequenceRule:
    """0 opens and 1 closes: balanced, and never deeper than that."""
    broken = deepest + 1
    moves = [(d + 1, d - 1 if d else broken) for d in range(deepest + 1)]
    return automaton((*moves, (broken, broken)), (0,))


def _counter(state: Any, x: Any) -> tuple[Any, Any]:
    """(zeros less ones, whether a one was seen, whether it is lost)."""
    height, closing = state[0] + 1 - 2 * x, state[1] | x
    lost = state[2] | (height < 0) | ((state[1] == 1) & (x == 0))
    return (height, closing, lost), (lost == 0) & (height == 0)


TOMITA = (
    Language("language/tomita1", "only ones", automaton(((1, 0), (1, 1)), (0,))),
    Language("language/tomita2", "10 repeated", automaton(((2, 1), (0, 2), (2, 2)), (0,))),
    Language(
        "language/tomita3",
        "no odd run of ones with an odd run of zeros right after it",
        automaton(((0, 1), (3, 2), (0, 1), (4, 5), (3, 1), (5, 5)), (0, 1, 2, 4)),
    ),
    Language("language/tomita4", "no three zeros in a row", automaton(((1, 0), (2, 0), (3, 0), (3, 3)), (0, 1, 2))),
    Language("language/tomita5", "zeros and ones both even", automaton(((1, 2), (0, 3), (3, 0), (2, 1)), (0,))),
    Language("language/tomita6", "zeros less ones a multiple of 3", automaton(((1, 2), (2, 0), (0, 1)), (0,))),
    Language(
        "language/tomita7", "at most 0s, 1s, 0s, 1s", automaton(((0, 1), (2, 1), (2, 3), (4, 3), (4, 4)), (0, 1, 2, 3))
    ),
)


def _read_rule(name: str, answers: int) -> Language:
    """One of the rules outside the list of tasks, over the letters from 0."""
    task: SequenceTask = next(each for each in OUTSIDE if each.name == f"outside/{name}")
    return Language(f"language/{name}", task.said, task.rule, letters=task.high + 1, answers=answers)


RULES = (
    _read_rule("count_to_four", 5),
    _read_rule("last_nonzero", 5),
    _read_rule("debounce", 2),
    _read_rule("traffic_light", 4),
    _read_rule("value_mod_three", 3),
)
"""Of the rules outside the list, five with few letters and few answers that read both."""

LANGUAGES: tuple[Language, ...] = (
    *TOMITA,
    Language("language/brackets2", "balanced brackets, at most 2 deep", brackets(2)),
    Language("language/brackets3", "balanced brackets, at most 3 deep", brackets(3)),
    Language("language/counter", "zeros, then as many ones", stepwise(_counter, 0, 0, 0)),
    *RULES,
)
