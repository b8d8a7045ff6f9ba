"""What a search for registers listens to: sequences of whole numbers and the network's answers after every step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrutable.errors import UserError
from scrutable.propose._base import Problem
from scrutable.work import generator

DATA, NEAR, APART = 64, 48, 96
"""Sequences that registers are first tried on: data, over three neighbouring letters, over two letters."""
RARE, SAME = 48, 0.9
"""Where so large a share of the answers is the same, so many sequences of the data are chosen for the others."""
FRESH = 256
LONG = 128
WHOLE = 2048
"""Where there are at most so many sequences, programs are checked on all of them."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Sequences and what was answered, time first.

    Arguments:
        x: `(length, n, channels)`, int64.
        y: `(length, n, outputs)`, int64.
    """

    x: np.ndarray
    y: np.ndarray

    @staticmethod
    def of(x: np.ndarray, y: np.ndarray) -> Heard:
        """From data `(n, length)` or `(n, length, channels)`, and answers alike."""
        return Heard(_time_first(x), _time_first(y))

    @property
    def length(self) -> int:
        """Steps of every sequence."""
        return len(self.x)

    @property
    def count(self) -> int:
        """How many sequences there are."""
        return self.x.shape[1]

    @property
    def data(self) -> np.ndarray:
        """The sequences as a program takes them: `(n, length)` or `(n, length, channels)`."""
        turned = self.x.swapaxes(0, 1)
        return turned[..., 0] if turned.shape[2] == 1 else turned

    @property
    def own(self) -> tuple[int, ...]:
        """Numbers that the data themselves suggest, telling ones first: the ends of the inputs' range, and those of the
        answers' range where it does not grow with time. The length of the sequences is none of them."""
        low, high = int(self.x.min()), int(self.x.max())
        ends = (int(self.y.max()) + 1, int(self.y.max()), int(self.y.min()))
        early = self.y[: self.length // 2]
        steady = (int(early.max()), int(early.min())) == (int(self.y.max()), int(self.y.min()))
        return tuple(dict.fromkeys((high + 1, high, low, *(v for v in ends if steady and v != self.length))))

    def fitting(self, values: Iterable[int]) -> list[int]:
        """Each different number once, the length of the sequences only where the data themselves suggest it."""
        return [v for v in dict.fromkeys(values) if v != self.length or v in self.own]

    @cached_property
    def letters(self) -> np.ndarray:
        """A number for each step's input, `(length * n,)`; equal inputs have equal numbers."""
        flat = self.x.reshape(-1, self.x.shape[2])
        return np.unique(flat, axis=0, return_inverse=True)[1].reshape(-1)

    @cached_property
    def answers(self) -> np.ndarray:
        """A number for each answer, `(length * n,)`."""
        flat = self.y.reshape(-1, self.y.shape[2])
        return np.unique(flat, axis=0, return_inverse=True)[1].reshape(-1)

    @cached_property
    def unusual(self) -> float:
        """The share of the answers that are not the commonest one."""
        counts = np.bincount(self.answers)
        return 1 - float(counts.max() / counts.sum())

    @property
    def same(self) -> bool:
        """Whether nearly all answers are the same."""
        return self.unusual <= 1 - SAME

    @property
    def prefixes(self) -> np.ndarray:
        """A number for all that was heard up to each step, `(length, n)`."""
        letters = self.letters.reshape(self.length, self.count)
        codes = np.zeros((self.length + 1, self.count), dtype=np.int64)
        for t in range(self.length):
            pair = codes[t] * (int(letters.max(initial=0)) + 1) + letters[t]
            codes[t + 1] = np.unique(pair, return_inverse=True)[1].reshape(-1)
        return codes[1:]

    def rows(self, at: np.ndarray) -> Heard:
        """Some of the sequences."""
        return Heard(self.x[:, at], self.y[:, at])


@dataclass(frozen=True, eq=False)
class Ear:
    """All that one search hears.

    Arguments:
        trial: sequences that registers are tried on: some of the data, and the narrow ones.
        narrow: places of the sequences over two or three letters in `trial`, one array for each such alphabet. Their
            keys repeat, however wide the domain is.
        fresh: sequences that only check what was found, data among them.
        long: sequences of twice the length; None where the network takes none.
    """

    trial: Heard
    narrow: tuple[np.ndarray, ...]
    fresh: Heard
    long: Heard | None


def listen(problem: Problem) -> Ear:
    """Ask the network for everything that the search needs; about 600 sequences, and 128 of twice the length."""
    rng = generator(problem.seed, "registers", "heard")
    data = np.concatenate([problem.counter_inputs, problem.inputs]).astype(np.int64)
    length = data.shape[1]
    letters = np.unique(data.reshape(-1, *data.shape[2:]), axis=0)
    near = _words(_close(letters), (NEAR, length), rng)
    told, kept = _rare(problem)
    words = [np.concatenate([data[:DATA], told]), near, _words(_apart(letters, rng), (APART, length), rng)]
    ends = np.cumsum([0, *(len(each) for each in words)])
    trial = _answered(problem, np.concatenate(words))
    assert trial is not None
    last = max(DATA, len(data) - FRESH)
    beyond = (_words(letters, (FRESH // 2, length), rng), _words(_apart(letters, rng), (FRESH // 4, length), rng))
    every = problem.network.inputs.with_length(length)
    whole = every.size is not None and every.size <= WHOLE
    fresh = _answered(problem, every.enumerate() if whole else np.concatenate([data[last:], kept, *beyond]))
    assert fresh is not None
    mixed = [letters, _close(letters), _apart(letters, rng)]
    long = np.concatenate([_words(each, (LONG // len(mixed), 2 * length), rng) for each in mixed])
    narrow = tuple(np.arange(ends[i], ends[i + 1]) for i in (1, 2))
    return Ear(trial, narrow, fresh, _answered(problem, long))


def _rare(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of the data with the answers that are rarest at their step, to learn from and to check with; none where
    answers vary anyway: there mistakes would be chosen."""
    steps = problem.inputs.shape[1] if problem.network.each_step else 1
    said = Heard.of(problem.inputs, problem.outputs.reshape(len(problem.inputs), steps, -1))
    if not said.same:
        return problem.inputs[:0].astype(np.int64), problem.inputs[:0].astype(np.int64)
    codes, when = said.answers.reshape(steps, -1), np.arange(steps)[:, None]
    counts = np.zeros((steps, int(codes.max()) + 1), dtype=np.int64)
    np.add.at(counts, (when, codes), 1)
    rarest = np.argsort(counts[when, codes].min(axis=0), kind="stable")
    chosen = problem.inputs[rarest[: 2 * RARE]].astype(np.int64)
    return chosen[::2], chosen[1::2]


def listen_to_data(problem: Problem) -> Ear:
    """The data alone, for a network that was taught on nothing else and is at a loss on words over few letters."""
    rng = generator(problem.seed, "registers", "data")
    data = np.concatenate([problem.counter_inputs, problem.inputs]).astype(np.int64)
    letters = np.unique(data.reshape(-1, *data.shape[2:]), axis=0)
    cut = min(DATA + NEAR + APART, len(data) // 2 + 1)
    trial, fresh = _answered(problem, data[:cut]), _answered(problem, data[cut : cut + 2 * FRESH])
    assert trial is not None and fresh is not None
    long = _answered(problem, _words(letters, (LONG, 2 * data.shape[1]), rng))
    return Ear(trial, (), fresh, long)


def _answered(problem: Problem, x: np.ndarray) -> Heard | None:
    """The network's answers after every step of `x`; None where it does not take sequences of that length."""
    network = problem.network
    try:
        if network.recurrence is not None:
            return Heard.of(x, network.recurrence.run(x)[1])
        return Heard.of(x, network.predict(x))
    except UserError:
        return None


def _close(letters: np.ndarray) -> np.ndarray:
    """Three letters that are neighbours in order, the smallest in size where there is a choice of two."""
    sizes = np.abs(letters.reshape(len(letters), -1)).sum(axis=1)
    first = int(np.argmin(sizes))
    low = max(0, min(first, len(letters) - 3))
    return letters[low : low + 3]


def _apart(letters: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two letters, any."""
    return letters[rng.permutation(len(letters))[:2]]


def _words(letters: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    return letters[rng.integers(0, len(letters), shape)]


def _time_first(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    values = values[..., None] if values.ndim == 2 else values
    return np.ascontiguousarray(values.swapaxes(0, 1), dtype=np.int64)
