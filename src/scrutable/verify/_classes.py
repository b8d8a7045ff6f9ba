"""The values a program's memory takes, and how many of them its own answers need.

Two values are equivalent when no continuation of the input tells them apart (Myhill and Nerode, see Hopcroft, Motwani
& Ullman, "Introduction to Automata Theory", 2001, section 4.4). A program whose memory takes more values than there are
classes remembers what it never uses: it passes every swap, and only the count shows it.

A counter takes as many values as it has had time for. The values counted are those reached on inputs of the declared
length, whatever the step; they are told apart by what the program itself says afterwards, in as many steps again, so
that those reached at the end of the inputs have a future too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.verify._inputs import Box
from scrutable.verify._pairs import Trace, Trial
from scrutable.verify._rows import lookup, relabelled
from scrutable.verify._words import steps_seen
from scrutable.work import generator

MOST_VALUES = 512
MOST_SYMBOLS = 16
MOST_WORDS = 16_384
FEWEST_SUFFIXES, MOST_SUFFIXES = 16, 96


@dataclass(frozen=True, slots=True)
class Classes:
    """Values of a memory, and which of them have the same future.

    Arguments:
        reached: how many values the memory takes on the inputs given.
        values: `(K, k)` those that were compared: all, or 512 of them.
        future: `(K,)` a label for each; values that nothing tried tells apart share one.
        closed: whether every step from a compared value leads to a compared value, so that the labels are exact.
    """

    reached: int
    values: np.ndarray
    future: np.ndarray
    closed: bool

    @property
    def needed(self) -> int:
        """How many of the compared values the program's answers need: exact when closed, else at least as many."""
        return len(np.unique(self.future))

    @property
    def facts(self) -> tuple[tuple[str, int | bool], ...]:
        """For the details of a result."""
        return (
            ("classes", self.reached),
            ("classes compared", len(self.values)),
            ("classes needed", self.needed),
            ("every step followed", self.closed),
        )

    @property
    def words(self) -> str:
        """One clause for a reason."""
        compared = len(self.values)
        taken = f"the program's memory takes {self.reached} values"
        taken += "" if compared == self.reached else f", of which {compared} were compared"
        if self.needed == compared:
            return f"{taken}, and its answers need them all"
        least = "" if self.closed else "at least "
        return f"{taken}, but its answers need only {least}{self.needed}: it remembers more than it uses"


def classes_of(trial: Trial, traced: Trace, first: tuple[np.ndarray, np.ndarray]) -> Classes:
    """The values a program's memory takes on the inputs traced, and which of them have the same future.

    Values are told apart by what the program answers to up to 96 continuations and up to 16 different steps, each of
    these again and again; where every step leads to a value that is there too, also by partition refinement (Moore,
    "Gedanken-experiments on sequential machines", 1956), which misses nothing.

    Arguments:
        first: rows and steps, in the order of the steps, whose values are compared when there are too many.

    Cost: the program on at most some 16,000 words of at most twice the length.
    """
    inputs, rng = traced.inputs, generator(trial.case.seed, "classes")
    reached, rows, steps = _chosen(traced, first, rng)
    values, symbols = traced.memory[rows, steps] + 0.0, steps_seen(inputs, MOST_SYMBOLS + 1, rng)
    few, symbols = len(symbols) <= MOST_SYMBOLS, symbols[:MOST_SYMBOLS]
    suffixes = np.concatenate(
        [np.repeat(symbols[:, None], inputs.shape[1], axis=1), _suffixes(trial, inputs, len(rows), rng)]
    )
    prefixes = [inputs[rows[steps == step], : step + 1] for step in np.unique(steps)]
    future = relabelled(np.concatenate([_answers(trial, prefix, suffixes) for prefix in prefixes]))
    if not few:
        return Classes(reached, values, future, closed=False)
    after = np.concatenate([trial.memory.values(_continued(prefix, symbols[:, None]))[:, -1] for prefix in prefixes])
    following = lookup(values, after).reshape(len(values), len(symbols))
    closed = bool((following >= 0).all())
    return Classes(reached, values, refined(future, following) if closed else future, closed)


def refined(future: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Labels `(K,)` split until equal ones have equal labels after every step; `following` is `(K, s)` rows."""
    while True:
        finer = relabelled(np.concatenate([future[:, None], future[following]], axis=1))
        if finer.max() == future.max():
            return future
        future = finer


def _chosen(
    traced: Trace, first: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> tuple[int, np.ndarray, np.ndarray]:
    """How many values there are; row and step of each that is compared, in the order of the steps."""
    steps, rows = (axis.reshape(-1) for axis in np.indices(traced.memory.shape[1::-1]))
    index = _first_of_each(traced.memory[rows, steps])
    reached = len(index)
    if reached > MOST_VALUES:
        rows, steps = first
        index = rng.permutation(_first_of_each(traced.memory[rows, steps]))[:MOST_VALUES]
    index = np.sort(index)
    return reached, rows[index], steps[index]


def _suffixes(trial: Trial, inputs: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Continuations as long as the inputs: half drawn from the domain, half inputs at hand."""
    number = min(MOST_SUFFIXES, max(FEWEST_SUFFIXES, MOST_WORDS // count))
    drawn = Box(trial.case.network.inputs, inputs).draw(number // 2, rng)
    return np.concatenate([drawn, inputs[rng.integers(0, len(inputs), size=number // 2)]])


def _continued(prefixes: np.ndarray, suffixes: np.ndarray) -> np.ndarray:
    """Each prefix, `(p, l, ...)`, followed by each suffix, `(s, m, ...)`: `(p * s, l + m, ...)`."""
    return np.concatenate(
        [
            np.repeat(prefixes, len(suffixes), axis=0),
            np.tile(suffixes, (len(prefixes), *[1] * (suffixes.ndim - 1))),
        ],
        axis=1,
    )


def _answers(trial: Trial, prefixes: np.ndarray, suffixes: np.ndarray) -> np.ndarray:
    """What the program answers while it reads each suffix after each prefix: `(p, everything)`.

    Where there is one answer for each sequence: that to the suffix cut after one step, and to the whole of it.
    """
    words, done = _continued(prefixes, suffixes), prefixes.shape[1]
    if trial.case.network.each_step:
        said = np.asarray(trial.program(words), dtype=float)[:, done:]
    else:
        said = np.stack(
            [np.asarray(trial.program(words[:, :end]), float) for end in (done + 1, words.shape[1])], axis=1
        )
    return said.reshape(len(prefixes), -1)


def _first_of_each(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes + 0.0, axis=0, return_index=True)[1]
