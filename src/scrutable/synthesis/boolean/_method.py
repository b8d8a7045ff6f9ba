"""Formulas as a method for tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import expr_bits
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis.boolean._formula import formulas
from scrutable.synthesis.boolean._node import expression
from scrutable.synthesis.boolean._tables import MOST_VARIABLES, leaves_of, truth_table
from scrutable.work import Clock


@final
@dataclass(frozen=True, slots=True)
class Boolean(Method):
    """Short formulas for tables of zeros and ones: and, or, not, xor, if, and questions about counts.

    The function is taken apart into parts without common variables where there are such; what is left is split in
    every way that may pay, two splits deep, and the result is shortened piece by piece. Combinations of the inputs that
    are not in the table may come out either way.

    Cost: milliseconds for functions that read every variable once, up to some seconds for ten variables in a tangle.
    References: see `_split`, `_cubes`, `_factor`, `_improve`, `_threshold`.
    """

    name: str = "boolean"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if not 1 <= len(table.columns) <= MOST_VARIABLES:
            return f"{len(table.columns)} columns, and formulas are made of 1 to {MOST_VARIABLES}"
        if not all(map(zeros_and_ones, (*table.columns.values(), table.target))):
            return "values other than zeros and ones"
        if not table.rows:
            return "no rows"
        if truth_table(list(table.columns.values()), table.target) is None:
            return "equal rows with different answers"
        return None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        truth = truth_table(list(table.columns.values()), table.target)
        if truth is None:
            return
        leaves, numbers = leaves_of(table.columns)
        exprs = [expression(node, leaves, numbers) for node in formulas(*truth, clock)]
        found = [Found(expr, expr_bits(expr, len(leaves))) for expr in exprs]
        yield from sorted(found, key=lambda each: each.bits)


def zeros_and_ones(values: np.ndarray) -> bool:
    """Whether a column holds nothing but zeros and ones, or truths."""
    return values.dtype.kind == "b" or bool(np.isin(values, (0, 1)).all())
