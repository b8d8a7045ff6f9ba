"""Loops and variables that can go: dead ones, renamings, states that never change, states that are always equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scrutable.program._egraph import EGraph, saturate
from scrutable.program._expr import Const, Expr, Var, substitute, variables
from scrutable.program._normal import normalising
from scrutable.program._places import mapped, renamed
from scrutable.program._program import Let, Program, Scan, State, Statement
from scrutable.program._rules import rewriting
from scrutable.program._types import Seq, join


def without_dead(program: Program) -> Program:
    """The program without variables, states and loop elements that no output depends on."""
    live, kept = set(program.outputs), []
    for statement in reversed(program.statements):
        if isinstance(statement, Let):
            if statement.name in live:
                live |= variables(statement.expr)
                kept.append(statement)
        else:
            smaller = _live_scan(statement, live)
            if smaller is not None:
                live |= {name for _, expr in smaller.over for name in variables(expr)} | _read_inside(smaller)
                kept.append(smaller)
    return replace(program, statements=tuple(reversed(kept)))


def _live_scan(scan: Scan, live: set[str]) -> Scan | None:
    exprs = {let.name: let.expr for let in scan.body} | {s.name: s.next for s in scan.states}
    needed: set[str] = set()
    pending = [name for name in exprs if name in live]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [n for n in variables(exprs[name]) if n in exprs]
    if not needed:
        return None
    read = {name for n in needed for name in variables(exprs[n])}
    over = tuple((name, expr) for name, expr in scan.over if name in read) or scan.over[:1]
    body = tuple(let for let in scan.body if let.name in needed)
    return Scan(over, tuple(s for s in scan.states if s.name in needed), body)


def _read_inside(scan: Scan) -> set[str]:
    exprs = [let.expr for let in scan.body] + [s.next for s in scan.states]
    return {name for expr in exprs for name in variables(expr)}


def read_after(program: Program, number: int) -> set[str]:
    """What outputs and the statements after statement `number` read."""
    names = set(program.outputs)
    for statement in program.statements[number + 1 :]:
        if isinstance(statement, Let):
            names |= variables(statement.expr)
        else:
            names |= {name for _, expr in statement.over for name in variables(expr)} | _read_inside(statement)
    return names


def inlined(program: Program) -> Iterator[Program]:
    """The program with one variable fewer that only renames another or names a literal, for each such variable."""
    for i, statement in enumerate(program.statements):
        if isinstance(statement, Let):
            if isinstance(statement.expr, Var):
                yield _renamed_away(program, i, None, statement.name, statement.expr.name)
            elif isinstance(statement.expr, Const) and statement.name not in program.outputs:
                yield _substituted(program, i, {statement.name: statement.expr})
            continue
        for j, let in enumerate(statement.body):
            if isinstance(let.expr, Var) and let.expr.name in {other.name for other in statement.body}:
                yield _renamed_away(program, i, j, let.name, let.expr.name)
            elif isinstance(let.expr, (Var, Const)):
                yield _inlined_in_loop(program, i, j, statement, let)


def _renamed_away(program: Program, i: int, j: int | None, name: str, other: str) -> Program:
    statement = program.statements[i]
    parts: tuple[Statement, ...] = ()
    if isinstance(statement, Scan) and j is not None:
        parts = (replace(statement, body=statement.body[:j] + statement.body[j + 1 :]),)
    statements = (*program.statements[:i], *parts, *program.statements[i + 1 :])
    return _unchecked(program, statements, {name: other})


def _unchecked(program: Program, statements: tuple[Statement, ...], names: Mapping[str, str]) -> Program:
    """Rename first on a view that needs no check, since the program in between may not be well-formed."""
    view = object.__new__(Program)
    fields = {"statements": statements, "name": program.name, "inputs": program.inputs, "outputs": program.outputs}
    for key, value in (fields | {"examples": program.examples, "summary": program.summary}).items():
        object.__setattr__(view, key, value)
    return renamed(view, names)


def _substituted(program: Program, i: int, values: dict[str, Expr]) -> Program:
    def change(expr: Expr) -> Expr:
        return substitute(expr, values) if variables(expr) & values.keys() else expr

    rest: list[Statement] = []
    for statement in program.statements[i + 1 :]:
        if isinstance(statement, Let):
            rest.append(Let(statement.name, change(statement.expr)))
        else:
            inner = mapped(statement, change)
            rest.append(replace(inner, over=tuple((name, change(expr)) for name, expr in statement.over)))
    return replace(program, statements=(*program.statements[:i], *rest))


def _inlined_in_loop(program: Program, i: int, j: int, scan: Scan, let: Let) -> Program:
    """Inside the loop only: from outside, a variable that reads a state differs from the state after the step."""

    def change(expr: Expr) -> Expr:
        return substitute(expr, {let.name: let.expr}) if let.name in variables(expr) else expr

    smaller = mapped(replace(scan, body=scan.body[:j] + scan.body[j + 1 :]), change)
    if let.name in read_after(program, i):
        smaller = replace(smaller, body=(*smaller.body[:j], let, *smaller.body[j:]))
    return replace(program, statements=(*program.statements[:i], smaller, *program.statements[i + 1 :]))


def with_fewer_states(program: Program, *, seconds: float) -> Iterator[Program]:
    """The program with one state fewer, for each state that never changes or is always equal to an earlier one."""
    for i, scan in enumerate(program.statements):
        if isinstance(scan, Scan):
            outside = read_after(program, i)
            for state in scan.states:
                if state.name not in outside and _stays(scan, state, seconds):
                    yield _without_state(program, i, scan, state, {state.name: state.init})
            for j, state in enumerate(scan.states):
                for earlier in scan.states[:j]:
                    if _always_equal(scan, earlier, state, seconds):
                        yield _merged(program, i, scan, earlier, state)


def _stays(scan: Scan, state: State, seconds: float) -> bool:
    """Whether the state keeps the value it starts with: by induction over the steps."""
    if _type(state) != state.init.type:
        return False
    graph, nexts = _assuming(scan, state.name, lambda graph: graph.add(state.init), seconds)
    literal = graph[nexts[state.name]].constant
    return literal is not None and repr(literal.value) == repr(state.init.value)


def _always_equal(scan: Scan, first: State, second: State, seconds: float) -> bool:
    """Whether two states start equal and stay so if they were: by induction over the steps."""
    if repr(first.init.value) != repr(second.init.value) or _type(first) != _type(second):
        return False
    variable = Var(first.name, _type(first))
    graph, nexts = _assuming(scan, second.name, lambda graph: graph.add(variable), seconds)
    return graph.find(nexts[first.name]) == graph.find(nexts[second.name])


def _type(state: State):
    return join(state.init.type, state.next.type)


def _assuming(scan: Scan, name: str, value, seconds: float) -> tuple[EGraph, dict[str, int]]:
    """The equalities of one step of a loop, if the state `name` has a given value when the step begins."""
    graph = EGraph()
    for element, expr in scan.over:
        if isinstance(expr.type, Seq):
            graph.add(Var(element, expr.type.item))
    for state in scan.states:
        id_ = graph.add(Var(state.name, _type(state)))
        if state.name == name:
            graph.union(id_, value(graph))
    for let in scan.body:
        graph.union(graph.add(let.expr), graph.add(Var(let.name, let.expr.type)))
    nexts = {state.name: graph.add(state.next) for state in scan.states}
    graph.rebuild()
    saturate(graph, [normalising(), rewriting()], seconds=seconds)
    return graph, nexts


def _without_state(program: Program, i: int, scan: Scan, state: State, values: dict[str, Expr]) -> Program:
    def change(expr: Expr) -> Expr:
        return substitute(expr, values) if variables(expr) & values.keys() else expr

    smaller = mapped(replace(scan, states=tuple(s for s in scan.states if s.name != state.name)), change)
    return replace(program, statements=(*program.statements[:i], smaller, *program.statements[i + 1 :]))


def _merged(program: Program, i: int, scan: Scan, kept: State, gone: State) -> Program:
    smaller = replace(scan, states=tuple(s for s in scan.states if s.name != gone.name))
    statements = (*program.statements[:i], smaller, *program.statements[i + 1 :])
    return _unchecked(program, statements, {gone.name: kept.name})
