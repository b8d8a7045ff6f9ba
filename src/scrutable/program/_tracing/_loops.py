"""Tracing comprehensions: the expression for one element, lifted to whole sequences or arrays."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from scrutable.errors import UserError
from scrutable.program._expr import Call, Const, Expr, Var, call, const, substitute, variables, walk
from scrutable.program._operators import operator
from scrutable.program._tracing._core import condition, evaluate, handles
from scrutable.program._tracing._iterables import Count, Source, elements_of, items_at, settle_counts, source
from scrutable.program._tracing._types import as_expr
from scrutable.program._tracing._values import Elements, Items, Plain, Tracer, Unsupported, Zipped, checked, snippet
from scrutable.program._types import Array, Bool, Seq

Comprehension = ast.ListComp | ast.GeneratorExp


@dataclass(frozen=True)
class Gathered:
    """What a comprehension collects.

    Arguments:
        parts: one value for the whole sequence, or one for each element of something of known length.
        conditions: which elements it keeps, part by part; None keeps them all.
        over: the sequence it runs over, if it is one.
    """

    parts: tuple[Any, ...]
    conditions: tuple[Expr | None, ...]
    over: Expr | None


@handles(ast.ListComp, ast.GeneratorExp)
def comprehension(t: Tracer, node: Comprehension) -> Any:
    """A list comprehension or generator as a sequence, an array, or a list of tuples."""
    found = gathered(t, node)
    if any(condition is not None for condition in found.conditions):
        raise Unsupported(node, f"{snippet(node)} leaves elements out", "use it inside sum, len, any or all only")
    if found.over is None:
        return Items(found.parts, "list")
    value = found.parts[0]
    if isinstance(value, Items):
        return Zipped(tuple(as_expr(part, node) for part in value.parts))
    return value


def gathered(t: Tracer, node: Comprehension) -> Gathered:
    """What a comprehension collects, before it is known what becomes of it."""
    if len(node.generators) != 1:
        raise Unsupported(node, f"{snippet(node)} runs over two things at once", "nest one comprehension in the other")
    clause = node.generators[0]
    over = source(t, clause.iter)
    env = t.frame.env
    t.frame.env = dict(env)
    t.unnamed += 1
    try:
        if over.kind == "sequence":
            return _lifted(t, node, clause, over)
        if over.kind == "array" and not clause.ifs:
            whole = _lifted_array(t, node, clause, over)
            if whole is not None:
                return whole
        return _unrolled(t, node, clause, over)
    finally:
        t.unnamed -= 1
        t.frame.env = env


def _unrolled(t: Tracer, node: Comprehension, clause: ast.comprehension, over: Source) -> Gathered:
    parts, conditions = [], []
    for place in range(over.length):
        assign(t, clause.target, items_at(t, over.tree, place, clause.iter))
        condition = _condition(t, clause)
        if condition == const(False):
            continue
        parts.append(evaluate(t, node.elt))
        conditions.append(None if condition == const(True) else condition)
    return Gathered(tuple(parts), tuple(conditions), None)


def assign(t: Tracer, target: ast.expr, value: Any) -> None:
    """Give the names of an assignment target their values."""
    if isinstance(target, ast.Name):
        t.bind(target.id, value)
        return
    if not isinstance(target, (ast.Tuple, ast.List)):
        raise Unsupported(target, f"{snippet(target)} is changed in place", "append to a list, or assign to a name")
    for part, item in zip(target.elts, unpacked(t, target, value), strict=True):
        assign(t, part, item)


def unpacked(t: Tracer, target: ast.Tuple | ast.List, value: Any) -> list[Any]:
    """The parts of a value that is assigned to several names at once."""
    count = len(target.elts)
    parts: list[Any] = []
    if isinstance(value, (Items, Zipped)):
        parts = list(value.parts)
    elif isinstance(value, Plain) and isinstance(value.value, (list, tuple)):
        parts = [const(v) if isinstance(v, (bool, int, float)) else Plain(v) for v in value.value]
    elif isinstance(value, Expr) and isinstance(value.type, Array):
        parts = [call("index", value, params=(i,)) for i in range(value.type.shape[0])]
    if len(parts) != count or any(isinstance(part, ast.Starred) for part in target.elts):
        raise Unsupported(target, f"{snippet(target)} does not fit what is assigned to it", "give each name a value")
    return parts


def _condition(t: Tracer, clause: ast.comprehension) -> Expr:
    """Which elements the `if` clauses keep."""
    tests = [condition(t, test) for test in clause.ifs]
    if const(False) in tests:
        return const(False)
    tests = [test for test in tests if test != const(True)]
    return const(True) if not tests else tests[0] if len(tests) == 1 else call("and", *tests)


def _element(t: Tracer, node: Comprehension, clause: ast.comprehension, tree: Any) -> tuple[Elements, Any, Expr]:
    """The expression for one element, in terms of names that stand for elements."""
    elements = Elements()
    names = set(t.taken)
    value = elements_of(t, clause.target, tree, elements)
    settle_counts(elements)
    assign(t, clause.target, value)
    t.elements.append(elements)
    try:
        return elements, evaluate(t, node.elt), _condition(t, clause)
    finally:
        t.elements.pop()
        t.taken = names


def _lifted(t: Tracer, node: Comprehension, clause: ast.comprehension, over: Source) -> Gathered:
    elements, value, condition = _element(t, node, clause, over.tree)
    wholes = dict(elements.pairs)

    def lift(part: Any) -> Expr:
        return _substituted(as_expr(part, node), wholes, node)

    kept = None if condition == const(True) else lift(condition)
    if isinstance(value, Items) and value.kind == "tuple":
        whole: Any = Items(tuple(map(lift, value.parts)))
    else:
        whole = value if kept is not None and isinstance(value, Const) else lift(value)
    return Gathered((whole,), (kept,), elements.pairs[0][1])


def _substituted(expr: Expr, wholes: dict[str, Expr], node: ast.AST) -> Expr:
    """`expr` with element names replaced by whole sequences, and spread out if it reads none."""
    for part in walk(expr):
        if isinstance(part, Call) and operator(part.op).lift == "none" and variables(part) & wholes.keys():
            raise Unsupported(node, f"{snippet(node)} looks at whole sequences for each element", "use a for loop")
    lifted = checked(node, lambda: substitute(expr, wholes))
    if isinstance(lifted.type, Seq):
        return lifted
    places = call("position", next(iter(wholes.values())))
    if isinstance(lifted.type, Bool):
        return call("and", call("le", 0, places), lifted)
    return checked(node, lambda: call("add", call("mul", 0, places), lifted))


def _lifted_array(t: Tracer, node: Comprehension, clause: ast.comprehension, over: Source) -> Gathered | None:
    """The array as one expression, where every operator acts element by element; None where that cannot be."""
    if any(isinstance(leaf, Count) for leaf in _flat(over.tree)):
        return None
    names, env = set(t.taken), dict(t.frame.env)
    try:
        elements, value, _ = _element(t, node, clause, over.tree)
        expr = as_expr(value, node)
        wholes = dict(elements.pairs)
        reads = [part for part in walk(expr) if isinstance(part, Call) and variables(part) & wholes.keys()]
        if not variables(expr) & wholes.keys() or any(operator(part.op).lift != "element" for part in reads):
            return None
        result = substitute(expr, wholes)
    except (UserError, Unsupported, TypeError):
        return None
    finally:
        t.taken, t.frame.env = names, env
    shape = (over.length, *expr.type.shape) if isinstance(expr.type, Array) else (over.length,)
    fits = isinstance(result.type, Array) and result.type.shape == shape
    return Gathered((result,), (None,), Var("array", result.type)) if fits else None


def _flat(tree: Any) -> list[Any]:
    return [leaf for part in tree.parts for leaf in _flat(part)] if hasattr(tree, "parts") else [tree]
