"""Tracing `for` loops: the variables that carry over become states, the lists that grow become outputs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from scrutable.errors import UserError
from scrutable.program._expr import Const, Expr, Var, call, const
from scrutable.program._program import Scan, State
from scrutable.program._tracing._collect import collected, folded, whole
from scrutable.program._tracing._core import evaluate
from scrutable.program._tracing._iterables import Source, elements_of, items_at, settle_counts, source
from scrutable.program._tracing._loops import assign
from scrutable.program._tracing._types import as_expr, choose, is_call, zero_of
from scrutable.program._tracing._values import (
    Appended,
    Block,
    Carried,
    Deferred,
    Elements,
    Growing,
    Items,
    Missing,
    Plain,
    Quiet,
    Tracer,
    Unsupported,
    names_stored,
    raw,
)
from scrutable.program._types import Seq, Type, is_scalar, join

_ATTEMPTS = 4


@dataclass
class _Start:
    """A state before the loop: a literal, and the value it stands for where that is not one."""

    init: Const
    type: Type
    computed: Expr | None = None
    name: str = ""


@dataclass
class _Step:
    """One step of a loop, traced."""

    block: Block
    elements: Elements
    env: dict[str, Any]
    nexts: dict[str, Expr] = field(default_factory=dict)


def run_for(t: Tracer, statement: ast.For) -> None:
    """Trace a `for` loop: step by step when its length is known, else as one scan."""
    over = source(t, statement.iter)
    for part in ast.walk(statement):
        if isinstance(part, (ast.Break, ast.Continue, ast.Return)):
            kind = type(part).__name__.lower()
            raise Unsupported(part, f"a {kind} inside a loop", "keep a variable that says whether the loop is over")
    if statement.orelse:
        raise Unsupported(statement, "a for loop with an else", "put it after the loop")
    if over.kind != "sequence":
        _unroll(t, statement, over)
        return
    if len(t.blocks) > 1 or t.unnamed:
        raise Unsupported(statement, "a loop over a sequence inside another", "use select and aggregate, or two loops")
    _scan(t, statement, over)


def _unroll(t: Tracer, statement: ast.For, over: Source) -> None:
    from scrutable.program._tracing._statements import run_block

    for place in range(over.length):
        t.unnamed += 1
        assign(t, statement.target, items_at(t, over.tree, place, statement.iter))
        t.unnamed -= 1
        before = len(t.problems)
        run_block(t, statement.body)
        if len(t.problems) > before:
            raise Quiet


def append(t: Tracer, name: str, node: ast.expr, statement: ast.stmt) -> None:
    """`name.append(node)`."""
    known = t.frame.env.get(name)
    if isinstance(known, Missing) and not known.reason:
        raise Quiet
    if isinstance(known, Appended):
        raise Unsupported(statement, f"`{name}` gets more than one element in a step", "append a tuple instead")
    if isinstance(known, Items) and known.kind == "grown":
        t.frame.env[name] = Items((*known.parts, evaluate(t, node)), "grown")
        return
    if not isinstance(known, Growing):
        what = f"`{name}` is no list that starts empty, or another loop has filled it"
        raise Unsupported(statement, what, f"start with {name} = [] and fill it in one loop")
    if known.block is t.block or t.block.frame is not t.frame:
        t.frame.env[name] = Items((evaluate(t, node),), "grown")
        return
    now = t.frame.env.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(now, Deferred) and isinstance(node, ast.Name) and node.id in t.block.states and not t.branch:
        t.frame.env[name] = Appended(Carried(node.id, now))
    else:
        t.frame.env[name] = settled(t, name, evaluate(t, node))


def settled(t: Tracer, name: str, value: Any) -> Appended:
    """What a list got in this step; outside of branches it becomes a variable of that name."""
    if t.branch:
        return Appended(value)
    if isinstance(value, Items) and value.kind == "tuple":
        parts = [t.let(f"{name}_{i}", as_expr(part, ast.Name(name))) for i, part in enumerate(value.parts, start=1)]
        return Appended(Items(tuple(parts)))
    return Appended(t.let(name, as_expr(value, ast.Name(name))))


def _scan(t: Tracer, statement: ast.For, over: Source) -> None:
    env = t.frame.env
    starts = _starts(t, statement)
    for _ in range(_ATTEMPTS):
        step = _step(t, statement, over, starts)
        widened = False
        for name, start in starts.items():
            try:
                type_ = join(start.init.type, step.nexts[name].type)
            except UserError as error:
                raise Unsupported(statement, f"`{name}` changes its kind in the loop", str(error)) from None
            widened |= type_ != start.type
            start.type = type_
        if not widened:
            break
        t.taken -= step.block.introduced
    else:
        raise Unsupported(statement, "a variable that changes its type in every step", "keep one type")
    lists = collected(t, env, step.env, step.block)
    states = tuple(State(start.name, start.init, step.nexts[name]) for name, start in starts.items())
    body, renamed = folded(step.block.statements, states, lists)
    t.block.statements.append(Scan(tuple(step.elements.pairs), states, body))
    types = {let.name: let.expr.type for let in body} | {start.name: start.type for start in starts.values()}
    names = {name: start.name for name, start in starts.items()}
    env.update({name: whole(value, types, names, renamed) for name, value in lists.items()})
    local = names_stored([*statement.body, ast.Expr(statement.target)]) | names_stored([statement.target])
    for name in local - names.keys():
        env[name] = Missing(f"`{name}` has a value only inside the loop; give it one before the loop")
    for name, start in starts.items():
        env[name] = _after(start, over)


def _starts(t: Tracer, statement: ast.For) -> dict[str, _Start]:
    """The variables that the loop changes and that have a value before it."""
    starts = {}
    targets = names_stored([statement.target])
    for name in sorted(names_stored(statement.body) - targets):
        value = t.frame.env.get(name)
        value = as_expr(value, statement) if isinstance(value, Plain) and _is_block(value.value) else raw(value)
        if not isinstance(value, Expr) or _is_local(t, statement, name):
            continue
        if isinstance(value.type, Seq):
            raise Unsupported(statement, f"`{name}` is a whole list before the loop", "use another name in the loop")
        if isinstance(value, Const):
            starts[name] = _Start(value, value.type)
        elif is_scalar(value.type):
            init = const(zero_of(value.type))
            starts[name] = _Start(init, join(init.type, value.type), value)
        else:
            raise Unsupported(statement, f"`{name}` starts from a computed array", "start from numbers")
    order = [part.id for part in ast.walk(statement) if isinstance(part, ast.Name)]
    return dict(sorted(starts.items(), key=lambda item: _first_assignment(t, item[0], order)))


def _first_assignment(t: Tracer, name: str, order: list[str]) -> int:
    known = list(t.frame.env)
    return known.index(name) if name in known else len(known) + order.index(name)


def _is_block(value: Any) -> bool:
    """Whether a constant is a non-empty list or tuple of numbers, which a loop can carry as an array."""
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, (bool, int, float)) for v in value)


def _is_local(t: Tracer, statement: ast.For, name: str) -> bool:
    """Whether every step sets a variable before reading it, and nothing reads it after the loop."""
    if any(line > (statement.end_lineno or 0) for line in _lines_reading(t.frame.node, name)):
        return False
    for line in statement.body:
        if _lines_reading(line, name) or isinstance(line, ast.AugAssign):
            return False
        if isinstance(line, (ast.Assign, ast.AnnAssign)) and name in names_stored([line]):
            return True
        if name in names_stored([line]):
            return False
    return False


def _lines_reading(node: ast.AST, name: str) -> list[int]:
    """The lines of a piece of Python that read a name."""
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    return [part.lineno for part in names if part.id == name and isinstance(part.ctx, ast.Load)]


def _step(t: Tracer, statement: ast.For, over: Source, starts: dict[str, _Start]) -> _Step:
    """Trace the loop's body once, its variables standing for their values before the step."""
    from scrutable.program._tracing._statements import run_block

    block, elements, env = Block(t.frame, states=frozenset(starts)), Elements(), t.frame.env
    branch, guards = t.branch, t.guards
    t.blocks.append(block)
    t.elements.append(elements)
    t.frame.env, t.branch, t.guards = dict(env), 0, []
    try:
        value = elements_of(t, statement.target, over.tree, elements)
        settle_counts(elements)
        for name, start in starts.items():
            start.name = t.unique(name)
            t.frame.env[name] = _before(t, name, start, elements)
        t.unnamed += 1
        assign(t, statement.target, value)
        t.unnamed -= 1
        before = len(t.problems)
        run_block(t, statement.body)
        if len(t.problems) > before:
            raise Quiet
        step = _Step(block, elements, t.frame.env)
        for name in starts:
            value = t.frame.env[name]
            if isinstance(value, Missing):
                raise Unsupported(statement, value.reason)
            step.nexts[name] = as_expr(raw(value), statement)
        return step
    finally:
        t.blocks.pop()
        t.elements.pop()
        t.frame.env, t.branch, t.guards = env, branch, guards


def _before(t: Tracer, name: str, start: _Start, elements: Elements) -> Any:
    """A state at the beginning of a step; one that starts from a computed value asks whether the step is the first."""
    state = Var(start.name, start.type)
    if start.computed is None:
        return state
    place = next((name for name, over in elements.pairs if is_call(over, "position")), None)
    if place is None:
        place = t.unique("t")
        elements.pairs.append((place, call("position", elements.pairs[0][1])))
    first = call("eq", Var(place, const(0).type), 0)
    return Deferred(choose(first, start.computed, state), f"{name}_before", t.block)


def _after(start: _Start, over: Source) -> Any:
    """A state after the loop: its last value, or what it started from when there was no step."""
    if not is_scalar(start.type):
        return Missing("a list that a loop carries cannot be read after it; read its parts in the loop")
    last = call("last", Var(start.name, Seq(start.type)), params=(start.init.value,))
    if start.computed is None:
        return last
    leaf = over.tree
    while hasattr(leaf, "parts"):
        leaf = next(part for part in leaf.parts if not hasattr(part, "start"))
    return choose(call("eq", call("length", leaf), 0), start.computed, last)
