"""Program, network and task on the same sequences, none of which is too few: who agrees with whom, and how far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.bench.recurrent._subjects import Subject
from scrutable.program import Program
from scrutable.verify import answers_to
from scrutable.work import generator

WHOLE = 1_000_000
"""All sequences of length T are compared when there are no more than that."""
FRESH = 20_000
"""Otherwise so many fresh ones, and always so many at 2T."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Sequences of one length, and what network and task say to them.

    Arguments:
        x: `(n, L)` or `(n, L, channels)`.
        network: the network's answers. task: the right ones; None when there are none.
    """

    x: np.ndarray
    network: np.ndarray
    task: np.ndarray | None

    @property
    def right(self) -> np.ndarray | None:
        """Step by step, where the network is right: `(n, L)`; None when there is no right and wrong."""
        return None if self.task is None else _steps(self.network == self.task.reshape(self.network.shape))


@dataclass(frozen=True, slots=True)
class Heard:
    """The network on its own: what it says on sequences that are kept for the score.

    Arguments:
        held: at T, every sequence there is (`whole`) or fresh ones.
        fresh: at T, drawn as the task draws them. beyond: the same at 2T.
    """

    held: Spoken
    fresh: Spoken
    beyond: Spoken
    whole: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """Agreement of a program, as shares of sequences with every output equal.

    Arguments:
        network, task: with either, on the sequences held out at T; `task` is None when there is none.
        beyond_network, beyond_task: with either on all sequences at 2T.
        beyond_right: with the task at 2T, on the `asked` sequences on which the network is right; None when there are
            none.
        horizon: steps of the sequences at 2T up to which program and network never differ.
    """

    network: float
    task: float | None
    beyond_network: float
    beyond_task: float | None
    beyond_right: float | None
    asked: int
    horizon: int


def heard(subject: Subject, seed: int) -> Heard:
    """What the network says to the sequences of the score. They depend on the seed, the domain and T alone.

    Cost: up to a million runs of the network where T is short, else about 60,000.
    """
    size, length = subject.network.inputs.size, subject.length
    fresh, beyond = (
        _spoken(subject, subject.sample(FRESH, k, generator(seed, "bench", "held out", k)))
        for k in (length, 2 * length)
    )
    whole = size is not None and size <= WHOLE
    held = _spoken(subject, subject.network.inputs.enumerate()) if whole else fresh
    return Heard(held, fresh, beyond, whole)


def _spoken(subject: Subject, x: np.ndarray) -> Spoken:
    network, rule = subject.network, subject.rule
    return Spoken(x, network.predict(x), None if rule is None else rule(x))


def tokens_right(spoken: Spoken) -> float | None:
    """The share of steps at which the network is right."""
    return None if spoken.right is None else float(spoken.right.mean())


def sequences_right(spoken: Spoken) -> float | None:
    """The share of sequences with every output right."""
    return None if spoken.right is None else float(spoken.right.all(axis=1).mean())


def scored(program: Program, found: Heard) -> Scores:
    """How a program does on the sequences of the score. It is run on whole sequences at once."""
    held, beyond = found.held, found.beyond
    said, told = _said(program, held), _said(program, beyond)
    same = _equal(told, beyond.network)
    right = beyond.right
    asked = np.zeros(len(same), bool) if right is None else right.all(axis=1)
    as_task = None if beyond.task is None else _equal(told, beyond.task)
    parted = ~same.all(axis=0)
    return Scores(
        network=_whole_share(_equal(said, held.network)),
        task=None if held.task is None else _whole_share(_equal(said, held.task)),
        beyond_network=_whole_share(same),
        beyond_task=None if as_task is None else _whole_share(as_task),
        beyond_right=None if as_task is None or not asked.any() else _whole_share(as_task[asked]),
        asked=int(asked.sum()),
        horizon=int(np.argmax(parted)) if parted.any() else same.shape[1],
    )


def _said(program: Program, spoken: Spoken) -> tuple[np.ndarray | None, np.ndarray]:
    return answers_to(program, spoken.x)


def _equal(said: tuple[np.ndarray | None, np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """Step by step, `(n, L)`; a program without an answer to a sequence agrees with nothing there."""
    given, valid = said
    if given is None or np.size(given) != np.size(wanted):
        return np.zeros(wanted.shape[:2], bool)
    return _steps(np.asarray(given).reshape(wanted.shape) == wanted) & valid[:, None]


def _steps(equal: np.ndarray) -> np.ndarray:
    return np.asarray(equal.reshape(*equal.shape[:2], -1).all(axis=2))


def _whole_share(equal: np.ndarray) -> float:
    return float(equal.all(axis=1).mean())
