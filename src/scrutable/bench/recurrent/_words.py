"""Every short word and many longer ones: does a program say what a reader says, and where does a reader stray?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.bench.recurrent._scores import WHOLE
from scrutable.bench.recurrent._subjects import Subject
from scrutable.program import Program
from scrutable.verify import answers_to
from scrutable.work import generator

SHORT = 12
LONGER = 100_000
NAMED = 4


@dataclass(frozen=True, slots=True)
class Words:
    """What was asked, and where the parties part.

    Arguments:
        reach: every word up to this length was asked about. longer: so many longer ones, up to twice T.
        unequal: words, short and longer, on which program and network differ somewhere; None without a program.
        strayed: words up to `reach` whose last answer is not the rule's. named: the first few of them, shortest first.
    """

    reach: int
    longer: int
    unequal: int | None
    strayed: int
    named: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.strayed}: {', '.join(self.named)}" if self.strayed else "none"


def words_asked(subject: Subject, program: Program | None, seed: int) -> Words:
    """Compare program and network on all words up to 12 (up to fewer letters where there would be more than a million)
    and on 100,000 longer ones.

    Cost: about 1.5 million steps of the network; some seconds.
    """
    reach = max(k for k in range(1, SHORT + 1) if _letters(subject) ** k <= WHOLE)
    short = subject.network.inputs.with_length(reach).enumerate()
    said = subject.network.predict(short)
    strayed = list(_strayed(subject, short, said))
    unequal: int | None = None
    if program is not None:
        unequal = _unequal(program, short, said)
        for words in _longer(subject, reach, seed):
            unequal += _unequal(program, words, subject.network.predict(words))
    return Words(reach, LONGER, unequal, len(strayed), tuple(strayed[:NAMED]))


def _letters(subject: Subject) -> int:
    return subject.network.inputs.with_length(1).size or 1


def _longer(subject: Subject, reach: int, seed: int) -> Iterator[np.ndarray]:
    lengths = range(reach + 1, 2 * subject.length + 1)
    for place, length in enumerate(lengths):
        many = LONGER * (place + 1) // len(lengths) - LONGER * place // len(lengths)
        yield subject.sample(many, length, generator(seed, "bench", "longer words", length))


def _unequal(program: Program, words: np.ndarray, wanted: np.ndarray) -> int:
    said, valid = answers_to(program, words)
    if said is None:
        return len(words)
    same = (np.reshape(said, wanted.shape) == wanted).all(axis=1) & valid
    return int((~same).sum())


def _strayed(subject: Subject, words: np.ndarray, said: np.ndarray) -> Iterator[str]:
    """Each word at whose end network and rule differ, once, shortest first: all words are beginnings of the longest."""
    if subject.rule is None:
        return
    apart = said != subject.rule(words)
    for length in range(1, words.shape[1] + 1):
        for word in np.unique(words[apart[:, length - 1], :length], axis=0):
            yield "".join(map(str, word))
