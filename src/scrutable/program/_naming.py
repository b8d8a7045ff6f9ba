"""Making a program readable without changing what it means: shared parts get variables, variables get good names."""

from __future__ import annotations

from dataclasses import replace

from scrutable.errors import ScrutableError
from scrutable.program._expr import Call, Expr, Var, call
from scrutable.program._places import renamed
from scrutable.program._program import Program, Scan, State
from scrutable.program._referee import Referee
from scrutable.program._roles import role_names
from scrutable.program._sharing import shared
from scrutable.program._types import INT

SECONDS = 1.0


def name_parts(program: Program) -> Program:
    """The same program with its common subexpressions as variables and with names that say what variables are for.

    Names follow from structure alone: a state that is the quotient of a sum it is part of is a `carry`, one that grows
    by a condition a `count`, one that is the input of the step before `previous`, and so on; a state without a known
    part is a `state`, the variable returned is the `output`. Elements of a sequence `a` are `a_t`. Inputs keep their
    names. `named_parts` also tells who was called what.

    The result agrees with `program` on random data; should a shared part not pass that check, only names change.
    """
    named, _ = named_parts(program)
    return named


def named_parts(program: Program) -> tuple[Program, dict[str, str]]:
    """The program of `name_parts`, and the new name of every variable of the old program that is still there."""
    better = _checked(program)
    names = role_names(better)
    kept = {name: names[name] for name in program.variables if name in names}
    return renamed(better, names), kept


def _checked(program: Program) -> Program:
    try:
        better = _state_first(shared(program, seconds=SECONDS))
    except ScrutableError:
        return program
    return better if Referee(program.inputs).agree(program, better) else program


def _state_first(program: Program) -> Program:
    """`total + x` instead of `x + total`, where that is how `total` goes on."""
    statements = tuple(
        replace(s, states=tuple(State(t.name, t.init, _first(t.next, t.name)) for t in s.states))
        if isinstance(s, Scan)
        else s
        for s in program.statements
    )
    return replace(program, statements=statements)


def _first(expr: Expr, name: str) -> Expr:
    if not isinstance(expr, Call) or expr.type != INT:
        return expr
    if expr.op in ("mod", "floordiv"):
        return call(expr.op, _first(expr.args[0], name), expr.args[1])
    if expr.op not in ("add", "mul", "min", "max"):
        return expr
    parts = _parts(expr, expr.op)
    own = [part for part in parts if isinstance(part, Var) and part.name == name]
    if len(own) != 1:
        return expr
    ordered: list[Expr] = [*own, *(part for part in parts if part is not own[0])]
    if expr.op in ("min", "max"):
        return call(expr.op, *ordered)
    first, *others = ordered
    for other in others:
        first = call(expr.op, first, other)
    return first


def _parts(expr: Expr, op: str) -> list[Expr]:
    if isinstance(expr, Call) and expr.op == op and expr.type == INT:
        return [part for arg in expr.args for part in _parts(arg, op)]
    return [expr]
