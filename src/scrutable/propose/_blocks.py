"""Sums over the entries of an array, written as one product of arrays instead of entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scrutable.program import (
    INT,
    Array,
    Call,
    Const,
    Expr,
    Let,
    Program,
    Var,
    call,
    expr_bits,
    operator,
    variables,
    walk,
)

FEWEST = 4


def gathered(program: Program) -> Program:
    """The program with sums like `x[0] + x[1] + ...`, or of conditions on entries, as `dot(x, weights)`, and a choice
    among all entries as a choice in the array, wherever that is shorter."""
    statements = tuple(
        replace(each, expr=_gathered(each.expr, len(program.inputs))) if isinstance(each, Let) else each
        for each in program.statements
    )
    return replace(program, statements=statements)


def _gathered(expr: Expr, scope: int) -> Expr:
    """The expression with its sums gathered, outermost first."""
    if not isinstance(expr, Call):
        return expr
    new = _whole_choice(expr) or _dot(expr)
    if new is not None and expr_bits(new, scope) < expr_bits(expr, scope):
        return new
    return call(expr.op, *(_gathered(arg, scope) for arg in expr.args), params=expr.params)


def _whole_choice(expr: Call) -> Expr | None:
    """`argmax(x[0], ..., x[n - 1])` as `argmax(x)`."""
    places = [_place(arg) for arg in expr.args]
    if expr.op != "argmax" or len(places) < 2 or None in places:
        return None
    array = expr.args[0].args[0] if isinstance(expr.args[0], Call) else expr
    if not isinstance(array.type, Array) or array.type.shape != (len(places),):
        return None
    wanted = [(str(array), i) for i in range(len(places))]
    return call("argmax", array) if places == wanted else None


def _place(expr: Expr) -> tuple[str, int] | None:
    """The name and the number of an entry of an array of one axis; None for anything else."""
    if isinstance(expr, Call) and expr.op == "index" and isinstance(expr.args[0], Var) and len(expr.params) == 1:
        return expr.args[0].name, expr.params[0]
    return None


def _dot(expr: Call) -> Expr | None:
    """A sum of the same function of many entries as a product with constant weights, and what else is added."""
    if expr.op not in ("add", "sub", "neg"):
        return None
    groups: dict[Expr, dict[int, int]] = {}
    rest: list[tuple[int, Expr]] = []
    for factor, term in _terms(expr, 1):
        shape, place = _shape(term)
        if shape is None:
            rest.append((factor, term))
        else:
            weights = groups.setdefault(shape, {})
            weights[place] = weights.get(place, 0) + factor
    if len(groups) != 1 or len(rest) > 1 or max(map(len, groups.values())) < FEWEST:
        return None
    ((shape, weights),) = groups.items()
    return _added(_product(shape, weights), rest)


def _product(shape: Expr, weights: Mapping[int, int]) -> Expr:
    assert isinstance(shape.type, Array)
    (size,) = shape.type.shape
    return call("dot", shape, Const(tuple(weights.get(i, 0) for i in range(size)), Array((size,), INT)))


def _added(expr: Expr, rest: list[tuple[int, Expr]]) -> Expr:
    for factor, term in rest:
        size = term if abs(factor) == 1 else call("mul", abs(factor), term)
        expr = call("add" if factor > 0 else "sub", expr, size)
    return expr


def _terms(expr: Expr, factor: int) -> Iterator[tuple[int, Expr]]:
    """The terms of a sum with their whole factors."""
    match expr:
        case Call(op="add", args=(x, y)):
            yield from _terms(x, factor)
            yield from _terms(y, factor)
        case Call(op="sub", args=(x, y)):
            yield from _terms(x, factor)
            yield from _terms(y, -factor)
        case Call(op="neg", args=(x,)):
            yield from _terms(x, -factor)
        case Call(op="mul", args=(Const(value=int(c)), x)) | Call(op="mul", args=(x, Const(value=int(c)))):
            yield from _terms(x, factor * c)
        case _:
            yield factor, expr


def _shape(term: Expr) -> tuple[Expr | None, int]:
    """The function of one entry that a term is, on the whole array, and the number of the entry; else None."""
    places = {place for node in walk(term) if (place := _place(node)) is not None}
    if len(places) != 1 or len(variables(term)) != 1:
        return None, 0
    ((name, place),) = places
    used = [node for node in walk(term) if isinstance(node, Var)]
    entries = sum(_place(node) is not None for node in walk(term))
    liftable = all(
        operator(node.op).lift == "element" for node in walk(term) if isinstance(node, Call) and node.op != "index"
    )
    if not liftable or entries != len(used) or used[0].name != name:
        return None, 0
    if not isinstance(used[0].type, Array) or len(used[0].type.shape) != 1:
        return None, 0
    return _lifted(term), place


def _lifted(term: Expr) -> Expr:
    if _place(term) is not None:
        assert isinstance(term, Call)
        return term.args[0]
    if isinstance(term, Call):
        return call(term.op, *map(_lifted, term.args), params=term.params)
    return term
