"""What the printed function keeps: which statements matter, and how each variable of a loop is read afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scrutable.program._expr import Call, Expr, Var, variables
from scrutable.program._program import Let, Program, Scan, State, Statement


@dataclass(frozen=True, slots=True)
class Reads:
    """How a variable of a loop is read by what comes after the loop.

    Arguments:
        whole: as a sequence.
        defaults: the defaults with which its last value is asked for.
    """

    whole: bool = False
    defaults: tuple[Any, ...] = ()

    def and_last(self, default: Any) -> Reads:
        known = {repr(value) for value in self.defaults}
        return self if repr(default) in known else replace(self, defaults=(*self.defaults, default))


def live_statements(program: Program) -> list[tuple[Statement, dict[str, Reads]]]:
    """The statements that outputs depend on, without the parts that none does, and how later ones read each of them."""
    reads = {name: Reads(whole=True) for name in program.outputs}
    kept: list[tuple[Statement, dict[str, Reads]]] = []
    for statement in reversed(program.statements):
        live = _live(statement, reads)
        if live is None:
            continue
        kept.append((live, {name: reads[name] for name in _names(live) if name in reads}))
        for expr in _outward(live):
            _note(expr, reads)
    return kept[::-1]


def _names(statement: Statement) -> Iterable[str]:
    if isinstance(statement, Let):
        return [statement.name]
    return [part.name for part in (*statement.body, *statement.states)]


def _live(statement: Statement, reads: dict[str, Reads]) -> Statement | None:
    wanted = {name for name in _names(statement) if name in reads}
    if not wanted or isinstance(statement, Let):
        return statement if wanted else None
    parts: dict[str, Let | State] = {part.name: part for part in (*statement.body, *statement.states)}
    pending, needed = list(wanted), set(wanted)
    while pending:
        part = parts.get(pending.pop())
        for name in variables(part.expr if isinstance(part, Let) else part.next) if part else ():
            if name not in needed:
                needed.add(name)
                pending.append(name)
    over = tuple(pair for pair in statement.over if pair[0] in needed)
    return Scan(
        over or (("_", statement.over[0][1]),),
        tuple(state for state in statement.states if state.name in needed),
        tuple(let for let in statement.body if let.name in needed),
    )


def _outward(statement: Statement) -> Iterator[Expr]:
    """The expressions of a statement, which may read what earlier statements define."""
    if isinstance(statement, Let):
        yield statement.expr
        return
    yield from (sequence for _, sequence in statement.over)
    yield from (let.expr for let in statement.body)
    yield from (state.next for state in statement.states)


def _note(expr: Expr, reads: dict[str, Reads]) -> None:
    """Add the reads that an expression makes."""
    if isinstance(expr, Var):
        reads[expr.name] = replace(reads.get(expr.name, Reads()), whole=True)
    elif isinstance(expr, Call) and expr.op == "last" and isinstance(expr.args[0], Var):
        name = expr.args[0].name
        reads[name] = reads.get(name, Reads()).and_last(expr.params[0])
    elif isinstance(expr, Call):
        for arg in expr.args:
            _note(arg, reads)


def inside_reads(scan: Scan) -> frozenset[str]:
    """The names that the loop's own expressions read."""
    exprs = [*(let.expr for let in scan.body), *(state.next for state in scan.states)]
    return frozenset().union(*(variables(expr) for expr in exprs))


def moved_early(scan: Scan) -> dict[str, str]:
    """Variables that are the next value of one state whose old value nothing reads after them: variable -> state."""
    nexts = [state.next for state in scan.states]
    found = {}
    for place, let in enumerate(scan.body):
        states = [state for state in scan.states if state.next == Var(let.name, let.expr.type)]
        later = [*(each.expr for each in scan.body[place + 1 :]), *nexts]
        if len(states) == 1 and not any(states[0].name in variables(expr) for expr in later):
            found[let.name] = states[0].name
    return found


def groups(states: tuple[State, ...]) -> list[tuple[State, ...]]:
    """States that have to change together, in order of their first member.

    Two states belong together when the next value of one reads the other, directly or along a chain.
    """
    leader = {state.name: state.name for state in states}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for state in states:
        for name in variables(state.next) & leader.keys():
            leader[find(name)] = find(state.name)
    found: dict[str, list[State]] = {}
    for state in states:
        found.setdefault(find(state.name), []).append(state)
    return [tuple(group) for group in found.values()]


def in_order(states: tuple[State, ...]) -> tuple[State, ...] | None:
    """An order in which states can change one after the other, each before those that it reads; None if there is none.

    A state that another one reads has to change after that other one.
    """
    left = {state.name: state for state in states}
    order: list[State] = []
    while left:
        free = [s for s in left.values() if not any(s.name in variables(o.next) for o in left.values() if o is not s)]
        if not free:
            return None
        order.append(free[0])
        del left[free[0].name]
    return tuple(order)
