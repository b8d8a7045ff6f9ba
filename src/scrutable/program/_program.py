"""Programs: typed statements with named variables, run on arrays, printed as Python.

A program is a list of statements over named inputs. A statement either names an expression (`Let`) or runs over a
sequence one step at a time (`Scan`). After a scan each of its variables can be read as a sequence: a body variable at
step t is its value during step t, a state at step t is its value *after* step t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scrutable.program._expr import Const, Expr
from scrutable.program._types import Type


@dataclass(frozen=True, slots=True)
class Input:
    """A named input and its type."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Let:
    """`name = expr`: a named variable."""

    name: str
    expr: Expr


@dataclass(frozen=True, slots=True)
class State:
    """A value carried from step to step: `init` before the first step, then `next` after each."""

    name: str
    init: Const
    next: Expr


@dataclass(frozen=True, slots=True)
class Scan:
    """A loop over sequences of equal length, step by step.

    `over` names the current element of each sequence inside the loop. Body and `next` expressions read those names,
    the states (as they were when the step began) and earlier body variables. All states change together.
    """

    over: tuple[tuple[str, Expr], ...]
    states: tuple[State, ...]
    body: tuple[Let, ...]


Statement = Let | Scan


@dataclass(frozen=True, slots=True)
class Setting:
    """An intervention: the named variable is set to `value` wherever `mask` is true (everywhere, if None).

    Both broadcast to the variable's own shape, `(n,)` for a scalar and `(n, length)` for a sequence.
    """

    value: Any
    mask: Any = None


@dataclass(frozen=True)
class Program:
    """A typed, immutable program.

    Arguments:
        name: the name of the printed function.
        inputs: named inputs in data order. One input takes the data array itself; several take the last axis apart.
        statements: `Let` and `Scan`, each reading only names defined before it. Names are unique.
        outputs: the variables returned; several are stacked on a new last axis.
        examples: pairs (row of input data, expected output) as nested tuples, asserted by the printed program.
        summary: one sentence for the printed docstring.

    Raises:
        UserError: a name is used before it is defined, defined twice or not a Python identifier, or types disagree.
    """

    name: str
    inputs: tuple[Input, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    examples: tuple[tuple[Any, Any], ...] = field(default=(), compare=False)
    summary: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        from scrutable.program._check import check_program

        check_program(self)

    def __call__(self, x: Any, set: Mapping[str, Setting | Any] | None = None) -> Any:  # noqa: A002
        """The outputs for data `x` of shape `(n, ...)`, under the interventions `set`; NumPy in, NumPy out, torch in,
        torch out.

        Raises:
            UserError, ProgramError: as `run`.
        """
        from scrutable.program._evaluate import outputs

        return outputs(self, x, set)

    def run(self, x: Any, set: Mapping[str, Setting | Any] | None = None) -> dict[str, Any]:  # noqa: A002
        """The value of every named variable for data `x`, under the interventions `set`.

        Raises:
            UserError: `set` names a variable the program does not have, or data of the wrong shape.
            ProgramError: an integer left the 64-bit range.
        """
        from scrutable.program._evaluate import run

        return run(self, x, set or {})

    @property
    def variables(self) -> dict[str, Type]:
        """Every named variable that can be read or set, inputs left out, with its type seen from outside."""
        from scrutable.program._check import variable_types

        return variable_types(self)

    @property
    def bits(self) -> float:
        """The description length of the program text, in bits."""
        from scrutable.program._bits import program_bits

        return program_bits(self)

    @property
    def source(self) -> str:
        """Standalone Python that defines the function and asserts its examples when run."""
        from scrutable.program._printing import print_program

        return print_program(self)

    def with_examples(self, x: Any, count: int = 4) -> Program:
        """The same program, carrying its own outputs on the first rows of `x` as examples."""
        from scrutable.program._evaluate import examples

        return replace(self, examples=examples(self, x[:count]))

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON; `Program.from_data` reads it back."""
        from scrutable.program._data import to_data

        return to_data(self)

    @staticmethod
    def from_data(data: Any) -> Program:
        """Read a program back from plain data, running nothing.

        Raises:
            UserError: the data do not describe a well-typed program.
        """
        from scrutable.program._data import from_data

        return from_data(data)

    def __str__(self) -> str:
        return self.source
