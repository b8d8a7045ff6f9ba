"""Between columns of zeros and ones and sets of rows; formulas as expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scrutable.program import BOOL, INT, Expr, Var, call, walk
from scrutable.synthesis.boolean._space import Space, space

MOST_VARIABLES = 16


def truth_table(columns: Sequence[np.ndarray], target: np.ndarray) -> tuple[int, int, Space] | None:
    """The rows (see `Space`) where the target is true, where it is false, and their space; None on a contradiction.

    Combinations of the columns that do not occur are in neither.

    Arguments:
        columns: of zeros and ones or truths, `(n,)` each, at most 16; variable k of the space is the k-th of them.
        target: zeros and ones or truths, `(n,)`.
    """
    where = space(len(columns))
    places = np.zeros(len(target), dtype=np.int64)
    for k, column in enumerate(columns):
        places |= (np.asarray(column) != 0).astype(np.int64) << k
    truth = np.asarray(target) != 0
    sets = []
    for wanted in (True, False):
        rows = np.zeros(where.rows, dtype=bool)
        rows[places[truth == wanted]] = True
        sets.append(where.packed(rows))
    return None if sets[0] & sets[1] else (sets[0], sets[1], where)


def leaves_of(columns: Mapping[str, np.ndarray]) -> tuple[list[Expr], list[Expr]]:
    """For each column an expression that is a truth value, and one that can be added up."""
    variables = [Var(name, BOOL if each.dtype.kind == "b" else INT) for name, each in columns.items()]
    return [as_truth(each) for each in variables], list(variables)


def as_truth(expr: Expr) -> Expr:
    """A whole number that is 0 or 1, asked whether it is 1; a truth value as it is."""
    return expr if expr.type == BOOL else call("eq", expr, 1)


def literals(expr: Expr) -> int:
    """How many variables an expression reads, each counted as often as it occurs: the usual measure of a formula."""
    return sum(isinstance(node, Var) for node in walk(expr))
