"""A program with every step of its calculation on a line of its own, so that each can be looked for in a network."""

from __future__ import annotations

from dataclasses import replace

from scrutable.program._expr import Call, Expr, Var, call, variables
from scrutable.program._places import renamed
from scrutable.program._program import Let, Program
from scrutable.program._roles import role_names


def spelled_out(program: Program) -> Program:
    """The same program with a named variable for every part of its expressions that depends on an input.

    `return abs(a - b)` becomes `difference = a - b; return abs(difference)`: intermediate values can only be tested by
    intervention when they are variables. Scans are left as they are.
    """
    if not all(isinstance(statement, Let) for statement in program.statements):
        return program
    found: dict[Expr, Var] = {}
    statements: list[Let] = []
    for statement in program.statements:
        assert isinstance(statement, Let)
        before = len(found)
        outer = _taken_apart(statement.expr, found)
        statements += [Let(variable.name, inner) for inner, variable in list(found.items())[before:]]
        statements.append(Let(statement.name, outer))
    parts = replace(program, statements=tuple(statements))
    return renamed(parts, role_names(parts))


def _taken_apart(expr: Expr, found: dict[Expr, Var]) -> Expr:
    """`expr` over variables for its calls; `found` maps each call, written over variables, to its own."""
    if not isinstance(expr, Call):
        return expr
    args = []
    for arg in expr.args:
        inner = _taken_apart(arg, found)
        if isinstance(inner, Call) and variables(inner):
            inner = found.setdefault(inner, Var(f"part_{len(found) + 1}_", inner.type))
        args.append(inner)
    return call(expr.op, *args, params=expr.params)
