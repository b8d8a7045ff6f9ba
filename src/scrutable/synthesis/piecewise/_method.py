"""The search for piecewise-linear forms as a method on tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import INT, Expr, Var, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored, type_of, values
from scrutable.synthesis.piecewise._search import piecewise_forms
from scrutable.work import Clock

MOST_COLUMNS = 8
ROWS_PER_NUMBER = 6
OFFERED = 12
VARIANCE = 0.25
"""A form that leaves more than this share of the variance explains nothing."""


@final
@dataclass(frozen=True, slots=True)
class PiecewiseLinear(Method):
    """Maxima, minima, sizes, clips, sums of hinges and choices between affine functions of up to eight columns.

    Slopes are estimated from neighbouring rows. Rows that are far off whatever the form, as where a network rounds a
    kink or a jump, are tolerated in real answers; whole answers are given exactly or not at all.
    """

    name: str = "piecewise"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        d = len(table.columns)
        if not 1 <= d <= MOST_COLUMNS:
            return f"{d} columns, and piecewise forms are sought over 1 to {MOST_COLUMNS}"
        if table.target.dtype.kind == "b":
            return "the answers are truths"
        if table.rows < ROWS_PER_NUMBER * (d + 1):
            return f"{table.rows} rows, too few to tell pieces of {d + 1} numbers each"
        if not np.isfinite(table.target.astype(np.float64)).all():
            return "some answers are not finite"
        return None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`. Cost: some seconds for 1500 rows."""
        x = np.stack([column.astype(np.float64) for column in table.columns.values()], axis=1)
        first = np.unique(x, axis=0, return_index=True)[1]
        x, y = x[first], table.target[first].astype(np.float64)
        leaves = leaves_of(table)
        independent = table.rows if table.independent is None else table.independent
        forms = piecewise_forms(
            x, y, None, leaves=leaves, clock=clock, seed=table.seed, independent=independent, exact=not table.real
        )
        offered = 0
        for each in forms:
            found = _checked(each.expr, table)
            if found is not None:
                yield found
                offered += 1
            if offered == OFFERED:
                return


def leaves_of(table: Table) -> tuple[Expr, ...]:
    """A variable for each column, truths as numbers."""
    return tuple(Var(name, type_of(column)) for name, column in table.columns.items())


def _checked(expr: Expr, table: Table) -> Found | None:
    """The expression scored; None when it is wrong somewhere though answers are whole, or explains nothing."""
    try:
        if table.real:
            miss = values(expr, table.columns) - table.target
            good = float(np.mean(miss**2)) <= VARIANCE * float(table.target.var()) or not miss.any()
            return scored(expr, table) if good else None
        for option in (expr, call("round", expr)):
            if option.type == INT and np.array_equal(values(option, table.columns), table.target):
                return scored(option, table)
    except ProgramError:
        return None
    return None
