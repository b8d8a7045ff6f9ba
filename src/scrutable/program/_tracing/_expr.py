"""Tracing expressions: what a Python expression means in the language."""

from __future__ import annotations

import ast
import math
from typing import Any

from scrutable.program._expr import Call, Const, Expr, call, const
from scrutable.program._tracing._core import condition, evaluate, expression, handles
from scrutable.program._tracing._lookup import contains, fetch
from scrutable.program._tracing._outside import outside_value
from scrutable.program._tracing._types import as_expr, choose, negated, truth
from scrutable.program._tracing._values import (
    Function,
    Growing,
    Items,
    Method,
    Missing,
    Native,
    Plain,
    Quiet,
    Tracer,
    Unsupported,
    checked,
    snippet,
)
from scrutable.program._types import Array, Bool, Selector, Seq, is_scalar

_LARGEST_POWER = 16


@handles(ast.Name)
def _name(t: Tracer, node: ast.Name) -> Any:
    value = t.frame.env[node.id] if node.id in t.frame.env else t.frame.outer(node.id)
    if isinstance(value, Missing):
        if not value.reason:
            raise Quiet
        raise Unsupported(node, value.reason)
    return t.force(value)


@handles(ast.Constant)
def _constant(t: Tracer, node: ast.Constant) -> Any:
    if isinstance(node.value, (bool, int, float)):
        return const(node.value)
    return Plain(node.value)


@handles(ast.List, ast.Tuple, ast.Set)
def _display(t: Tracer, node: ast.List | ast.Tuple | ast.Set) -> Any:
    kind = type(node).__name__.lower()
    if not node.elts and kind == "list":
        return Growing(t.block)
    parts: list[Any] = []
    for item in node.elts:
        if isinstance(item, ast.Starred):
            raise Unsupported(node, f"{snippet(node)} unpacks a list", "use shifted(x, 1, 0) to look one step back")
        parts.append(evaluate(t, item))
    plain = [_plain(part) for part in parts]
    if all(part is not None for part in plain):
        values = [part[0] for part in plain if part]
        return Plain({"list": list, "tuple": tuple, "set": set}[kind](values))
    return Items(tuple(parts), kind)


def _plain(value: Any) -> tuple[Any] | None:
    """The Python value of a constant, in a tuple to tell it from none."""
    if isinstance(value, Const) and not isinstance(value.value, tuple):
        return (value.value,)
    return (value.value,) if isinstance(value, Plain) else None


@handles(ast.Dict)
def _dict(t: Tracer, node: ast.Dict) -> Any:
    keys = [_plain(evaluate(t, key)) if key else None for key in node.keys]
    values = [_plain(evaluate(t, value)) for value in node.values]
    if None in keys or None in values:
        raise Unsupported(node, f"{snippet(node)} holds values that are not constants", "use if and else")
    return Plain({k[0]: v[0] for k, v in zip(keys, values, strict=True) if k and v})


_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod"}


@handles(ast.BinOp)
def _binary(t: Tracer, node: ast.BinOp) -> Any:
    left, right = evaluate(t, node.left), evaluate(t, node.right)
    x, y = as_expr(left, node), as_expr(right, node)
    return binary(node, node.op, x, y)


def binary(node: ast.AST, op: ast.operator, x: Expr, y: Expr) -> Expr:
    """Arithmetic on two numbers."""
    _refuse_lists(node, x, y)
    if type(op) in _BINARY:
        return checked(node, lambda: call(_BINARY[type(op)], x, y))
    known = y.value if isinstance(y, Const) else None
    if isinstance(op, ast.Pow):
        return _power(node, x, known)
    if isinstance(x.type, Bool) and isinstance(y.type, Bool):
        names = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
        if type(op) in names:
            return checked(node, lambda: call(names[type(op)], x, y))
    if isinstance(known, int) and 0 <= known < 62:
        if isinstance(op, ast.LShift):
            return checked(node, lambda: call("mul", x, 1 << known))
        if isinstance(op, ast.RShift):
            return checked(node, lambda: call("floordiv", x, 1 << known))
        if isinstance(op, ast.BitAnd) and known & (known + 1) == 0:
            return checked(node, lambda: call("mod", x, known + 1))
    raise Unsupported(node, f"{snippet(node)} works on bits", "use +, *, //, % and comparisons, such as a != b")


def _power(node: ast.AST, x: Expr, exponent: Any) -> Expr:
    if exponent == 0.5:
        return checked(node, lambda: call("sqrt", x))
    if not isinstance(exponent, int) or not 1 <= exponent <= _LARGEST_POWER:
        raise Unsupported(node, f"{snippet(node)} is a power", "write x * x, or math.exp(y * math.log(x))")
    result = x
    for _ in range(exponent - 1):
        result = call("mul", result, x)
    return result


def _refuse_lists(node: ast.AST, *exprs: Expr) -> None:
    for expr in exprs:
        if isinstance(expr.type, (Seq, Array)):
            raise Unsupported(
                node,
                f"{snippet(node)} does arithmetic on a whole list",
                "write a comprehension such as [a_t + b_t for a_t, b_t in zip(a, b)]",
            )
        if isinstance(expr.type, Selector):
            raise Unsupported(node, f"{snippet(node)} does arithmetic on a selector", "use select_and or select_or")


@handles(ast.UnaryOp)
def _unary(t: Tracer, node: ast.UnaryOp) -> Expr:
    if isinstance(node.op, ast.Not):
        return condition(t, node)
    x = expression(t, node.operand)
    _refuse_lists(node, x)
    if isinstance(node.op, ast.Invert):
        return checked(node, lambda: call("not", x) if isinstance(x.type, Bool) else call("sub", call("neg", x), 1))
    if isinstance(x, Const) and not isinstance(x.value, bool):
        return const(-x.value if isinstance(node.op, ast.USub) else x.value)
    return checked(node, lambda: call("neg", x)) if isinstance(node.op, ast.USub) else x


@handles(ast.BoolOp)
def _bool_op(t: Tracer, node: ast.BoolOp) -> Expr:
    op = "and" if isinstance(node.op, ast.And) else "or"
    values = [evaluate(t, value) for value in node.values]
    if all(isinstance(value, Expr) and isinstance(value.type, Bool) for value in values):
        return checked(node, lambda: call(op, *values))
    for value in values:
        if not (isinstance(value, Expr) and is_scalar(value.type)):
            raise Unsupported(node, f"{snippet(node)} is one of several lists", "use a conditional expression")
    result = values[-1]
    for value in reversed(values[:-1]):
        true = truth(t, value, node)
        result = choose(true, result, value) if op == "and" else choose(true, value, result)
    return result


_COMPARED = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le"}
_MIRRORED = {ast.Gt: "lt", ast.GtE: "le"}


@handles(ast.Compare)
def _compare(t: Tracer, node: ast.Compare) -> Expr:
    values = [evaluate(t, part) for part in (node.left, *node.comparators)]
    links = [_link(t, node, op, values[i], values[i + 1]) for i, op in enumerate(node.ops)]
    return links[0] if len(links) == 1 else call("and", *links)


def _link(t: Tracer, node: ast.Compare, op: ast.cmpop, left: Any, right: Any) -> Expr:
    if isinstance(op, (ast.In, ast.NotIn)):
        found = contains(t, right, left, node)
        return negated(found) if isinstance(op, ast.NotIn) else found
    if isinstance(op, (ast.Is, ast.IsNot)):
        raise Unsupported(node, f"{snippet(node)} asks for identity", "compare with == or !=")
    if isinstance(left, (Items, Plain)) and isinstance(right, (Items, Plain)) and isinstance(op, ast.Eq):
        return _same_items(t, node, left, right)
    x, y = as_expr(left, node), as_expr(right, node)
    _refuse_lists(node, x, y)
    if type(op) in _MIRRORED:
        return checked(node, lambda: call(_MIRRORED[type(op)], y, x))
    if isinstance(op, ast.NotEq) and isinstance(x.type, Bool) and isinstance(y.type, Bool):
        return call("xor", x, y)
    return checked(node, lambda: call(_COMPARED[type(op)], x, y))


def _same_items(t: Tracer, node: ast.AST, left: Any, right: Any) -> Expr:
    sides = [side.parts if isinstance(side, Items) else tuple(map(const, side.value)) for side in (left, right)]
    if len(sides[0]) != len(sides[1]) or not sides[0]:
        return const(len(sides[0]) == len(sides[1]))
    pairs = [call("eq", as_expr(a, node), as_expr(b, node)) for a, b in zip(*sides, strict=True)]
    return pairs[0] if len(pairs) == 1 else call("and", *pairs)


@handles(ast.IfExp)
def _if_exp(t: Tracer, node: ast.IfExp) -> Any:
    test = condition(t, node.test)
    if isinstance(test, Const):
        return evaluate(t, node.body if test.value else node.orelse)
    t.guards.append(frozenset(part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)))
    try:
        yes, no = evaluate(t, node.body), evaluate(t, node.orelse)
    finally:
        t.guards.pop()
    return combined(t, test, yes, no, node)


def combined(t: Tracer, test: Expr, yes: Any, no: Any, node: ast.AST) -> Any:
    """`yes` where the test holds, else `no`, for values of any kind."""
    if yes is no:
        return yes
    if isinstance(yes, Items) and isinstance(no, Items) and len(yes.parts) == len(no.parts):
        pairs = zip(yes.parts, no.parts, strict=True)
        return Items(tuple(combined(t, test, a, b, node) for a, b in pairs), yes.kind)
    if isinstance(yes, Growing) or isinstance(no, Growing):
        return _empty_or(test, yes, no, node)
    x, y = as_expr(yes, node), as_expr(no, node)
    return checked(node, lambda: choose(test, x, y))


def _empty_or(test: Expr, yes: Any, no: Any, node: ast.AST) -> Any:
    """`[]` for empty sequences and something else for others is that something."""
    empty, other = (yes, no) if isinstance(yes, Growing) else (no, yes)
    asks = test if empty is yes else negated(test)
    is_length = isinstance(asks, Call) and asks.op == "eq" and isinstance(asks.args[0], Call)
    if isinstance(other, Growing) or (is_length and asks.args[0].op == "length" and asks.args[1] == const(0)):  # type: ignore[union-attr]
        return other
    raise Unsupported(node, f"{snippet(node)} is an empty list in some cases only", "let every case have one length")


@handles(ast.Attribute)
def _attribute(t: Tracer, node: ast.Attribute) -> Any:
    owner = t.frame.env.get(node.value.id) if isinstance(node.value, ast.Name) else None
    if owner is None or not isinstance(owner, (Growing, Missing)):
        owner = evaluate(t, node.value)
    if isinstance(owner, Plain) and owner.value is math:
        if isinstance(getattr(math, node.attr, None), float):
            return const(getattr(math, node.attr))
        return Native(f"math.{node.attr}")
    if isinstance(owner, Plain) and hasattr(owner.value, "__dict__") and node.attr in vars(owner.value):
        return outside_value(vars(owner.value)[node.attr], node, t.frame.depth)
    return Method(owner, node.attr, node.value)


@handles(ast.Subscript)
def _subscript(t: Tracer, node: ast.Subscript) -> Any:
    owner = evaluate(t, node.value)
    if isinstance(node.slice, ast.Slice):
        raise Unsupported(node, f"{snippet(node)} cuts a piece out of a list", "use shifted(x, offset, fill) or a loop")
    return fetch(t, owner, evaluate(t, node.slice), node)


@handles(ast.Lambda)
def _lambda(t: Tracer, node: ast.Lambda) -> Function:
    return Function(node, t.frame)
