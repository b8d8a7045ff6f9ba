"""Detector: answers that depend on how many columns have a property, or on their sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import View, relevant_view, telling
from scrutable.synthesis.detect._write import names_of, summed
from scrutable.work import Clock

MOST_VALUES = 40
MOST_NAMED = 3

Quantity = tuple[Expr, np.ndarray]


@final
@dataclass(frozen=True, slots=True)
class Count(Method):
    """Symmetric functions: of a sum, or of the number of columns that equal a value or exceed one.

    The function of the count is named by the enumerator, or given as a table.
    """

    name: str = "count"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        return None if len(table.columns) > 1 else "fewer than two columns"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if view.width < 2:
            return
        named = 0
        for expr, values in _quantities(view):
            if clock.over or named >= MOST_NAMED:
                return
            if telling(view, values):
                named += 1
                yield from (scored(e, table) for e in names_of(expr, values, view.target, clock=clock))


def _quantities(view: View) -> Iterator[Quantity]:
    """Sums and counts over all columns of the view, sums first."""
    if view.whole:
        yield summed(view.leaves), view.columns.sum(axis=1)
    values = np.unique(view.columns)
    if len(values) > MOST_VALUES:
        values = np.unique(np.quantile(values, np.linspace(0, 1, MOST_VALUES), method="nearest"))
    if len(values) > 2:
        for value in values.tolist() if view.whole else []:
            yield _counted("eq", view, value, view.columns == value)
        for value in values[:-1].tolist():
            yield _counted("lt", view, value, view.columns > value)
    if view.whole and len(values) > 2:
        odd = [call("mod", leaf, 2) for leaf in view.leaves]
        yield summed(odd), (view.columns % 2).sum(axis=1)


def _counted(op: str, view: View, value: int | float, holds: np.ndarray) -> Quantity:
    tests = [call("lt", value, leaf) if op == "lt" else call(op, leaf, value) for leaf in view.leaves]
    return summed(tests), holds.sum(axis=1)
