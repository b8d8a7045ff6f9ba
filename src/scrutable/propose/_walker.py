"""A recurrent network driven by numbered symbols: the view that automata learning takes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

CHUNK = 32768


class Walker:
    """Steps a recurrence on symbol numbers and numbers its answers.

    Arguments:
        recurrence: anything with `initial(n)` and `step(states, x_t)`, as `scrutable.network.Recurrence`.
        letters: the input of one step for each symbol, `(symbols,)` or `(symbols, channels)`.
    """

    def __init__(self, recurrence: Any, letters: np.ndarray) -> None:
        self._recurrence = recurrence
        self.letters = letters
        self.answers: list[tuple[int, ...]] = []
        self._codes: dict[tuple[int, ...], int] = {}

    @property
    def symbols(self) -> int:
        """How many symbols there are."""
        return len(self.letters)

    def initial(self) -> np.ndarray:
        """The state before the first step, `(1, size)`."""
        return np.asarray(self._recurrence.initial(1))

    def step(self, states: np.ndarray, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States `(m, size)` after one symbol each, and the codes of the answers, `(m,)`."""
        after, codes = [], []
        for start in range(0, max(len(states), 1), CHUNK):
            part = slice(start, start + CHUNK)
            moved, decoded, _ = self._recurrence.step(states[part], self.letters[symbols[part]])
            after.append(np.asarray(moved))
            codes.append(self.code(np.asarray(decoded)))
        return np.concatenate(after), np.concatenate(codes)

    def code(self, decoded: np.ndarray) -> np.ndarray:
        """Answers `(m,)` or `(m, channels)` as codes; `answers[code]` is the answer."""
        rows = decoded.reshape(len(decoded), int(np.prod(decoded.shape[1:]))).astype(np.int64)
        if rows.shape[1] == 1:
            distinct, inverse = np.unique(rows[:, 0], return_inverse=True)
            distinct = distinct[:, None]
        else:
            distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
        numbers = np.empty(len(distinct), dtype=np.int64)
        for i, row in enumerate(map(tuple, distinct.tolist())):
            if row not in self._codes:
                self._codes[row] = len(self.answers)
                self.answers.append(row)
            numbers[i] = self._codes[row]
        return numbers[inverse.reshape(-1)] if len(distinct) else np.zeros(0, dtype=np.int64)

    def follow(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States before the first and after each symbol, `(n, length + 1, size)`, and codes `(n, length)`."""
        n, length = words.shape
        now = np.repeat(self.initial(), n, axis=0)
        states, codes = [now], np.zeros((n, length), dtype=np.int64)
        for t in range(length):
            now, codes[:, t] = self.step(now, words[:, t])
            states.append(now)
        return np.stack(states, axis=1), codes


@dataclass(frozen=True, eq=False)
class Tries:
    """A prefix-closed set of words to tell states apart with.

    Arguments:
        words: every word but the empty one, shorter ones first, those of one length in order.
    """

    words: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(words: set[tuple[int, ...]]) -> Tries:
        """The prefix closure of `words`."""
        closed = {word[: i + 1] for word in words for i in range(len(word))}
        return Tries(tuple(sorted(closed, key=lambda word: (len(word), word))))

    @staticmethod
    def full(symbols: int, depth: int) -> Tries:
        """All words of up to `depth` symbols."""
        level: list[tuple[int, ...]] = [()]
        words: set[tuple[int, ...]] = set()
        for _ in range(depth):
            level = [(*word, a) for word in level for a in range(symbols)]
            words.update(level)
        return Tries.of(words)

    @property
    def depth(self) -> int:
        """The length of the longest word."""
        return len(self.words[-1])

    def extended(self, words: set[tuple[int, ...]]) -> Tries:
        """The same with more words."""
        return Tries.of(set(self.words) | words)

    def signatures(self, walker: Walker, states: np.ndarray) -> np.ndarray:
        """The last answer to each word from each state, `(m, words)` codes."""
        place = {word: i for i, word in enumerate(self.words)}
        levels = [[w for w in self.words if len(w) == length] for length in range(1, self.depth + 1)]
        widest = max(len(level) for level in levels)
        chunk = max(1, CHUNK // widest)
        found = np.empty((len(states), len(self.words)), dtype=np.int32)
        for start in range(0, len(states), chunk):
            part = states[start : start + chunk]
            nodes = part[:, None, :]
            above: dict[tuple[int, ...], int] = {(): 0}
            for level in levels:
                parents = [above[word[:-1]] for word in level]
                m = len(part)
                moved, codes = walker.step(
                    nodes[:, parents].reshape(m * len(level), -1), np.tile([word[-1] for word in level], m)
                )
                nodes = moved.reshape(m, len(level), -1)
                found[start : start + chunk, [place[word] for word in level]] = codes.reshape(m, len(level))
                above = {word: i for i, word in enumerate(level)}
        return found


def merged_symbols(recurrence: Any, letters: np.ndarray, states: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Classes of symbols that have the same effect wherever it was looked, as class numbers `(symbols,)`.

    Two symbols are put together when, from each of the sampled `states`, they get the same answer and so do eight
    random words of up to two symbols after them. What this misses, checking the learned machine on words of all
    symbols shows.
    """
    walker = Walker(recurrence, letters)
    m, symbols = len(states), walker.symbols
    after, codes = walker.step(np.repeat(states, symbols, axis=0), np.tile(np.arange(symbols), m))
    marks = [codes.reshape(m, symbols)]
    for _ in range(8):
        probe = rng.integers(0, symbols, size=2)
        now = after
        for symbol in probe:
            now, codes = walker.step(now, np.full(len(now), symbol))
            marks.append(codes.reshape(m, symbols))
    columns = np.concatenate(marks).T
    order: dict[bytes, int] = {}
    return np.array([order.setdefault(np.ascontiguousarray(column).tobytes(), len(order)) for column in columns])
