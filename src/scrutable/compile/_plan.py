"""What a transformer has to compute, operation by operation: the form between a program and weights.

Every variable of a plan has a value at each position. A *label* is held as a one-hot code over its values, a *number*
as one coordinate. Tables are over places in the tuples of values, never over the values themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

Value = bool | int | float
Kind = Literal["pick", "mean", "width"]


@final
@dataclass(frozen=True, slots=True)
class Variable:
    """Something that the residual stream holds at each position.

    Arguments:
        name: unique in the plan.
        values: every value it can take, in rising order; None for numbers that are too many to list.
        label: held as a one-hot code; otherwise as one number.
        of: the variable whose value it holds in another form; its own name when it is no other form of one.
    """

    name: str
    values: tuple[Value, ...] | None
    label: bool
    of: str

    @property
    def size(self) -> int:
        """How many coordinates it needs."""
        return len(self.values or ()) if self.label else 1


@final
@dataclass(frozen=True, slots=True)
class View:
    """A function of one variable: `values[i]` where the variable has its i-th value. No values: the number itself."""

    variable: Variable
    values: tuple[Value, ...] | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """One condition of a selector: which keys suit which queries.

    Arguments:
        query, key: labels; None where the condition does not look.
        table: `(queries, keys)` truth values, an axis of length 1 for None.
    """

    query: Variable | None
    key: Variable | None
    table: np.ndarray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """`output = table[inputs]` at each position: the work of a ReLU layer.

    Arguments:
        inputs: labels, or one number with known values.
        table: places in the values of `output`, one axis for each input.
    """

    output: Variable
    inputs: tuple[Variable, ...]
    table: np.ndarray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attend:
    """Reads other positions: the work of an attention head.

    Arguments:
        kind: "pick" moves the selected value, "mean" averages the selected values, "width" gives `1 / (1 + n)` for `n`
            selected keys.
        scores: a key is selected when it suits the query in every one of them.
        value: what is read there; None for "width".
        default: what comes out when nothing is selected; None for "width".
        first: of several selected keys only the first counts.
        selector: how the program writes the selector.
    """

    output: Variable
    kind: Kind
    scores: tuple[Score, ...]
    value: View | None
    default: Value | None
    first: bool
    selector: str


Operation = Map | Attend


@final
@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Operations in an order in which each reads only what earlier ones (or the embedding) wrote.

    Arguments:
        token, position: what the embedding writes.
        output: what the unembedding reads.
    """

    token: Variable
    position: Variable
    operations: tuple[Operation, ...]
    output: Variable
    causal: bool

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Every variable, in order of computation."""
        return (self.token, self.position, *(operation.output for operation in self.operations))


def reads(operation: Operation) -> tuple[tuple[str, Variable], ...]:
    """What an operation reads, each variable with the port it comes in by: query, key, value or input."""
    if isinstance(operation, Map):
        return tuple(("input", variable) for variable in operation.inputs)
    found = [("query", score.query) for score in operation.scores]
    found += [("key", score.key) for score in operation.scores]
    found += [("value", operation.value.variable)] if operation.value is not None else []
    return tuple(dict.fromkeys((port, variable) for port, variable in found if variable is not None))
