"""The dispatcher of the tracer: which function knows what a kind of Python expression means."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from scrutable.program._expr import Expr, call
from scrutable.program._tracing._types import as_expr, negated, truth
from scrutable.program._tracing._values import Tracer, Unsupported, snippet

Handler = Callable[[Tracer, Any], Any]
_HANDLERS: dict[type, Handler] = {}
_INSTEAD = {
    ast.NamedExpr: "assign on a line of its own",
    ast.JoinedStr: "remove the text",
    ast.DictComp: "write the dict out, or build it outside the function",
    ast.SetComp: "write the set out, or build it outside the function",
    ast.Yield: "append to a list and return it",
    ast.Await: "remove it",
}


def handles(*kinds: type[ast.expr]) -> Callable[[Handler], Handler]:
    """Register the function below as the meaning of these kinds of expression."""

    def register(handler: Handler) -> Handler:
        _HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def evaluate(t: Tracer, node: ast.expr) -> Any:
    """The value of a Python expression: an `Expr`, or one of the other values that a name can stand for."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise Unsupported(node, f"{snippet(node)} is not part of the language", _INSTEAD.get(type(node), ""))
    return handler(t, node)


def expression(t: Tracer, node: ast.expr) -> Expr:
    """The value of a Python expression as an expression of the language."""
    return as_expr(evaluate(t, node), node)


def condition(t: Tracer, node: ast.expr) -> Expr:
    """Whether Python takes the value of an expression for true."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return negated(condition(t, node.operand))
    if isinstance(node, ast.BoolOp):
        parts = [condition(t, part) for part in node.values]
        return call("and" if isinstance(node.op, ast.And) else "or", *parts)
    return truth(t, evaluate(t, node), node)
