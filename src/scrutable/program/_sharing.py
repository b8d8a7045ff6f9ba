"""Common subexpressions become variables, whatever order and grouping they were written in.

Two subexpressions are common when equality saturation puts them into one class: `a + (s + b)` and `(a + b) + s` share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scrutable.errors import ScrutableError
from scrutable.program._egraph import EGraph
from scrutable.program._expr import Call, Expr, Var, walk
from scrutable.program._extract import Extraction
from scrutable.program._operators import RESERVED
from scrutable.program._places import Block, Path, Place, blocks, statements_with, with_exprs
from scrutable.program._program import Let, Program, Scan
from scrutable.program._simplify import SLACK, block_graph
from scrutable.program._states import inlined

MOST_ROUNDS, MOST_SHARED, MOST_TRIED = 4, 12, 16


def shared(program: Program, *, seconds: float) -> Program:
    """The program with a variable for each common subexpression that is worth one.

    It is worth one when the program gets shorter by it, or when it is taken apart by `//` and `%` of one literal.
    Expressions are put in canonical order on the way. Bits rise by the cost of a statement at the most.
    """
    for _ in range(MOST_ROUNDS):  # a new variable can change what is in canonical order
        before = program
        for number in range(sum(1 for _ in blocks(program))):
            program = _shared_block(program, number, seconds)
        program = _without_renamings(program)
        if program == before:
            break
    return program


def _shared_block(program: Program, number: int, seconds: float) -> Program:
    block = list(blocks(program))[number]
    if not block.places:
        return program
    graph = block_graph(block, seconds=seconds)
    program = _tidied(program, block, graph)
    for _ in range(MOST_SHARED):
        smaller = _best(program, number, graph)
        if smaller is None:
            break
        program = smaller
    return program


def _tidied(program: Program, block: Block, graph: EGraph) -> Program:
    """Every expression in canonical order, where that does not cost bits."""
    found = {}
    for place in block.places:
        extraction = Extraction(graph, scope_size=place.scope, allowed=place.readable.__contains__)
        new = extraction.expr(graph.add(place.expr))
        if extraction.bits(new) <= extraction.bits(place.expr) + SLACK:
            found[place.path] = new
    return with_exprs(program, found)


def _best(program: Program, number: int, graph: EGraph) -> Program | None:
    """The program with the one further variable that saves most; None when none is worth it."""
    block = list(blocks(program))[number]
    counts: Counter[int] = Counter()
    for place in block.places:
        counts.update(_class_of(graph, node) for node in walk(place.expr) if isinstance(node, Call))
    graph.rebuild()
    idioms = list(dict.fromkeys(_taken_apart(block, graph)))
    options = []
    often = [id_ for id_, count in counts.most_common() if count > 1]
    for id_ in dict.fromkeys([*idioms, *often[:MOST_TRIED]]):
        candidate = _with_variable(program, block, graph, id_)
        gain = program.bits - candidate.bits if candidate is not None else 0.0
        if candidate is not None and (gain > SLACK or id_ in idioms):
            options.append((gain, len(options), candidate))
    return max(options, key=lambda option: (option[0], -option[1]))[2] if options else None


def _class_of(graph: EGraph, expr: Expr) -> int:
    return graph.find(graph.add(expr))


def _taken_apart(block: Block, graph: EGraph) -> Iterator[int]:
    """Classes of which both quotient and remainder by one literal are used."""
    used: dict[str, set[tuple[int, int]]] = {"floordiv": set(), "mod": set()}
    for place in block.places:
        for node in walk(place.expr):
            if isinstance(node, Call) and node.op in used and isinstance(node.args[0], Call):
                used[node.op].add((_class_of(graph, node.args[0]), _class_of(graph, node.args[1])))
    yield from sorted(top for top, _ in used["floordiv"] & used["mod"])


def _with_variable(program: Program, block: Block, graph: EGraph, id_: int) -> Program | None:
    """The program with a variable for a class, defined just before its first use."""
    taken = {*program.variables, *(v.name for v in block.variables), *(entry.name for entry in program.inputs)}
    name = next(f"part_{n}" for n in range(1, 10_000) if f"part_{n}" not in taken | RESERVED)
    first: Place | None = None
    exprs, value = {}, None
    for place in block.places:
        holding = [node for node in walk(place.expr) if isinstance(node, Call) and _class_of(graph, node) == id_]
        if holding and value is None:
            first, value = place, holding[-1]
        if holding and value is not None:
            exprs[place.path] = _replaced(place.expr, graph, id_, Var(name, value.type))
    if first is None or value is None:
        return None
    try:
        return _with_let(program, first, Let(name, value), exprs)
    except ScrutableError:
        return None


def _replaced(expr: Expr, graph: EGraph, id_: int, variable: Var) -> Expr:
    if not isinstance(expr, Call):
        return expr
    if _class_of(graph, expr) == id_:
        return variable
    return replace(expr, args=tuple(_replaced(arg, graph, id_, variable) for arg in expr.args))


def _with_let(program: Program, first: Place, let: Let, exprs: Mapping[Path, Expr]) -> Program:
    number = int(first.path[1])
    changed = statements_with(program.statements, exprs)
    statement = changed[number]
    if isinstance(statement, Scan) and first.path[0] in ("body", "next"):
        place = int(first.path[2]) if first.path[0] == "body" else len(statement.body)
        body = (*statement.body[:place], let, *statement.body[place:])
        statements = (*changed[:number], replace(statement, body=body), *changed[number + 1 :])
    else:
        statements = (*changed[:number], let, *changed[number:])
    return replace(program, statements=statements)


def _without_renamings(program: Program) -> Program:
    """Without the variables that have become mere renamings of a shared one."""
    for _ in range(MOST_SHARED):
        smaller = next((p for p in inlined(program) if p.bits < program.bits), None)
        if smaller is None:
            return program
        program = smaller
    return program
