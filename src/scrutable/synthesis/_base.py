"""What a synthesis method is given, and what it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scrutable.program import Expr
from scrutable.work import Clock

FINEST = 1e-9
INDEPENDENT = 64
"""A network's own errors are smooth: so many rows count as independent when its accuracy is priced."""


@dataclass(frozen=True, slots=True)
class Table:
    """Examples of a function: named columns of inputs, and the column of answers.

    Arguments:
        columns: the value of each variable on every row, `(n,)`: int64, bool or float64. Expressions read these names.
        target: the answers, `(n,)`: int64, bool or float64. From an output, a hidden unit or a direction alike.
        independent: how many rows count as independent evidence when a misfit of real answers is priced; None for all
            of them. The errors of a trained network are smooth, so that thousands of rows weigh as a few dozen.
        resolution: misfits of real answers below this share of their standard deviation count as none.
        seed: for `scrutable.work.generator`.
    """

    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    independent: int | None = None
    resolution: float = FINEST
    seed: int = 0

    @property
    def rows(self) -> int:
        """How many examples there are."""
        return len(self.target)

    @property
    def real(self) -> bool:
        """Whether the answers are real numbers, which no expression need hit exactly."""
        return self.target.dtype.kind == "f"


@dataclass(frozen=True, slots=True)
class Found:
    """An expression for a target.

    Arguments:
        expr: reads the columns by name.
        bits: its length.
        residual: what it takes to correct it on the examples, in bits; 0 when it is right on all of them.
    """

    expr: Expr
    bits: float
    residual: float = 0.0

    @property
    def total(self) -> float:
        """Description length: the expression, and what it gets wrong."""
        return self.bits + self.residual


class Method(ABC):
    """One way to get from a table to expressions. Leaves are final; nothing is implemented here."""

    name: str

    @abstractmethod
    def unsuitable(self, table: Table) -> str | None:
        """Why this method cannot work on `table`, in one sentence; None if it can."""

    @abstractmethod
    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """Expressions for the target, best first as far as the method knows, until the clock runs out.

        Exact methods yield only what is right on every row. Methods for real targets yield a front of length against
        misfit, scored by `scored`.
        """
