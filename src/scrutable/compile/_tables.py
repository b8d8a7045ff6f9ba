"""Expressions on single values as tables, and the values that variables can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scrutable.compile._plan import Value
from scrutable.errors import ScrutableError
from scrutable.program import (
    Array,
    Call,
    Const,
    Expr,
    Input,
    Let,
    Program,
    Selector,
    Seq,
    Var,
    call,
    operator,
    scalar_of,
)

LARGEST_TABLE = 4096
MOST_VALUES = 256
MOST_MEANS = 600


class Refused(Exception):
    """A reason why a program cannot be compiled."""


def leaves(expr: Expr) -> list[Expr]:
    """The parts of an expression that are not worked out position by position: variables and operators on sequences.

    Raises:
        Refused: a part has no place in a transformer.
    """
    if isinstance(expr, Const):
        if isinstance(expr.type, (Seq, Array)):
            raise Refused(f"got a literal {expr.type}, expected single numbers; try a table over positions")
        return []
    if isinstance(expr, Var):
        return [expr]
    assert isinstance(expr, Call)
    if any(isinstance(part.type, Array) or isinstance(scalar_of(part.type), Array) for part in (expr, *expr.args)):
        raise Refused(f"got {expr.op} on arrays, expected sequences and single numbers")
    if operator(expr.op).lift == "none":
        return [expr]
    return list(dict.fromkeys(leaf for arg in expr.args for leaf in leaves(arg)))


def on_values(expr: Expr, names: Mapping[Expr, Var]) -> Expr:
    """The expression with each leaf replaced by a scalar variable."""
    if expr in names:
        return names[expr]
    if isinstance(expr, Call):
        return call(expr.op, *(on_values(arg, names) for arg in expr.args), params=expr.params)
    return expr


def tabulated(expr: Expr, columns: Mapping[Var, Sequence[Value] | np.ndarray]) -> np.ndarray:
    """The values of an expression on scalars, one for each entry of the columns.

    Raises:
        Refused: the expression has no value there, such as an integer beyond 64 bits.
    """
    count = len(next(iter(columns.values())))
    inputs = tuple(Input(variable.name, variable.type) for variable in columns)
    program = Program("table", inputs, (Let("entry", expr),), ("entry",))
    shape = (count,) if len(inputs) == 1 else (count, len(inputs))
    try:
        return program.run(np.zeros(shape), {v.name: np.asarray(column) for v, column in columns.items()})["entry"]
    except ScrutableError as error:
        raise Refused(str(error)) from error


def combinations(values: Iterable[Sequence[Value]]) -> list[np.ndarray]:
    """Columns that hold every combination, the last changing fastest.

    Raises:
        Refused: more than 4096.
    """
    lists = [np.asarray(v) for v in values]
    total = int(np.prod([len(v) for v in lists]))
    if total > LARGEST_TABLE:
        raise Refused(
            f"got a table of {total} rows, expected at most {LARGEST_TABLE}; try fewer tokens, a shorter length, or a "
            "name for a part with fewer values"
        )
    return [v[place.reshape(-1)] for v, place in zip(lists, np.indices([len(v) for v in lists]), strict=True)]


def sorted_values(*values: Any) -> tuple[Value, ...]:
    """Distinct values as Python numbers, in rising order."""
    found = np.unique(np.concatenate([np.asarray(v).reshape(-1) for v in values])).tolist()
    if len(found) > MOST_VALUES:
        raise Refused(f"got a variable of {len(found)} values, expected at most {MOST_VALUES}")
    return tuple(found)


def possible_means(values: Sequence[Value], length: int, default: float) -> tuple[Value, ...] | None:
    """Every mean of up to `length` of some values, and the default; None when they are more than 600."""
    if not all(float(value).is_integer() for value in values):
        return None
    found, sums = {float(default)}, {0}
    for count in range(1, length + 1):
        sums = {total + int(value) for total in sums for value in values}
        found |= {total / count for total in sums}
        if len(found) > MOST_MEANS:
            return None
    return tuple(sorted(found))


def is_selector(expr: Expr) -> bool:
    """Whether an expression is a relation between positions."""
    return isinstance(expr.type, Selector)
