"""Turning traced values into expressions: numbers, truth values, sequences, arrays, choices."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from scrutable.program._expr import Call, Const, Expr, Var, call, const
from scrutable.program._tracing._values import (
    Deferred,
    Growing,
    Items,
    Lookup,
    Plain,
    Retype,
    Tracer,
    Unsupported,
    Zipped,
    checked,
    snippet,
)
from scrutable.program._types import BOOL, INT, REAL, Array, Bool, Real, Seq, Type, join


def as_expr(value: Any, node: ast.AST) -> Expr:
    """A value as an expression; lists of constants and displays are arrays."""
    if isinstance(value, Deferred):
        return value.expr
    if isinstance(value, Expr):
        return value
    if isinstance(value, Items):
        return checked(node, lambda: call("stack", *(as_expr(part, node) for part in value.parts)))
    if isinstance(value, Plain) and isinstance(value.value, (list, tuple)) and value.value:
        return array_literal(value.value, node)
    raise Unsupported(node, f"{snippet(node)} uses {_described(value)} where a number is needed", "use a number")


def _described(value: Any) -> str:
    if isinstance(value, Plain):
        return f"{type(value.value).__name__} {str(value.value)[:30]!r}"
    names = {Growing: "an empty list", Zipped: "a list of tuples", Lookup: "part of a table", Items: "a tuple"}
    return names.get(type(value), "a function")


def array_literal(value: Any, node: ast.AST) -> Const:
    """A nested list of numbers as an array."""
    shape: list[int] = []
    level = value
    while isinstance(level, (list, tuple)):
        shape.append(len(level))
        level = level[0] if level else None
    kind, nested = _literal(value, shape, node)
    return Const(nested, Array(tuple(shape), kind))


def _literal(value: Any, shape: Sequence[int], node: ast.AST) -> tuple[Type, Any]:
    if not shape:
        if isinstance(value, (bool, int, float)):
            return const(value).type, value
    elif isinstance(value, (list, tuple)) and len(value) == shape[0] and value:
        parts = [_literal(item, shape[1:], node) for item in value]
        kind = parts[0][0]
        for part, _ in parts[1:]:
            kind = join(kind, part)
        return kind, tuple(part for _, part in parts)
    raise Unsupported(node, f"{snippet(node)} uses a list that is not a block of numbers", "make its rows equally long")


def number(value: Any, node: ast.AST) -> Any:
    """A value that has to be a literal number."""
    if isinstance(value, Const) and not isinstance(value.value, tuple):
        return value.value
    raise Unsupported(node, f"{snippet(node)} needs a number known beforehand here", "write the number")


def as_sequence(t: Tracer, value: Any, node: ast.AST) -> Expr:
    """A value that is used as a sequence. An input of undeclared type becomes one."""
    if isinstance(value, Plain) and isinstance(value.value, (list, tuple)):
        if not value.value:
            return Const((), Seq(INT))
        array = array_literal(value.value, node)
        assert isinstance(array.type, Array)
        rest = Array(array.type.shape[1:], array.type.item) if len(array.type.shape) > 1 else array.type.item
        return Const(array.value, Seq(rest))
    expr = as_expr(value, node)
    if isinstance(expr.type, Seq):
        return expr
    retyped(t, expr)
    raise Unsupported(node, f"{snippet(node)} uses a {expr.type} as a list", "declare it, such as x: list[int]")


def retyped(t: Tracer, expr: Expr) -> None:
    """Start again when `expr` is an input of undeclared type that turns out to be a sequence."""
    if isinstance(expr, Var) and expr.name in t.free and expr.type == INT:
        raise Retype(expr.name, Seq(INT))


def truth(t: Tracer, value: Any, node: ast.AST) -> Expr:
    """Whether Python takes a value for true."""
    if isinstance(value, Plain):
        return const(bool(value.value))
    if isinstance(value, Growing):
        raise Unsupported(node, f"{snippet(node)} reads a list being filled", "keep its last value in a variable")
    expr = as_expr(value, node)
    if isinstance(expr, Const):
        return const(bool(expr.value))
    if isinstance(expr.type, Bool):
        return expr
    if isinstance(expr.type, Seq):
        return call("ne", call("length", expr), 0)
    if isinstance(expr.type, Array):
        return const(True)
    return checked(node, lambda: call("ne", expr, 0))


def negated(condition: Expr) -> Expr:
    """`not condition`, without saying not twice."""
    if isinstance(condition, Const):
        return const(not condition.value)
    if isinstance(condition, Call) and condition.op == "not":
        return condition.args[0]
    if isinstance(condition, Call) and condition.op == "ne" and is_call(condition.args[0], "length"):
        return call("eq", *condition.args)
    return call("not", condition)


def is_call(expr: Any, op: str) -> bool:
    """Whether `expr` is a call of the operator `op`."""
    return isinstance(expr, Call) and expr.op == op


def choose(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes if condition else no`, leaving out the guards that the language's own operators have already."""
    if isinstance(condition, Const):
        return yes if condition.value else no
    if yes == no and repr(yes) == repr(no):
        return yes
    if isinstance(condition, Call) and condition.op == "ne" and condition.args[1] == const(0):
        simpler = _guarded(condition.args[0], yes, no)
        if simpler is not None:
            return simpler
    return call("if", condition, yes, no)


def _guarded(asked: Expr, yes: Expr, no: Expr) -> Expr | None:
    """`yes` alone, when it already means `no` where `asked` is 0."""
    if not isinstance(yes, Call):
        return None
    divides = yes.op in ("floordiv", "mod", "div") and yes.args[1] == asked
    if divides and (no == yes.args[0] if yes.op == "mod" else isinstance(no, Const) and no.value == 0):
        return yes
    if yes.op == "last" and is_call(asked, "length") and isinstance(no, Const) and not isinstance(no.value, tuple):
        assert isinstance(asked, Call)
        return call("last", *yes.args, params=(no.value,)) if asked.args == yes.args else None
    return None


def zero_of(type_: Type) -> Any:
    """The zero of a scalar type."""
    return False if isinstance(type_, Bool) else 0.0 if isinstance(type_, Real) else 0


def literal_type(value: Any) -> Type:
    """The type of a literal."""
    return BOOL if isinstance(value, bool) else INT if isinstance(value, int) else REAL


def never_negative(expr: Expr) -> bool:
    """Whether an integer is at least zero whatever the data, as far as its form shows."""
    if isinstance(expr, Const):
        return expr.value >= 0
    if isinstance(expr, Var):
        return not isinstance(expr.type, type(INT)) and not isinstance(expr.type, Real)
    if not isinstance(expr, Call) or isinstance(expr.type, Bool):
        return isinstance(expr.type, Bool)
    if expr.op in ("length", "position", "count", "width", "argmax", "abs"):
        return True
    if expr.op == "mod":
        return isinstance(expr.args[1], Const) and expr.args[1].value > 0
    if expr.op == "table":
        rows, default = expr.params
        return default >= 0 and all(value >= 0 for _, value in rows)
    parts = expr.args[1:] if expr.op == "if" else expr.args
    return expr.op in ("add", "mul", "min", "max", "floordiv", "if") and all(map(never_negative, parts))
