"""Tracing calls: built-in functions, `math`, the language's helpers, methods, and other Python functions."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from typing import Any

from scrutable.program._expr import Const, Expr, call, const
from scrutable.program._operators import HELPERS, OPERATORS
from scrutable.program._operators._sequences import PREDICATES
from scrutable.program._tracing._core import evaluate, expression, handles
from scrutable.program._tracing._expr import binary
from scrutable.program._tracing._lookup import look_up
from scrutable.program._tracing._reduce import REDUCERS
from scrutable.program._tracing._types import as_expr, as_sequence, choose, number, truth
from scrutable.program._tracing._values import (
    Appended,
    Frame,
    Function,
    Growing,
    Items,
    Method,
    Native,
    Plain,
    Tracer,
    Unsupported,
    checked,
    is_growing,
    snippet,
)
from scrutable.program._types import Bool, Real, Seq

_DEEPEST = 20
_MOST_CALLS = 2000
_SYMBOLS = {symbol: name for name, (symbol, _) in PREDICATES.items()}
_HELPED = {
    helper.name: op.name
    for op in OPERATORS.values()
    for helper in (op.helper, op.selector_helper)
    if helper is not None
}


@handles(ast.Call)
def trace_call(t: Tracer, node: ast.Call) -> Any:
    """The value of a call."""
    if node.keywords and any(keyword.arg is None for keyword in node.keywords):
        raise Unsupported(node, f"{snippet(node)} unpacks keyword arguments", "write the arguments one by one")
    if any(isinstance(arg, ast.Starred) for arg in node.args):
        raise Unsupported(node, f"{snippet(node)} unpacks arguments", "write the arguments one by one")
    target = evaluate(t, node.func)
    if isinstance(target, Native):
        return _native(t, target.name, node)
    if isinstance(target, Method):
        return _method(t, target, node)
    if isinstance(target, Function):
        return _inlined(t, target, node)
    raise Unsupported(node, f"{snippet(node)} calls something that is not a function", "call a Python function")


def _native(t: Tracer, name: str, node: ast.Call) -> Any:
    """A built-in, a function of `math`, or a helper."""
    if name in _HELPED and name not in vars(builtins):
        return _helper(t, name, node)
    if name in REDUCERS:
        return REDUCERS[name](t, node)
    handler = _SIMPLE.get(name)
    if handler is None or node.keywords:
        raise Unsupported(node, f"{snippet(node)} is not part of the language", _INSTEAD.get(name, _PLAIN_WORDS))
    values = [evaluate(t, arg) for arg in node.args]
    try:
        return handler(t, node, *values)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise Unsupported(
            node, f"{snippet(node)} has too many or too few arguments", "give as many as it takes"
        ) from None


_PLAIN_WORDS = "use arithmetic, comparisons, min, max, abs, sum, len, round, or another Python function"


def _helper(t: Tracer, name: str, node: ast.Call) -> Expr:
    """A call of one of the language's own helpers."""
    parameters = [arg.arg for arg in _signature(HELPERS[name].source).args]
    given = [evaluate(t, arg) for arg in node.args]
    by_name = {keyword.arg: evaluate(t, keyword.value) for keyword in node.keywords}
    values = given + [by_name[p] for p in parameters[len(given) :] if p in by_name]
    op = _HELPED[name]
    if parameters and len(values) != len(parameters):
        raise Unsupported(node, f"{snippet(node)} has {len(values)} arguments", f"give {', '.join(parameters)}")
    if op == "select":
        relation = values[2].value if isinstance(values[2], Plain) else None
        if relation not in _SYMBOLS:
            raise Unsupported(node, f"{snippet(node)} has an unknown relation", f"use one of {', '.join(_SYMBOLS)}")
        keys, queries = (_any_sequence(t, value, node) for value in values[:2])
        return checked(node, lambda: call(op, keys, queries, params=(_SYMBOLS[relation],)))
    if op == "argmax" and isinstance(values[0], Items):
        return checked(node, lambda: call(op, *(as_expr(part, node) for part in values[0].parts)))
    return _plain_helper(t, op, values, node)


_SETTINGS = {"shift": 2, "last": 1, "counts": 1, "aggregate": 1, "pick": 1}
_OVER_SEQUENCE = ("shift", "position", "last", "sum", "count", "counts", "aggregate", "pick")


def _plain_helper(t: Tracer, op: str, values: list[Any], node: ast.Call) -> Expr:
    """The last values of some operators are settings; the value before them is a sequence for some."""
    split = len(values) - _SETTINGS.get(op, 0)
    params = tuple(number(value, node) for value in values[split:])
    args = list(values[:split])
    if op in _OVER_SEQUENCE:
        args[-1] = as_sequence(t, args[-1], node)
    return checked(node, lambda: call(op, *(as_expr(arg, node) for arg in args), params=params))


def _any_sequence(t: Tracer, value: Any, node: ast.AST) -> Expr:
    """A sequence, or one number for all positions."""
    if isinstance(value, Expr) and not isinstance(value.type, Seq):
        if not isinstance(value, Const):
            return as_sequence(t, value, node) if getattr(value, "name", None) in t.free else value
        return value
    return as_sequence(t, value, node)


def _signature(source: str) -> ast.arguments:
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    return definition.args


def _method(t: Tracer, method: Method, node: ast.Call) -> Any:
    owner, name = method.owner, method.name
    if name == "append":
        raise Unsupported(node, f"{snippet(node)} appends in the middle of an expression", "append on its own line")
    if isinstance(owner, Plain) and name == "get" and isinstance(owner.value, dict) and 1 <= len(node.args) <= 2:
        key = evaluate(t, node.args[0])
        if len(node.args) == 1:
            raise Unsupported(node, f"{snippet(node)} gives None for other keys", "say what they give: .get(key, 0)")
        return look_up(owner, key, node, number(evaluate(t, node.args[1]), node))
    if name == "count" and len(node.args) == 1 and not isinstance(owner, (Growing, Appended)):
        sequence, wanted = as_sequence(t, owner, node), expression(t, node.args[0])
        return checked(node, lambda: call("count", call("eq", sequence, wanted)))
    raise Unsupported(node, f"{snippet(node)} calls the method {name}", _PLAIN_WORDS)


def _inlined(t: Tracer, function: Function, node: ast.Call) -> Any:
    """A call of a Python function is what the function would return."""
    from scrutable.program._tracing._statements import run_function

    depth = t.frame.depth + 1
    t.calls += 1
    if depth > _DEEPEST or t.calls > _MOST_CALLS:
        raise Unsupported(node, f"{snippet(node)} calls functions too deeply", "write a loop instead of a recursion")
    values = [evaluate(t, arg) for arg in node.args]
    keywords = {keyword.arg: evaluate(t, keyword.value) for keyword in node.keywords if keyword.arg}
    if any(map(is_growing, [*values, *keywords.values()])):
        raise Unsupported(node, f"{snippet(node)} hands on a list that is being filled", "append in the loop itself")
    frame = Frame({}, _outward(function.frame), function.node, function.frame.first_line, depth)
    frame.env.update(bound_arguments(t, function, values, keywords, node))
    t.frames.append(frame)
    try:
        return run_function(t, function.node)
    except Unsupported as error:
        where = f"in {getattr(function.node, 'name', 'a lambda')}, "
        what = error.what if error.what.startswith(where) else where + error.what
        raise Unsupported(node, what, error.instead) from None
    finally:
        t.frames.pop()


def _outward(frame: Frame) -> Callable[[str], Any]:
    """Names of a nested function are looked up in the function around it."""
    return lambda name: frame.env[name] if name in frame.env else frame.outer(name)


def bound_arguments(
    t: Tracer, function: Function, values: list[Any], keywords: Mapping[str, Any], node: ast.AST
) -> dict[str, Any]:
    """The parameters of a function with their values; defaults are evaluated where the function was written."""
    args = function.node.args
    if args.vararg or args.kwarg:
        raise Unsupported(node, f"{snippet(node)} calls a function with * or ** parameters", "name its parameters")
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    bound = dict(zip(names, values, strict=False)) | dict(keywords)
    defaults = dict(zip(names[len(names) - len(args.defaults) :], args.defaults, strict=True))
    defaults |= {a.arg: d for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None}
    missing = [n for n in (*names, *(a.arg for a in args.kwonlyargs)) if n not in bound and n not in defaults]
    if missing or len(values) > len(names) or set(bound) - set(names) - {a.arg for a in args.kwonlyargs}:
        raise Unsupported(node, f"{snippet(node)} does not fit the function's parameters", f"give {', '.join(names)}")
    t.frames.append(function.frame)
    try:
        return bound | {n: evaluate(t, d) for n, d in defaults.items() if n not in bound}
    finally:
        t.frames.pop()


def _one(op: str) -> Callable[..., Expr]:
    def handler(t: Tracer, node: ast.Call, x: Any) -> Expr:
        return checked(node, lambda: call(op, as_expr(x, node)))

    return handler


def _int(t: Tracer, node: ast.Call, x: Any) -> Expr:
    expr = as_expr(x, node)
    if isinstance(expr.type, Bool):
        return choose(expr, const(1), const(0))
    if not isinstance(expr.type, Real):
        return expr
    toward_zero = call("neg", call("floor", call("neg", expr)))
    return checked(node, lambda: choose(call("lt", expr, 0), toward_zero, call("floor", expr)))


def _float(t: Tracer, node: ast.Call, x: Any) -> Expr:
    expr = as_expr(x, node)
    if isinstance(expr, Const) and not isinstance(expr.value, tuple):
        return const(float(expr.value))
    return expr if isinstance(expr.type, Real) else checked(node, lambda: call("mul", expr, 1.0))


def _bool(t: Tracer, node: ast.Call, x: Any) -> Expr:
    return truth(t, x, node)


def _round(t: Tracer, node: ast.Call, x: Any, digits: Any = None) -> Expr:
    if digits is not None:
        raise Unsupported(node, f"{snippet(node)} rounds to decimals", "write round(x * 100) / 100")
    return checked(node, lambda: call("round", as_expr(x, node)))


def _ceil(t: Tracer, node: ast.Call, x: Any) -> Expr:
    return checked(node, lambda: call("neg", call("floor", call("neg", as_expr(x, node)))))


def _pow(t: Tracer, node: ast.Call, x: Any, y: Any) -> Expr:
    return binary(node, ast.Pow(), as_expr(x, node), as_expr(y, node))


def _divmod(t: Tracer, node: ast.Call, x: Any, y: Any) -> Items:
    a, b = as_expr(x, node), as_expr(y, node)
    return Items((checked(node, lambda: call("floordiv", a, b)), checked(node, lambda: call("mod", a, b))))


def _as_is(t: Tracer, node: ast.Call, x: Any) -> Any:
    return x


_SIMPLE: Mapping[str, Callable[..., Any]] = {
    "abs": _one("abs"),
    "bool": _bool,
    "divmod": _divmod,
    "float": _float,
    "int": _int,
    "list": _as_is,
    "tuple": _as_is,
    "pow": _pow,
    "round": _round,
    "math.ceil": _ceil,
    "math.fabs": _one("abs"),
    "math.pow": _pow,
    "math.trunc": _int,
    **{f"math.{name}": _one(name) for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "floor")},
}
_INSTEAD = {
    "print": "remove it",
    "sorted": "there is no sorting in the language; select and pick_first find elements by their order",
    "reversed": "give the data in the order they are read",
    "range": "loop over the sequence itself, or over range(len(x))",
    "zip": "use it in a for statement, a comprehension or list(zip(...)) in the return",
    "isinstance": "declare the types of the parameters",
    "map": "write a comprehension",
    "filter": "keep a value in a variable, or multiply with the condition",
}
