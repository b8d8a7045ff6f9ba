"""What every proposer is given, and what it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.work import Clock, Memo


@dataclass(frozen=True, slots=True)
class Problem:
    """A network to explain, and the part of the data that may be looked at while searching.

    Arguments:
        network: the network; a proposer may query it on inputs of its own and read its insides.
        inputs: the search split, `(n, ...)` in the layout of the network's input domain.
        outputs: what the network answers there (decoded), `(n, ...)`.
        counter_inputs, counter_outputs: inputs on which earlier hypotheses failed, and the network's answers.
        seed: for `scrutable.work.generator`.
        clock: the time this proposer has.
        memo: results shared between the proposers of one search.

    Nothing here names a task or carries labels: a proposer sees the network and nothing else.
    """

    network: Network
    inputs: np.ndarray
    outputs: np.ndarray
    counter_inputs: np.ndarray
    counter_outputs: np.ndarray
    seed: int
    clock: Clock
    memo: Memo = field(default_factory=Memo)


class Proposer(ABC):
    """One way to get programs out of a network.

    `weight` is its share of the time in comparison with the others: more for searches that go deeper the longer they
    run, and that nothing else replaces. `locates`: its programs say where in the network their variables live, so that
    it is asked for as long although another one has found an exact program that does not.
    """

    name: str
    weight: float = 1.0
    locates: bool = False

    @abstractmethod
    def unsuitable(self, problem: Problem) -> str | None:
        """Why this proposer cannot work on `problem`, in one sentence; None if it can."""

    @abstractmethod
    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """Hypotheses, likeliest first, lazily, until the clock runs out. Nothing here is judged."""
