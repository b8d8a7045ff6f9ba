"""Machines for networks that make a few mistakes: every vector has a vote.

Exact learning explains each mistake by further states. Here states are the frequent answers to all short words, other
vectors count towards the nearest of them, and each transition goes where most of its vectors go. Such a machine differs
from the network; a hypothesis made from it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.propose._learn import Evidence, margin
from scrutable.propose._machine import Machine, minimised, renumbered
from scrutable.propose._walker import Tries, Walker
from scrutable.work import Clock

DEPTHS = (1, 2, 3, 4)
SHARES = (0.004, 0.02, 0.05)
MOST_WORDS = 256
MOST_STATES = 32
AGREEMENT = 0.95


@dataclass(frozen=True, eq=False)
class Voted:
    """A machine by majority, and how it was chosen.

    Arguments:
        agreement: the share of answers that are the network's, on rows that took no part in the vote.
        depth: the length of the words that told states apart. share: the least frequent state, as a share of vectors.
    """

    machine: Machine
    agreement: float
    depth: int
    share: float


def vote(walker: Walker, evidence: Evidence, *, horizon: int, clock: Clock) -> Voted | None:
    """The machine with the shortest description, its mistakes on rows kept back included; None if none is stable.

    A machine is stable when words one symbol longer lead to one of the same size, it is complete well before the end,
    and no larger machine makes less than a third of its mistakes. Counters fail one of these as a rule; one that is cut
    off where the words looked at hardly reach cannot be told from a machine with mistakes.
    """
    half = len(evidence.states) // 2
    voted: dict[tuple[float, int], Voted] = {}
    for depth in DEPTHS:
        if clock.over or walker.symbols**depth > MOST_WORDS or depth + 2 > horizon:
            break
        seen = _Seen.of(walker, evidence, rows=half, last=horizon - depth, depth=depth)
        for share in SHARES:
            machine = _voted(seen, evidence, symbols=walker.symbols, share=share)
            if machine is not None:
                right = machine.run(evidence.words[half:])[1] == evidence.codes[half:]
                voted[share, depth] = Voted(machine, float(right.mean()), depth, share)
    good = [each for key, each in voted.items() if _stable(each, voted.get((key[0], key[1] + 1)), voted, horizon)]
    places = evidence.codes[half:].size
    return min(good, key=lambda each: _bits(each, places, len(walker.answers)), default=None)


def _stable(voted: Voted, deeper: Voted | None, others: dict[tuple[float, int], Voted], horizon: int) -> bool:
    if deeper is None or deeper.machine.states != voted.machine.states or voted.agreement < AGREEMENT:
        return False
    mistakes = 1 - voted.agreement
    larger = [each for each in others.values() if each.machine.states > voted.machine.states]
    outdone = any(1 - each.agreement < mistakes / 3 for each in larger)
    return not outdone and voted.machine.horizon + margin(horizon) <= horizon


def _bits(voted: Voted, places: int, answers: int) -> float:
    """A rough description length: the table, and where it is wrong."""
    states, symbols = voted.machine.next.shape
    wrong = (1 - voted.agreement) * places
    return states * symbols * (np.log2(states + 1) + np.log2(answers + 1)) + wrong * (
        np.log2(places) + np.log2(answers)
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """The answers to all short words from every vector that votes.

    Arguments:
        distinct: the different rows of answers. inverse: which of them each vector has, `(rows, steps + 1)`.
        counts: how many vectors have each.
    """

    distinct: np.ndarray
    inverse: np.ndarray
    counts: np.ndarray

    @staticmethod
    def of(walker: Walker, evidence: Evidence, *, rows: int, last: int, depth: int) -> _Seen:
        """From the vectors of the first `rows` words, up to step `last`."""
        vectors = evidence.states[:rows, : min(last, evidence.words.shape[1]) + 1]
        marks = Tries.full(walker.symbols, depth).signatures(walker, vectors.reshape(-1, vectors.shape[-1]))
        distinct, inverse, counts = np.unique(marks, axis=0, return_inverse=True, return_counts=True)
        return _Seen(distinct, inverse.reshape(vectors.shape[:2]), counts)


def _voted(seen: _Seen, evidence: Evidence, *, symbols: int, share: float) -> Machine | None:
    heavy = np.flatnonzero(seen.counts >= share * seen.inverse.size)
    if not 1 <= len(heavy) <= MOST_STATES:
        return None
    nearest = np.array([int((seen.distinct[heavy] != row).sum(axis=1).argmin()) for row in seen.distinct])
    classes = nearest[seen.inverse]
    rows, last = classes.shape[0], classes.shape[1] - 1
    words, codes = evidence.words[:rows, :last], evidence.codes[:rows, :last]
    following = _most_frequent(classes[:, :-1], words, classes[:, 1:], (len(heavy), symbols))
    output = _most_frequent(classes[:, :-1], words, codes, (len(heavy), symbols))
    if following is None or output is None:
        return None
    return minimised(renumbered(Machine(following, output), start=int(classes[0, 0])))


def _most_frequent(
    state: np.ndarray, symbol: np.ndarray, value: np.ndarray, shape: tuple[int, int]
) -> np.ndarray | None:
    """The most frequent value for each state and symbol, `shape`; None if a pair never occurs."""
    votes = np.zeros((*shape, int(value.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(votes, (state.ravel(), symbol.ravel(), value.ravel()), 1)
    return None if (votes.sum(axis=2) == 0).any() else votes.argmax(axis=2)
