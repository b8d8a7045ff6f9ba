"""Tracing statements: assignments, `if`, `for`, `return`."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scrutable.program._expr import Const, Expr
from scrutable.program._tracing._core import condition, evaluate, expression
from scrutable.program._tracing._expr import binary, combined
from scrutable.program._tracing._for import append, run_for, settled
from scrutable.program._tracing._loops import assign
from scrutable.program._tracing._types import as_expr
from scrutable.program._tracing._values import (
    Appended,
    Function,
    Growing,
    Missing,
    Native,
    Plain,
    Quiet,
    Tracer,
    Unsupported,
    is_growing,
    names_stored,
    raw,
    snippet,
)

_NOTHING = object()


def run_function(t: Tracer, node: ast.AST) -> Any:
    """What a function returns, its parameters being in the environment already."""
    if isinstance(node, ast.Lambda):
        return evaluate(t, node.body)
    assert isinstance(node, ast.FunctionDef)
    result = run_block(t, node.body)
    if result is _NOTHING:
        if t.problems:
            raise Quiet
        raise Unsupported(node, f"`{node.name}` can end without returning", "end it with a return")
    return result


def run_block(t: Tracer, statements: Sequence[ast.stmt]) -> Any:
    """Trace statements; the value returned, or `_NOTHING`. What cannot be traced is noted, and the rest goes on."""
    for place, statement in enumerate(statements):
        try:
            if isinstance(statement, ast.Return):
                return _returned(t, statement)
            if isinstance(statement, ast.If) and _returns(statement):
                return _split(t, statement, statements[place + 1 :])
            _run(t, statement)
        except (Unsupported, Quiet) as error:
            if t.frame.depth:
                raise
            if isinstance(error, Unsupported):
                t.report(error, statement)
            t.frame.env.update(dict.fromkeys(names_stored([statement]), Missing()))
            if isinstance(statement, ast.Return):
                raise Quiet from None
    return _NOTHING


def _run(t: Tracer, statement: ast.stmt) -> None:
    handler = _HANDLERS.get(type(statement))
    if handler is None:
        kind = type(statement).__name__.lower()
        raise Unsupported(statement, f"{snippet(statement)} is a {kind} statement", _INSTEAD.get(kind, "leave it out"))
    handler(t, statement)


def _returned(t: Tracer, statement: ast.Return) -> Any:
    if statement.value is None:
        raise Unsupported(statement, "a return without a value", "return the result")
    return evaluate(t, statement.value)


def _returns(statement: ast.stmt) -> bool:
    return any(isinstance(part, ast.Return) for part in ast.walk(statement) if not isinstance(part, ast.FunctionDef))


def _split(t: Tracer, statement: ast.If, rest: Sequence[ast.stmt]) -> Any:
    """An `if` with a return in it: each branch goes on to the end of the function, and the two results are merged."""
    test = condition(t, statement.test)
    if isinstance(test, Const):
        return run_block(t, [*(statement.body if test.value else statement.orelse), *rest])
    yes, no = _branches(t, statement, [[*statement.body, *rest], [*statement.orelse, *rest]])
    if _NOTHING in (yes[0], no[0]):
        raise Unsupported(statement, f"{snippet(statement.test)} decides whether to return", "return in every case")
    return combined(t, test, yes[0], no[0], statement)


def _branches(t: Tracer, statement: ast.If, bodies: Sequence[Sequence[ast.stmt]]) -> list[tuple[Any, dict[str, Any]]]:
    """What each branch returns, and what names stand for after it."""
    env, found = t.frame.env, []
    t.guards.append(_read(statement.test))
    t.branch += 1
    try:
        for body in bodies:
            t.frame.env = dict(env)
            found.append((run_block(t, body), t.frame.env))
    finally:
        t.branch -= 1
        t.frame.env = env
        t.guards.pop()
    return found


def _read(test: ast.expr) -> frozenset[str]:
    return frozenset(part.id for part in ast.walk(test) if isinstance(part, ast.Name))


def _assign(t: Tracer, statement: ast.Assign) -> None:
    value = evaluate(t, statement.value)
    if is_growing(value) and (len(statement.targets) > 1 or not isinstance(statement.value, ast.List)):
        raise Unsupported(statement, f"{snippet(statement)} gives one list two names", "make a list for each name")
    for target in statement.targets:
        assign(t, target, value)


def _annotated(t: Tracer, statement: ast.AnnAssign) -> None:
    if statement.value is not None:
        assign(t, statement.target, evaluate(t, statement.value))


def _augmented(t: Tracer, statement: ast.AugAssign) -> None:
    if not isinstance(statement.target, ast.Name):
        raise Unsupported(statement, f"{snippet(statement.target)} is changed in place", "assign to a name")
    known = t.frame.env.get(statement.target.id)
    if isinstance(known, (Growing, Appended)) and isinstance(statement.value, ast.List):
        for item in statement.value.elts:
            append(t, statement.target.id, item, statement)
        return
    name = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement)
    left = as_expr(evaluate(t, name), statement)
    right = expression(t, statement.value)
    t.bind(statement.target.id, binary(statement, statement.op, left, right))


def _expression(t: Tracer, statement: ast.Expr) -> None:
    node = statement.value
    if isinstance(node, ast.Constant):
        return
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[item]):
            append(t, name, item, statement)
            return
    raise Unsupported(statement, f"{snippet(statement)} has no effect that a program could have", "leave it out")


def _if(t: Tracer, statement: ast.If) -> None:
    test = condition(t, statement.test)
    if isinstance(test, Const):
        run_block(t, statement.body if test.value else statement.orelse)
        return
    (_, yes), (_, no) = _branches(t, statement, [statement.body, statement.orelse])
    for name in list(dict.fromkeys([*yes, *no])):
        t.frame.env[name] = _merged(t, name, test, (yes.get(name), no.get(name)), statement)


def _merged(t: Tracer, name: str, test: Expr, sides: Sequence[Any], node: ast.If) -> Any:
    """What a name stands for after an `if` statement, given what it stands for after each branch."""
    yes, no = sides
    if yes is no:
        return yes
    if any(side is None or isinstance(side, Missing) for side in sides):
        reported = any(isinstance(side, Missing) and not side.reason for side in sides)
        return Missing("" if reported else f"`{name}` has a value in some cases only; give it one before the if")
    if any(isinstance(side, Appended) for side in sides):
        if not all(isinstance(side, Appended) for side in sides):
            t.frame.env[name] = Missing()
            raise Unsupported(node, f"`{name}.append(...)` happens in some cases only", "append in every case")
        return settled(t, name, combined(t, test, raw(yes.value), raw(no.value), node))
    if any(isinstance(side, (Function, Native)) for side in sides):
        return Missing(f"`{name}` is a function in one case and something else in another")
    if isinstance(yes, Plain) and isinstance(no, Plain) and yes.value == no.value:
        return yes
    t.bind(name, combined(t, test, raw(yes), raw(no), node))
    return t.frame.env[name]


def _define(t: Tracer, statement: ast.FunctionDef) -> None:
    t.frame.env[statement.name] = Function(statement, t.frame)


def _import(t: Tracer, statement: ast.Import) -> None:
    for alias in statement.names:
        if alias.name != "math":
            raise Unsupported(statement, f"{snippet(statement)} imports a module", "import it outside the function")
        t.frame.env[alias.asname or "math"] = Plain(math)


def _nothing(t: Tracer, statement: ast.stmt) -> None:
    """Statements that change nothing that is computed."""


_HANDLERS: Mapping[type, Callable[[Tracer, Any], None]] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _nothing,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.For: run_for,
    ast.FunctionDef: _define,
    ast.If: _if,
    ast.Import: _import,
    ast.Pass: _nothing,
}
_INSTEAD = {
    "while": "use a for loop over a sequence, with variables that change in every step",
    "break": "keep a variable that says whether the loop is over",
    "continue": "put the rest of the step into an if",
    "try": "test for the exceptional case with an if",
    "raise": "leave it out: programs are total",
    "with": "leave it out",
    "importfrom": "import it outside the function",
    "classdef": "use functions and variables",
    "delete": "leave it out",
    "global": "return the value instead",
    "nonlocal": "return the value instead",
}
