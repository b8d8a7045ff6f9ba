"""A network as a captured graph, with data of its domain on one side and its raw outputs on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor

from scrutable.network._runner import Runner, as_array
from scrutable.network.engine import Graph, NotCaptured, capture


@final
@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """The graph of a network's module, and how its data become the graph's input and the graph's output raw outputs."""

    graph: Graph
    runner: Runner

    def tensor(self, x: np.ndarray) -> Tensor:
        """Rows of data as the value of "input"."""
        return self.runner.tensor(x)

    def arranged(self, output: Tensor, x: np.ndarray) -> Tensor:
        """The value of "output" for rows `x` as `Network.raw` gives it, gradients included."""
        return self.runner.arranged(output, x)

    def raw(self, output: Tensor, x: np.ndarray) -> np.ndarray:
        """The value of "output" for rows `x` as `Network.raw` gives it."""
        return as_array(self.arranged(output, x))

    def at_once(self, x: np.ndarray) -> int:
        """How many rows like these fit into memory."""
        return self.runner.rows(x)


def captured(runner: Runner, probe: np.ndarray) -> Captured:
    """The graph of a network for inputs of the shape of `probe`, `(n, ...)`, at least three rows.

    Raises:
        NotCaptured: the network is a plain function, or its forward is no fixed sequence of operations; the reason.
    """
    if runner.module is None:
        raise NotCaptured("it is a plain function, whose insides cannot be seen")
    rows_on = 1 if runner.layout.time_major else 0
    return Captured(capture(runner.module, runner.tensor(probe), rows_on=rows_on), runner)
