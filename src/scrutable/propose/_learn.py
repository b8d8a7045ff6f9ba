"""From a recurrent network to a Mealy machine, by what its hidden vectors answer to future symbols.

Active automata learning in which a hidden vector stands for the word that led to it: two vectors are one state while no
word of the current set tells them apart; a vector that contradicts the machine yields the next word. After Rivest and
Schapire, "Inference of finite automata using homing sequences" (1993); for recurrent networks Weiss, Goldberg and
Yahav, "Extracting automata from recurrent neural networks" (2018, arXiv 1711.09576), who abstract the hidden space
instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.propose._machine import Machine, minimised
from scrutable.propose._walker import Tries, Walker
from scrutable.work import Clock

Word = tuple[int, ...]
MOST_STATES = 96
MOST_WORDS = 2048
QUERIES_PER_ROUND = 400_000


@dataclass(frozen=True, eq=False)
class Evidence:
    """Words and what the network did on them.

    Arguments:
        words: symbol numbers, `(n, length)`.
        states: hidden vectors before the first and after each symbol, for the first rows only, `(m, length + 1, d)`.
        codes: answers after each symbol, `(n, length)`.
    """

    words: np.ndarray
    states: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Learned:
    """A machine, or the reason why there is none.

    Arguments:
        machine: minimal, exact on every word looked at.
        slack: how many further states any other machine needs that agrees on all words up to the horizon.
        grew: how many states each attempt had.
    """

    machine: Machine | None
    reason: str = ""
    slack: int = 0
    grew: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Table:
    machine: Machine
    vectors: np.ndarray
    classes: dict[bytes, int]
    marks: np.ndarray


def learn(walker: Walker, evidence: Evidence, *, horizon: int, clock: Clock, most_states: int = MOST_STATES) -> Learned:
    """The smallest machine that answers as the network does on all words looked at, none longer than `horizon`.

    A machine is only believed when it would already have had all its states two symbols earlier (or a fifth of the
    horizon earlier, if that is more): the states of a counter grow with the length of the words instead.

    Cost: at most about 400,000 network steps for each attempt in `grew`, plus one signature for each state and symbol.
    """
    tries, grew = Tries.full(walker.symbols, 1), []
    while not clock.over:
        table = _closed(walker, tries, horizon, most_states)
        if isinstance(table, str):
            return Learned(None, table, grew=tuple(grew))
        grew.append(table.machine.states)
        words = _contradictions(walker, tries, table, evidence, horizon) or _wrong_answers(walker, table, evidence)
        if not words:
            return _believed(minimised(table.machine), horizon, tuple(grew))
        if words <= set(tries.words) or len(tries.words) > MOST_WORDS:
            return Learned(None, "vectors that no word tells apart behave differently", grew=tuple(grew))
        tries = tries.extended(words)
    return Learned(None, "the time was up", grew=tuple(grew))


def _believed(machine: Machine, horizon: int, grew: tuple[int, ...]) -> Learned:
    """The machine, unless the horizon is too short to tell it from a counter cut off."""
    spare = horizon - machine.horizon
    if spare < margin(horizon):
        reason = f"{machine.states} states are only just enough for words of {horizon} symbols: their number grows"
        return Learned(None, reason, grew=grew)
    slack = horizon - int(machine.levels.max()) - int(machine.distances.max()) - 1
    return Learned(machine, slack=max(slack, 0), grew=grew)


def margin(horizon: int) -> int:
    """How many symbols before the horizon a machine must be complete: 2, or a fifth of the horizon."""
    return max(2, -(-horizon // 5))


def _closed(walker: Walker, tries: Tries, horizon: int, most_states: int) -> _Table | str:
    """Every state that the current words tell apart, breadth first, or why they do not close."""
    vectors = walker.initial()
    marks = tries.signatures(walker, vectors)
    classes = {marks[0].tobytes(): 0}
    following, answers, frontier, level = [], [], vectors, 0
    while len(frontier):
        if level + 1 + tries.depth > horizon:
            return f"new states keep coming up to the longest words looked at ({len(classes)} so far)"
        after, codes = walker.step(
            np.repeat(frontier, walker.symbols, axis=0), np.tile(np.arange(walker.symbols), len(frontier))
        )
        found = tries.signatures(walker, after)
        numbers = [classes.setdefault(row.tobytes(), len(classes)) for row in found]
        known = len(vectors)
        fresh = [numbers.index(number) for number in range(known, len(classes))]
        if len(classes) > most_states:
            return f"more than {most_states} states"
        following.append(np.reshape(numbers, (-1, walker.symbols)))
        answers.append(codes.reshape(-1, walker.symbols))
        frontier, level = after[fresh], level + 1
        vectors = np.concatenate([vectors, frontier])
        marks = np.concatenate([marks, found[fresh]])
    return _Table(Machine(np.concatenate(following), np.concatenate(answers)), vectors, classes, marks)


def _contradictions(walker: Walker, tries: Tries, table: _Table, evidence: Evidence, horizon: int) -> set[Word]:
    """Words that tell apart two vectors of one state, from vectors whose successor is not the state's successor."""
    last = min(horizon - tries.depth, evidence.words.shape[1])
    if last < 1:
        return set()
    rows = min(len(evidence.states), max(16, QUERIES_PER_ROUND // ((last + 1) * len(tries.words))))
    vectors = evidence.states[:rows, : last + 1]
    marks = tries.signatures(walker, vectors.reshape(-1, vectors.shape[-1])).reshape(rows, last + 1, -1)
    words = evidence.words[:rows, :last]
    expected = np.concatenate([np.zeros((rows, 1), dtype=np.int64), table.machine.run(words)[0]], axis=1)
    wrong = (marks != table.marks[expected]).any(axis=2)
    wrong[:, 0] = False
    found: set[Word] = set()
    for row in np.flatnonzero(wrong.any(axis=1)):
        t = int(wrong[row].argmax())
        node = int((marks[row, t] != table.marks[expected[row, t]]).argmax())
        found.add((int(words[row, t - 1]), *tries.words[node]))
    return set(sorted(found, key=lambda word: (len(word), word))[:8])


def _wrong_answers(walker: Walker, table: _Table, evidence: Evidence) -> set[Word]:
    """One word that tells two vectors of one state apart, from the earliest wrong answer; empty if all are right."""
    states, codes = table.machine.run(evidence.words)
    wrong = codes != evidence.codes
    if not wrong.any():
        return set()
    end = int(wrong.any(axis=0).argmax())
    row = int(wrong[:, end].argmax())
    word = evidence.words[row, : end + 1]
    before = np.concatenate([[0], states[row, :end]])
    right = [_answer(walker, table.vectors[q], word[i:]) == evidence.codes[row, end] for i, q in enumerate(before)]
    i = max(index for index, good in enumerate(right) if good) if any(right) else 0
    if i >= end:
        return {tuple(int(a) for a in word)}
    moved, _ = walker.step(table.vectors[before[i]][None], word[i : i + 1])
    return {_shortest(walker, moved, table.vectors[before[i + 1]][None], tuple(int(a) for a in word[i + 1 :]))}


def _answer(walker: Walker, vector: np.ndarray, word: np.ndarray) -> int:
    """The last answer to a word from a hidden vector."""
    now, code = vector[None], np.zeros(1)
    for symbol in word:
        now, code = walker.step(now, np.array([symbol]))
    return int(code[0])


def _shortest(walker: Walker, one: np.ndarray, other: np.ndarray, known: Word) -> Word:
    """The shortest word that tells two vectors apart, if one shorter than `known` is soon found."""
    level: list[Word] = [()]
    pair = np.concatenate([one, other])[:, None, :]
    for _ in range(len(known) - 1):
        if len(level) * walker.symbols > 2048:
            break
        level = [(*word, a) for word in level for a in range(walker.symbols)]
        states = np.repeat(pair.reshape(-1, pair.shape[-1]), walker.symbols, axis=0)
        moved, codes = walker.step(states, np.tile(np.arange(walker.symbols), len(states) // walker.symbols))
        pair, codes = moved.reshape(2, len(level), -1), codes.reshape(2, -1)
        if (codes[0] != codes[1]).any():
            return level[int((codes[0] != codes[1]).argmax())]
    return known
