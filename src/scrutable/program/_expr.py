"""Expressions: immutable trees of variables, constants and operator calls.

An operator call broadcasts: applied to a sequence it acts on every element, so `map` needs no notation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scrutable.program._types import BOOL, INT, REAL, Type


class Expr:
    """An expression. Abstract; `Var`, `Const` and `Call` are the whole list.

    Python's arithmetic operators build calls (`x + 1`). Comparison does not: `==` asks whether two expressions are the
    same, so write `call("eq", x, y)` for the program's own equality.
    """

    __slots__ = ()
    type: Type

    def __add__(self, other: Any) -> Expr:
        return call("add", self, other)

    def __radd__(self, other: Any) -> Expr:
        return call("add", other, self)

    def __sub__(self, other: Any) -> Expr:
        return call("sub", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return call("sub", other, self)

    def __mul__(self, other: Any) -> Expr:
        return call("mul", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return call("mul", other, self)

    def __floordiv__(self, other: Any) -> Expr:
        return call("floordiv", self, other)

    def __mod__(self, other: Any) -> Expr:
        return call("mod", self, other)

    def __neg__(self) -> Expr:
        return call("neg", self)

    def __lt__(self, other: Any) -> Expr:
        return call("lt", self, other)

    def __le__(self, other: Any) -> Expr:
        return call("le", self, other)

    def __gt__(self, other: Any) -> Expr:
        return call("lt", other, self)

    def __ge__(self, other: Any) -> Expr:
        return call("le", other, self)


@dataclass(frozen=True, slots=True)
class Var(Expr):
    """A named value: an input, an earlier variable, or a state."""

    name: str
    type: Type

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A literal. Arrays and sequences are nested tuples."""

    value: Any
    type: Type

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """An operator applied to arguments.

    `params` are the operator's own settings (the rows of a table, the distance of a shift): plain hashable data that
    no intervention can change.
    """

    op: str
    args: tuple[Expr, ...]
    params: tuple[Any, ...]
    type: Type

    def __str__(self) -> str:
        inside = ", ".join([*map(str, self.args), *map(repr, self.params)])
        return f"{self.op}({inside})"


def const(value: Any) -> Const:
    """A literal with the type its Python value has.

    Raises:
        TypeError: the value is not a bool, int or float.
    """
    if isinstance(value, bool):
        return Const(value, BOOL)
    if isinstance(value, int):
        return Const(value, INT)
    if isinstance(value, float):
        return Const(value, REAL)
    raise TypeError(f"got a {type(value).__name__}, expected a bool, int or float literal")


def call(op: str, *args: Any, params: tuple[Any, ...] = ()) -> Call:
    """Apply the operator named `op`; plain Python numbers become literals.

    Raises:
        UserError: no such operator, the wrong number of arguments, or types it does not take.
    """
    from scrutable.program._operators import operator

    nodes = tuple(arg if isinstance(arg, Expr) else const(arg) for arg in args)
    return Call(op, nodes, params, operator(op).result_type(nodes, params))


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node of `expr`, arguments before the calls that use them."""
    if isinstance(expr, Call):
        for arg in expr.args:
            yield from walk(arg)
    yield expr


def variables(expr: Expr) -> frozenset[str]:
    """The names that `expr` reads."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, Var))


def substitute(expr: Expr, values: dict[str, Expr]) -> Expr:
    """`expr` with each named variable replaced; result types are worked out again."""
    if isinstance(expr, Var):
        return values.get(expr.name, expr)
    if isinstance(expr, Call):
        return call(expr.op, *(substitute(arg, values) for arg in expr.args), params=expr.params)
    return expr
