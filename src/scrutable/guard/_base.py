"""What every guard is given, and what it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scrutable.hypothesis import Evidence, Hypothesis, Result
from scrutable.work import Clock

if TYPE_CHECKING:
    from scrutable.network import Network


class Rows(Protocol):
    """Inputs `(n, ...)` and the network's decoded outputs `(n, ...)`."""

    @property
    def inputs(self) -> np.ndarray:
        """Inputs."""
        ...

    @property
    def outputs(self) -> np.ndarray:
        """Outputs."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a hypothesis does on rows that were not searched.

    Arguments:
        agreement: the share of whole inputs on which program and network are equal.
        interchange: agreement on interchange pairs whose program answer changes; None when it does not apply.
    """

    agreement: float
    interchange: float | None = None


class Search(Protocol):
    """The procedure that found the hypothesis."""

    def __call__(
        self, network: Network, inputs: np.ndarray, outputs: np.ndarray, *, seconds: float, seed: int
    ) -> tuple[Hypothesis, ...]:
        """Candidates for `network`."""
        ...


class Score(Protocol):
    """The tests that the hypothesis passed, as numbers."""

    def __call__(
        self, network: Network, hypothesis: Hypothesis, inputs: np.ndarray, outputs: np.ndarray, *, seed: int
    ) -> Scores:
        """Scores of `hypothesis` on rows that were not searched."""
        ...


def in_turn(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
    """One item after the other in this process."""
    return map(function, items)


@dataclass(frozen=True, slots=True)
class GuardCase:
    """A tested hypothesis, and the means to do the same where there is no mechanism.

    Arguments:
        network, hypothesis, evidence: what was found, and what the tests said.
        find, test: the rows searched and the rows kept back.
        seed: for `scrutable.work.generator`. clock: the time for this guard.
        search, score: the same procedure and the same tests that the hypothesis went through.
        search_seconds: the most that a null search takes: what the real one spent to have its hypothesis in hand.
        map: applies a function to independent null items and yields the results in order, such as
            `scrutable.work.executor(jobs).map`.
    """

    network: Network
    hypothesis: Hypothesis
    evidence: Evidence
    find: Rows
    test: Rows
    seed: int
    clock: Clock
    search: Search
    score: Score
    search_seconds: float
    map: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]] = in_turn


class Guard(ABC):
    """One worry about a hypothesis, with its own null control. Gives a result of kind "guard".

    `weight` is its share of the time in comparison with the others.
    """

    name: str
    weight: float = 1.0

    @abstractmethod
    def apply(self, case: GuardCase) -> Result:
        """Carry out the control. What cannot be carried out is a result that says why."""


def compared_everywhere(case: GuardCase, most: int) -> bool:
    """Whether the input domain has at most `most` items and program and network were found equal on each of them."""
    size = case.network.inputs.size
    equal = any(r.kind == "exhaustive" and r.passed for r in case.evidence)
    return equal and size is not None and size <= most
