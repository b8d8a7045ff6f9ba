"""A program as a graph: inputs, named variables and states, and which reads which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scrutable.program import Expr, Let, Program, Scan, Var, variables
from scrutable.report._spelling import assigned

LARGEST = 40


@dataclass(frozen=True, slots=True)
class Node:
    """One named value; `text` says how it comes about. A returned value is an output of the program."""

    name: str
    kind: Literal["input", "variable", "state"]
    returned: bool
    text: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Nodes, edges within one step (source, target), and edges that close a loop to the next step."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    loops: tuple[tuple[str, str], ...]

    @property
    def drawable(self) -> bool:
        """Whether a drawing of it would still be readable."""
        return 0 < len(self.nodes) <= LARGEST


@dataclass
class _Builder:
    program: Program
    texts: Mapping[str, tuple[str, ...]]
    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[str, str]] = field(default_factory=list)
    updates: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, kind: Literal["input", "variable", "state"], text: str) -> None:
        self.nodes.append(Node(name, kind, name in self.program.outputs, text))

    def variable(self, let: Let, known: Mapping[str, str]) -> None:
        only = self.program.outputs == (let.name,)
        texts = self.texts.get(let.name) or (self.texts.get("return") if only else None) or ("",)
        self.add(let.name, "variable", texts[-1])
        self.edges += _reads(let.name, let.expr, known)

    def scan(self, scan: Scan, outside: Mapping[str, str]) -> None:
        known = dict(outside) | {state.name: state.name for state in scan.states}
        for name, expr in scan.over:
            if isinstance(expr, Var) and expr.name in outside:
                known[name] = outside[expr.name]
            else:
                self.add(name, "variable", "")
                self.edges += _reads(name, expr, outside)
                known[name] = name
        for state in scan.states:
            texts = self.texts.get(state.name, ())
            self.add(
                state.name, "state", f"{state.init}, then {texts[-1]}" if len(texts) > 1 else f"starts at {state.init}"
            )
        for let in scan.body:
            self.variable(let, known)
            known[let.name] = let.name
        for state in scan.states:
            self.updates += _reads(state.name, state.next, known)


def flow(program: Program) -> Flow:
    """What reads what in `program`. The current element of a sequence counts as the sequence itself."""
    builder = _Builder(program, assigned(program.source, program.name))
    elements = dict(_elements(program))
    for entry in program.inputs:
        builder.add(entry.name, "input", f"{elements[entry.name]}, step by step" if entry.name in elements else "")
    known = {entry.name: entry.name for entry in program.inputs}
    for statement in program.statements:
        if isinstance(statement, Let):
            builder.variable(statement, known)
            known[statement.name] = statement.name
        else:
            builder.scan(statement, known)
            known |= {part.name: part.name for part in (*statement.states, *statement.body)}
    return _closed(builder)


def _elements(program: Program) -> Iterator[tuple[str, str]]:
    """(sequence, name of its current element) for every sequence that a loop runs over as it is."""
    for statement in program.statements:
        if isinstance(statement, Scan):
            yield from ((expr.name, name) for name, expr in statement.over if isinstance(expr, Var))


def _closed(builder: _Builder) -> Flow:
    """Updates of states become ordinary edges where that makes no cycle, and loops to the next step where it does."""
    edges, loops = list(dict.fromkeys(builder.edges)), []
    for source, target in dict.fromkeys(builder.updates):
        if _reaches(target, source, edges):
            loops.append((source, target))
        elif (source, target) not in edges:
            edges.append((source, target))
    return Flow(tuple(builder.nodes), tuple(edges), tuple(loops))


def _reaches(start: str, goal: str, edges: list[tuple[str, str]]) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        after = {target for source, target in edges if source == here} - seen
        seen |= after
        waiting += after
    return False


def _reads(name: str, expr: Expr, known: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(known[source], name) for source in sorted(variables(expr)) if source in known]
