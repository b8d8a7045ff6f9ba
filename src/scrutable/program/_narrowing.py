"""Memory of no more than what is read of it.

`abs(x_t) - abs(previous)` remembers a number to read its absolute value alone. A network that computes the same need
not remember more than that, so a program that says how it is computed should not either: it keeps `abs(x_t)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program._egraph import EGraph
from scrutable.program._expr import Call, Const, Expr, Var, call, substitute, variables, walk
from scrutable.program._places import statements_with
from scrutable.program._program import Let, Program, Scan, State
from scrutable.program._referee import Referee
from scrutable.program._states import read_after
from scrutable.program._types import Seq, join

SLACK = 1e-6
HELD, NARROW = "held_", "narrow_"
"""Names of what is remembered and of what is read of it, while they are looked at."""


def narrowed(program: Program, x: Any) -> Program:
    """The program with states, and sequences read some steps back, that hold no more than what is read of them.

    A state that is only read through one expression of it holds that expression's value instead, if it takes fewer
    values on `x` then. Never longer, and checked like every step of `simplify`. Cost: a few evaluations on `x`.
    """
    for smaller in chain(_states(program, x), _shifts(program, x)):
        if smaller.bits <= program.bits + SLACK and Referee(program.inputs, x).agree(program, smaller):
            return narrowed(smaller, x)
    return program


def _states(program: Program, x: Any) -> Iterator[Program]:
    """The program with one state narrowed, for each that can be."""
    for i, scan in enumerate(program.statements):
        if not isinstance(scan, Scan):
            continue
        for state in scan.states:
            if state.name not in read_after(program, i):
                exprs = [let.expr for let in scan.body] + [s.next for s in scan.states]
                through = _only(exprs, Var(state.name, join(state.init.type, state.next.type)))
                smaller = None if through is None else _narrow_state(program, i, state, through)
                if smaller is not None and _count(smaller, HELD + state.name, x) < _count(program, state.name, x):
                    yield smaller


def _narrow_state(program: Program, i: int, state: State, through: Expr) -> Program | None:
    """The program whose state holds `through` of what it held."""
    start = _literal(substitute(through, {state.name: state.init}))
    scan = program.statements[i]
    assert isinstance(scan, Scan)
    if start is None:
        return None
    new = Var(HELD + state.name, through.type)
    body = tuple(replace(let, expr=_put(let.expr, through, new)) for let in scan.body)
    states = []
    for each in scan.states:
        after = _put(each.next, through, new)
        renewed = State(new.name, start, substitute(through, {state.name: after}))
        states.append(renewed if each.name == state.name else replace(each, next=after))
    return _made(program, i, replace(scan, body=body, states=tuple(states)))


def _shifts(program: Program, x: Any) -> Iterator[Program]:
    """The program with one sequence that is read some steps back narrowed, for each that can be."""
    places = {("let", i): s.expr for i, s in enumerate(program.statements) if isinstance(s, Let)}
    back = {node for expr in places.values() for node in walk(expr) if isinstance(node, Call) and node.op == "shift"}
    for node in sorted(back, key=str):
        if not isinstance(node.type, Seq):
            continue
        hole = Var(HELD, node.type)
        through = _only([_put(expr, node, hole) for expr in places.values()], hole)
        if through is None:
            continue
        offset, fill = node.params
        item = _of_one(through, Const(fill, node.type.item))
        if item is None:
            continue
        renewed = call("shift", substitute(through, {HELD: node.args[0]}), params=(offset, item.value))
        both = replace(program, statements=(*program.statements, Let(HELD, node), Let(NARROW, renewed)))
        if _count(both, NARROW, x) < _count(both, HELD, x):
            exprs = {p: _put(_put(expr, node, hole), through, renewed) for p, expr in places.items()}
            yield replace(program, statements=statements_with(program.statements, exprs))


def _of_one(through: Expr, item: Const) -> Const | None:
    """What a single item becomes; None where the expression reads the sequence as a whole."""
    try:
        return _literal(substitute(through, {HELD: item}))
    except ScrutableError:
        return None


def _made(program: Program, i: int, statement: Scan) -> Program | None:
    try:
        return replace(program, statements=(*program.statements[:i], statement, *program.statements[i + 1 :]))
    except ScrutableError:
        return None


def _only(exprs: list[Expr], held: Var) -> Expr | None:
    """The one expression of `held` alone through which all of `exprs` read it; None when there are several, or none."""
    found = {part for expr in exprs for part in _largest(expr, held.name)}
    through = found.pop() if len(found) == 1 else None
    return None if through is None or through == held else through


def _largest(expr: Expr, name: str) -> Iterator[Expr]:
    """The largest parts of an expression that read that name and no other."""
    names = variables(expr)
    if names == {name}:
        yield expr
    elif name in names and isinstance(expr, Call):
        for arg in expr.args:
            yield from _largest(arg, name)


def _put(expr: Expr, old: Expr, new: Expr) -> Expr:
    """`expr` with one part exchanged wherever it stands."""
    if expr == old:
        return new
    if isinstance(expr, Call) and old in set(walk(expr)):
        return call(expr.op, *(_put(arg, old, new) for arg in expr.args), params=expr.params)
    return expr


def _count(program: Program, name: str, x: Any) -> int:
    """How many values a variable takes."""
    return len(np.unique(np.asarray(program.run(x)[name])))


def _literal(expr: Expr) -> Const | None:
    graph = EGraph()
    return graph[graph.add(expr)].constant
