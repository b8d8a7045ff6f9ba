"""The expressions of a program one by one: where each stands, what it may read, and putting another in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scrutable.program._egraph import EGraph
from scrutable.program._expr import Expr, Var, substitute, walk
from scrutable.program._program import Let, Program, Scan, State, Statement
from scrutable.program._ranges import EVERYTHING, Range, cover, meet
from scrutable.program._types import Seq, join

Path = tuple[str | int, ...]
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One expression of a block (the top level, or the inside of one loop).

    Arguments:
        path: ("let", i), ("over", i, j), ("body", i, j) or ("next", i, j), with i the number of the statement.
        expr: what stands there now.
        name: the variable that holds its value from then on; None for a state's next value and for sequences.
        readable: the names that may be read there.
        scope: how many variables that counts as, see `expr_bits`.
    """

    path: Path
    expr: Expr
    name: str | None
    readable: frozenset[str]
    scope: int


@dataclass(frozen=True, slots=True)
class Block:
    """Expressions that share variables: the variables there at the start, the places, and known intervals."""

    variables: tuple[Var, ...]
    places: tuple[Place, ...]
    ranges: Mapping[str, Range]


def blocks(program: Program) -> Iterator[Block]:
    """The top level of a program, then the inside of each loop."""
    yield (top := _top(program))
    known = dict(top.ranges)
    for number, statement in enumerate(program.statements):
        if isinstance(statement, Scan):
            yield _inside(program, number, statement, known)


def with_exprs(program: Program, exprs: Mapping[Path, Expr]) -> Program:
    """The program with other expressions at the given paths."""
    return replace(program, statements=statements_with(program.statements, exprs))


def statements_with(statements: tuple[Statement, ...], exprs: Mapping[Path, Expr]) -> tuple[Statement, ...]:
    """The statements with other expressions at the given paths, unchecked."""
    changed: list[Statement] = []
    for i, statement in enumerate(statements):
        if isinstance(statement, Let):
            changed.append(replace(statement, expr=exprs.get(("let", i), statement.expr)))
        else:
            over = tuple((name, exprs.get(("over", i, j), e)) for j, (name, e) in enumerate(statement.over))
            body = tuple(replace(let, expr=exprs.get(("body", i, j), let.expr)) for j, let in enumerate(statement.body))
            states = tuple(replace(s, next=exprs.get(("next", i, j), s.next)) for j, s in enumerate(statement.states))
            changed.append(Scan(over, states, body))
    return tuple(changed)


def mapped(statement: Scan, change: Callable[[Expr], Expr]) -> Scan:
    """A loop with `change` applied to every expression inside it."""
    body = tuple(Let(let.name, change(let.expr)) for let in statement.body)
    states = tuple(State(s.name, s.init, change(s.next)) for s in statement.states)
    return Scan(statement.over, states, body)


def renamed(program: Program, names: Mapping[str, str]) -> Program:
    """The program with its variables called otherwise. Swaps are fine; inputs may be renamed too."""

    def new(name: str) -> str:
        return names.get(name, name)

    def change(expr: Expr) -> Expr:
        return relabel(expr, names)

    statements = []
    for statement in program.statements:
        if isinstance(statement, Let):
            statements.append(Let(new(statement.name), change(statement.expr)))
        else:
            over = tuple((new(name), change(expr)) for name, expr in statement.over)
            inner = mapped(statement, change)
            body = tuple(Let(new(let.name), let.expr) for let in inner.body)
            states = tuple(State(new(s.name), s.init, s.next) for s in inner.states)
            statements.append(Scan(over, states, body))
    inputs = tuple(replace(entry, name=new(entry.name)) for entry in program.inputs)
    return replace(program, inputs=inputs, statements=tuple(statements), outputs=tuple(map(new, program.outputs)))


def relabel(expr: Expr, names: Mapping[str, str]) -> Expr:
    """`expr` with variables called otherwise."""
    found = {node.name: node for node in walk(expr) if isinstance(node, Var) and node.name in names}
    return substitute(expr, {name: Var(names[name], node.type) for name, node in found.items()}) if found else expr


def _top(program: Program) -> Block:
    variables = [Var(entry.name, entry.type) for entry in program.inputs]
    readable, places = [v.name for v in variables], []
    graph = EGraph()
    for i, statement in enumerate(program.statements):
        names, scope = frozenset(readable), len(readable)
        if isinstance(statement, Let):
            places.append(Place(("let", i), statement.expr, statement.name, names, scope))
            graph.ranges[statement.name] = graph[graph.add(statement.expr)].range
            readable.append(statement.name)
            continue
        for j, (name, expr) in enumerate(statement.over):
            places.append(Place(("over", i, j), expr, None, names, scope))
            graph.ranges[name] = graph[graph.add(expr)].range
        graph.ranges.update(scan_ranges(statement, graph.ranges))
        traces = [(let.name, let.expr.type) for let in statement.body]
        traces += [(s.name, join(s.init.type, s.next.type)) for s in statement.states]
        variables += [Var(name, Seq(type_)) for name, type_ in traces]
        readable += [name for name, _ in traces]
    return Block(tuple(variables), tuple(places), graph.ranges)


def scan_ranges(scan: Scan, known: Mapping[str, Range]) -> dict[str, Range]:
    """Intervals that states and body variables of a loop always lie in: from no bound at all, narrowed step by step."""
    ranges: dict[str, Range] = {name: known.get(name, EVERYTHING) for name, _ in scan.over}
    for _ in range(ROUNDS):
        graph = EGraph(ranges=ranges)
        for let in scan.body:
            graph.ranges[let.name] = graph[graph.add(let.expr)].range
        for state in scan.states:
            first = graph[graph.add(state.init)].range
            step = graph[graph.add(state.next)].range
            graph.ranges[state.name] = meet(ranges.get(state.name, EVERYTHING), cover(first, step))
        ranges = dict(graph.ranges)
    return ranges


def _inside(program: Program, number: int, scan: Scan, ranges: Mapping[str, Range]) -> Block:
    outer = _readable_outside(program, number)
    variables = [Var(name, expr.type.item) for name, expr in scan.over if isinstance(expr.type, Seq)]
    variables += [Var(s.name, join(s.init.type, s.next.type)) for s in scan.states]
    readable, places = [*outer, *(v.name for v in variables)], []
    scope = len(variables)
    for j, let in enumerate(scan.body):
        places.append(Place(("body", number, j), let.expr, let.name, frozenset(readable), scope + j))
        readable.append(let.name)
    for j, state in enumerate(scan.states):
        path = ("next", number, j)
        places.append(Place(path, state.next, None, frozenset(readable), scope + len(scan.body)))
    return Block(tuple(variables), tuple(places), ranges)


def _readable_outside(program: Program, number: int) -> list[str]:
    names = [entry.name for entry in program.inputs]
    for statement in program.statements[:number]:
        if isinstance(statement, Let):
            names.append(statement.name)
        else:
            names += [let.name for let in statement.body] + [s.name for s in statement.states]
    return names
