"""Simplification: the same meaning in fewer bits.

Every expression is rewritten by equality saturation (see `_egraph`, `_rules`, `_normal`), and what a program does not
need is taken out. No step is taken on trust: after each one the program must agree with its predecessor on the data,
on random data of its input types, and, where the variables of a rewritten expression have few values, on all of them.
A step that fails is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from scrutable.errors import ScrutableError
from scrutable.program._egraph import EGraph, saturate
from scrutable.program._exhaust import exhausting
from scrutable.program._expr import Expr, Var, substitute, variables
from scrutable.program._extract import Extraction
from scrutable.program._normal import normalising
from scrutable.program._places import Block, Path, blocks, with_exprs
from scrutable.program._program import Program
from scrutable.program._referee import Referee, equal_expressions
from scrutable.program._rules import RULES, Rule, rewriting
from scrutable.program._states import inlined, with_fewer_states, without_dead

MOST_ROUNDS, MOST_NODES, GROWTH = 6, 1200, 3
SLACK = 1e-6


def simplify(program: Program, x: Any, *, seconds: float = 1.0) -> Program:
    """A program with the same meaning and at most as many bits.

    Literals are folded, expressions rewritten by algebra, renamings and dead variables taken out, states that never
    change or are always equal to another one removed. Variables that remain keep their names and their values; a
    rewriting may use that states stay within the interval that their loop implies.

    Arguments:
        program: any program.
        x: data of its inputs, to check every step on.
        seconds: when to stop looking for more. What is found by then is returned.

    Cost: milliseconds for programs of a few lines; bounded by `seconds`, checks not included.
    """
    return simplify_with(program, x, seconds=seconds, rules=RULES)


def simplify_with(program: Program, x: Any, *, seconds: float, rules: Sequence[Rule]) -> Program:
    """`simplify` with other rewrite rules. Unsound rules cost time and do no other harm: the checks refuse them."""
    end = time.monotonic() + seconds
    referee = Referee(program.inputs, x)
    for _ in range(MOST_ROUNDS):
        before = program
        for step in (_shorter_expressions(rules), _fewer_parts):
            program = step(program, referee, end)
        if program is before or time.monotonic() > end:
            break
    return program


def _accepted(old: Program, make: Callable[[], Program], referee: Referee) -> Program:
    """The new program if it is sound, no longer and equal to the old one; else the old one."""
    try:
        new = make()
        good = new != old and new.bits <= old.bits + SLACK and referee.agree(old, new)
    except ScrutableError:
        return old
    return new if good else old


Step = Callable[[Program, Referee, float], Program]


def _shorter_expressions(rules: Sequence[Rule]) -> Step:
    def step(program: Program, referee: Referee, end: float) -> Program:
        for number in range(sum(1 for _ in blocks(program))):
            block = list(blocks(program))[number]
            if not block.places or time.monotonic() > end:
                continue
            graph = block_graph(block, seconds=end - time.monotonic(), rules=rules)
            program = _with_any(program, dict(_shorter(block, graph)), referee)
            for place in list(blocks(program))[number].places:
                if place.name is not None and place.name not in program.outputs:
                    program = _without(program, number, graph, place.name, referee)
        return program

    return step


def _with_any(program: Program, found: dict[Path, Expr], referee: Referee) -> Program:
    """The program with all of the new expressions, or with each of those that hold alone."""
    together = _accepted(program, lambda: with_exprs(program, found), referee) if found else program
    if together is program:
        for path, expr in found.items():
            program = _accepted(program, lambda p=program, q=path, e=expr: with_exprs(p, {q: e}), referee)
        return program
    return together


def _without(program: Program, number: int, graph: EGraph, name: str, referee: Referee) -> Program:
    """The program without a variable whose readers are shorter when they see through it.

    Writing the variable out where it is read does not count as shorter: a name may be worth its bits.
    """
    block = list(blocks(program))[number]
    value = next((place.expr for place in block.places if place.name == name), None)
    if value is None:
        return program
    plain, shorter = {}, {}
    for place in block.places:
        if name in variables(place.expr):
            readable, id_ = place.readable - {name}, graph.add(place.expr)
            graph.rebuild()
            extraction = Extraction(graph, scope_size=place.scope, allowed=readable.__contains__)
            plain[place.path] = substitute(place.expr, {name: value})
            shorter[place.path] = extraction.expr(id_)
    if not plain or with_exprs(program, shorter).bits > with_exprs(program, plain).bits - SLACK:
        return program
    return _accepted(program, lambda: without_dead(with_exprs(program, shorter)), referee)


def block_graph(block: Block, *, seconds: float, rules: Iterable[Rule] = RULES) -> EGraph:
    """The saturated e-graph of a block: every variable in one class with its definition."""
    graph = EGraph(ranges=block.ranges, max_nodes=MOST_NODES)
    for variable in block.variables:
        graph.add(variable)
    for place in block.places:
        id_ = graph.add(place.expr)
        if place.name is not None:
            graph.union(id_, graph.add(Var(place.name, place.expr.type)))
    graph.rebuild()
    graph.max_nodes += GROWTH * graph.size
    saturate(graph, [normalising(), rewriting(rules), exhausting], seconds=max(0.0, seconds))
    return graph


def _shorter(block: Block, graph: EGraph) -> Iterator[tuple[Path, Expr]]:
    """Shorter expressions for the places of a block that pass the check."""
    for place in block.places:
        extraction = Extraction(graph, scope_size=place.scope, allowed=place.readable.__contains__)
        new = extraction.expr(graph.add(place.expr))
        if extraction.bits(new) < extraction.bits(place.expr) - SLACK:
            ranges = {name: block.ranges[name] for name in place.readable & block.ranges.keys()}
            if equal_expressions(place.expr, new, ranges):
                yield place.path, new


def _fewer_parts(program: Program, referee: Referee, end: float) -> Program:
    program = _accepted(program, lambda: without_dead(program), referee)
    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for candidates in (inlined(program), with_fewer_states(program, seconds=(end - time.monotonic()) / 4)):
            smaller = _first_accepted(program, candidates, referee)
            if smaller is not program:
                program, changed = _accepted(smaller, lambda p=smaller: without_dead(p), referee), True
                break
    return program


def _first_accepted(program: Program, candidates: Iterator[Program], referee: Referee) -> Program:
    while True:
        try:
            candidate = next(candidates, None)
        except ScrutableError:  # the substitution has no type
            return program
        if candidate is None:
            return program
        smaller = _accepted(program, lambda c=candidate: c, referee)
        if smaller is not program:
            return smaller
