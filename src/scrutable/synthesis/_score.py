"""The description length of an expression together with what it leaves unexplained of a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scrutable.program import BOOL, INT, REAL, Expr, Input, Let, Program, Type, expr_bits, residual_bits
from scrutable.synthesis._base import FINEST, Found, Table

__all__ = ["FINEST", "misfit_bits", "scored", "type_of", "values"]


def type_of(column: np.ndarray) -> Type:
    """The type that a column's values have in the program language."""
    kinds: dict[str, Type] = {"b": BOOL, "f": REAL}
    return kinds.get(column.dtype.kind, INT)


def values(expr: Expr, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the program language makes of `expr` on these columns, `(n,)`.

    Raises:
        ProgramError: an integer left the 64-bit range.
    """
    inputs = tuple(Input(name, type_of(column)) for name, column in columns.items())
    answer = next(name for name in ("answer", "answer_", "answer__") if name not in columns)
    program = Program("program", inputs, (Let(answer, expr),), (answer,))
    n = len(next(iter(columns.values())))
    x = np.stack(list(columns.values()), axis=-1) if len(inputs) > 1 else next(iter(columns.values()))
    return np.broadcast_to(np.asarray(program.run(x)[answer]), (n,))


def scored(expr: Expr, table: Table) -> Found:
    """The expression with its bits and its residual bits on the table.

    Whole numbers and truths pay for each row that differs (`residual_bits`). Real answers pay the Gaussian code of the
    misfit: half the binary logarithm of its mean square, counted from the table's resolution, for each independent
    row. A misfit that is not finite costs infinitely much.

    Raises:
        ProgramError: an integer left the 64-bit range.
    """
    bits, said = expr_bits(expr, len(table.columns)), values(expr, table.columns)
    if table.real:
        return Found(expr, bits, misfit_bits(table, said))
    wrong = said != table.target
    if not wrong.any():
        return Found(expr, bits)
    alphabet = len(np.unique(table.target))
    return Found(expr, bits, residual_bits(table.target, said, alphabet=max(alphabet, 2)))


def misfit_bits(table: Table, said: np.ndarray) -> float:
    """What the misfit of real answers costs, see `scored`. Accepts `(n,)`."""
    target = table.target.astype(np.float64)
    with np.errstate(all="ignore"):
        square = float(np.mean((said.astype(np.float64) - target) ** 2))
    if not np.isfinite(square):
        return float("inf")
    spread = float(target.std()) or max(1.0, float(np.abs(target).max(initial=0.0)))
    rows = table.rows if table.independent is None else min(table.rows, table.independent)
    return 0.5 * rows * float(np.log2(1.0 + square / (table.resolution * spread) ** 2))
