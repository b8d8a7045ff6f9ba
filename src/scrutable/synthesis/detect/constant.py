"""Detector: the same answer on every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import const
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis._snap import shortest_between
from scrutable.work import Clock

CLOSE = 1e-6
"""Real answers within this share of their size are one number."""


@final
@dataclass(frozen=True, slots=True)
class Constant(Method):
    """One value for everything; for real answers the shortest decimal among them."""

    name: str = "constant"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return None if table.rows else "there are no rows"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        low, high = table.target.min(), table.target.max()
        if low == high and not table.real:
            yield scored(const(low.item()), table)
        elif table.real and high - low <= CLOSE * max(1.0, abs(float(low)), abs(float(high))):
            margin = CLOSE * max(1.0, abs(float(low))) / 2
            middle = float(np.mean(table.target))
            yield scored(const(shortest_between(middle - margin, middle + margin)), table)
