"""What every test is given, and what it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scrutable.hypothesis import Hypothesis, Kind, Result
from scrutable.verify._agreement import tolerance
from scrutable.work import Clock

if TYPE_CHECKING:
    from scrutable.network import Network


@dataclass(frozen=True, slots=True)
class Sample:
    """Inputs of a network, `(n, ...)`, and its decoded answers to them, `(n, ...)`."""

    inputs: np.ndarray
    outputs: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, index: np.ndarray | slice) -> Sample:
        """Some of the rows."""
        return Sample(self.inputs[index], self.outputs[index])


@dataclass(frozen=True, slots=True)
class Case:
    """A hypothesis on trial.

    Arguments:
        network: the network it is about; queried and patched, never changed.
        find: rows that were used to find the hypothesis; alignment maps are fitted here.
        test: rows nobody has looked at; every headline number comes from here.
        seed: for `scrutable.work.generator`.
        clock: the time for all tests together. A test that has begun is finished.
    """

    network: Network
    hypothesis: Hypothesis
    find: Sample
    test: Sample
    seed: int
    clock: Clock

    @property
    def within(self) -> float:
        """How far apart program and network may be and count as equal: what the hypothesis claims, else the tolerance
        of the network's outputs."""
        claimed = self.hypothesis.within
        return tolerance(self.network.outputs, self.find.outputs) if claimed is None else claimed

    @property
    def approximate(self) -> bool:
        """Whether the hypothesis declares that it may differ from the network on a few inputs."""
        return self.hypothesis.approximate


class Test(ABC):
    """One check of a hypothesis. `kind` says which rule of the verdict its main result feeds."""

    __test__ = False  # not a class of pytest's
    name: str
    kind: Kind

    @abstractmethod
    def apply(self, case: Case) -> tuple[Result, ...]:
        """Carry out the check. What cannot be measured is a result that says why, never an exception."""
