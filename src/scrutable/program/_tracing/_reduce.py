"""Tracing what turns many values into one: sum, min, max, any, all, len, and zip."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scrutable.program._expr import Const, Expr, Var, call, const, variables
from scrutable.program._program import Scan, State
from scrutable.program._tracing._core import evaluate, expression
from scrutable.program._tracing._iterables import range_value
from scrutable.program._tracing._loops import gathered
from scrutable.program._tracing._types import as_expr, as_sequence, choose, number, truth, zero_of
from scrutable.program._tracing._values import Items, Plain, Tracer, Unsupported, Zipped, checked, snippet
from scrutable.program._types import Array, Bool, Seq, scalar_of

Pairs = list[tuple[Any, Expr | None]]


def _collected(t: Tracer, node: ast.Call) -> tuple[Pairs, bool]:
    """The values that the only argument holds, each with the condition on which it counts, and whether the values are
    whole sequences."""
    (arg,) = node.args
    if isinstance(arg, (ast.ListComp, ast.GeneratorExp)):
        found = gathered(t, arg)
        over_sequence = found.over is not None and not isinstance(found.over.type, Array)
        if found.over is None or over_sequence:
            return list(zip(found.parts, found.conditions, strict=True)), over_sequence
        value: Any = found.parts[0]
    else:
        value = evaluate(t, arg)
    parts = known_parts(value)
    if parts is not None:
        return [(part, None) for part in parts], False
    return [(as_sequence(t, value, node), None)], True


def known_parts(value: Any) -> list[Any] | None:
    """The parts of something of known length."""
    if isinstance(value, Items):
        return list(value.parts)
    if isinstance(value, Plain) and isinstance(value.value, (list, tuple, set, frozenset, range)):
        return [const(v) if isinstance(v, (bool, int, float)) else Plain(v) for v in value.value]
    if isinstance(value, Expr) and isinstance(value.type, Array):
        return [call("index", value, params=(i,)) for i in range(value.type.shape[0])]
    return None


def _sum(t: Tracer, node: ast.Call) -> Any:
    start = const(0)
    if len(node.args) == 2:
        start = expression(t, node.args[1])
        node = ast.copy_location(ast.Call(node.func, node.args[:1], []), node)
    _only(node, 1)
    pairs, whole = _collected(t, node)
    if whole:
        total = checked(node, lambda: _total(*pairs[0]))
        return total if start == const(0) else call("add", start, total)
    total = start
    for value, condition in pairs:
        expr = as_expr(value, node)
        part = expr if condition is None else choose(condition, expr, const(zero_of(expr.type)))
        total = part if total == const(0) else checked(node, lambda a=total, b=part: call("add", a, b))
    return total


def _total(sequence: Expr, condition: Expr | None) -> Expr:
    """The sum of the elements that count; truth values and ones are counted."""
    if isinstance(sequence, Const) and condition is not None:
        count = call("count", condition)
        return count if sequence.value in (True, 1) else call("mul", count, sequence)
    if isinstance(scalar_of(sequence.type), Bool):
        return call("count", sequence if condition is None else call("and", condition, sequence))
    if condition is None:
        return call("sum", sequence)
    return call("sum", call("if", condition, sequence, zero_of(scalar_of(sequence.type))))


def _any(t: Tracer, node: ast.Call) -> Any:
    return _quantified(t, node, "or")


def _all(t: Tracer, node: ast.Call) -> Any:
    return _quantified(t, node, "and")


def _quantified(t: Tracer, node: ast.Call, op: str) -> Expr:
    _only(node, 1)
    pairs, whole = _collected(t, node)
    if whole:
        sequence, condition = pairs[0]
        holds = sequence if isinstance(scalar_of(sequence.type), Bool) else call("ne", sequence, 0)
        if op == "or":
            return call("lt", 0, call("count", holds if condition is None else call("and", condition, holds)))
        fails = call("not", holds) if condition is None else call("and", condition, call("not", holds))
        return call("eq", call("count", fails), 0)
    tests = []
    for value, condition in pairs:
        test = truth(t, value, node)
        if condition is not None:
            test = call("and", condition, test) if op == "or" else call("or", call("not", condition), test)
        tests.append(test)
    return call(op, *tests) if len(tests) > 1 else tests[0] if tests else const(op == "and")


def _len(t: Tracer, node: ast.Call) -> Any:
    _only(node, 1)
    arg = node.args[0]
    if isinstance(arg, ast.ListComp) and arg.generators[0].ifs:
        found = gathered(t, arg)
        conditions = [condition for condition in found.conditions if condition is not None]
        if found.over is not None:
            return call("count", conditions[0])
        return _sum_of([choose(condition, const(1), const(0)) for condition in conditions], node)
    return length_of(t, node, evaluate(t, arg))


def length_of(t: Tracer, node: ast.Call, x: Any) -> Expr:
    if isinstance(x, Plain) and hasattr(x.value, "__len__"):
        return const(len(x.value))
    if isinstance(x, Items):
        return const(len(x.parts))
    expr = as_expr(x, node)
    shape = getattr(expr.type, "shape", None)
    return const(shape[0]) if shape else call("length", as_sequence(t, expr, node))


def _sum_of(parts: Sequence[Expr], node: ast.AST) -> Expr:
    total: Expr = const(0)
    for part in parts:
        total = part if total == const(0) else call("add", total, part)
    return total


def _min(t: Tracer, node: ast.Call) -> Any:
    return _extreme(t, node, "min")


def _max(t: Tracer, node: ast.Call) -> Any:
    return _extreme(t, node, "max")


def _extreme(t: Tracer, node: ast.Call, op: str) -> Expr:
    default = const(0)
    for keyword in node.keywords:
        if keyword.arg != "default":
            raise Unsupported(node, f"{snippet(node)} uses {keyword.arg}=", "use index_of_max, or a loop")
        default = const(number(evaluate(t, keyword.value), node))
    if len(node.args) > 1:
        return checked(node, lambda: call(op, *(expression(t, arg) for arg in node.args)))
    _only(node, 1, keywords=True)
    pairs, whole = _collected(t, node)
    if any(condition is not None for _, condition in pairs):
        raise Unsupported(node, f"{snippet(node)} leaves elements out", f"use a for loop that keeps the {op} so far")
    if whole:
        return _extreme_of_sequence(t, node, op, pairs[0][0], default)
    exprs_ = [as_expr(value, node) for value, _ in pairs]
    return exprs_[0] if len(exprs_) == 1 else checked(node, lambda: call(op, *exprs_)) if exprs_ else default


def _extreme_of_sequence(t: Tracer, node: ast.AST, op: str, sequence: Expr, default: Const) -> Expr:
    """A loop that keeps the best so far."""
    outer = t.blocks[0]
    local = {name for elements in t.elements for name, _ in elements.pairs}
    local |= {name for block in t.blocks[1:] for name in block.introduced}
    if variables(sequence) & local:
        raise Unsupported(node, f"{snippet(node)} needs a loop inside a loop", f"keep the {op} so far in a variable")
    type_ = scalar_of(sequence.type)
    start = const(zero_of(type_))
    names = [t.unique(wish, outer) for wish in ("value", "t", "least" if op == "min" else "most")]
    value, place, best = Var(names[0], type_), Var(names[1], const(0).type), Var(names[2], type_)
    update = call("if", call("eq", place, 0), value, call(op, best, value))
    over = ((names[0], sequence), (names[1], call("position", sequence)))
    outer.statements.append(Scan(over, (State(names[2], start, update),), ()))
    return checked(node, lambda: call("last", Var(names[2], Seq(type_)), params=(default.value,)))


def _zip(t: Tracer, node: ast.Call) -> Zipped:
    return Zipped(tuple(as_sequence(t, evaluate(t, arg), node) for arg in node.args))


def _only(node: ast.Call, count: int, *, keywords: bool = False) -> None:
    if len(node.args) != count or (node.keywords and not keywords):
        raise Unsupported(node, f"{snippet(node)} has arguments that do not fit", "give it one list")


REDUCERS: Mapping[str, Callable[[Tracer, ast.Call], Any]] = {
    "all": _all,
    "any": _any,
    "len": _len,
    "max": _max,
    "min": _min,
    "range": range_value,
    "sum": _sum,
    "zip": _zip,
}
