"""Programs from features: attention gets names, what is computed at one position is written where it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.program import Call, Expr, Input, Let, Program, Seq, Var, call, substitute, variables
from scrutable.propose._attention_phrases import exactly
from scrutable.propose._sequence_features import KEY, LENGTH, PLACE, QUERY, TOKEN, VALUE, Feature
from scrutable.work import Clock

NAMES = {"token": "found", "place": "where", "count": "count", "share": "share", "truth": "holds"}
ROLES = {KEY: "key", QUERY: "query", VALUE: "moved"}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A program, and those of its variables that are the input as a part of attention reads it.

    Arguments:
        views: each with the part it plays: `KEY`, `QUERY` or `VALUE`.
    """

    program: Program
    views: Mapping[str, str]

    def inlined(self, names: set[str]) -> Written:
        """The same program with some variables written where they are used, views as the input itself."""
        put: dict[str, Expr] = {}
        kept: list[Let] = []
        for let in (each for each in self.program.statements if isinstance(each, Let)):
            expr = _unpacked(substitute(let.expr, put))
            if let.name in names:
                put[let.name] = expr
            else:
                kept.append(Let(let.name, expr))
        views = {name: role for name, role in self.views.items() if name not in names}
        return Written(Program(self.program.name, self.program.inputs, tuple(kept), self.program.outputs), views)

    def merged(self, names: Sequence[str], name: str) -> Written:
        """The same program with one view in the place of several."""
        source, role = self.program.inputs[0], self.views[names[0]]
        put: dict[str, Expr] = {each: Var(name, source.type) for each in names}
        lets = (let for let in self.program.statements if isinstance(let, Let) and let.name not in names)
        read = (Let(let.name, substitute(let.expr, put)) for let in lets)
        statements = (Let(name, Var(source.name, source.type)), *read)
        views = {name: role, **{view: role for view, role in self.views.items() if view not in names}}
        return Written(Program(self.program.name, self.program.inputs, statements, self.program.outputs), views)

    def readers(self, view: str) -> frozenset[str]:
        """The variables that read a view."""
        lets = (let for let in self.program.statements if isinstance(let, Let))
        return frozenset(let.name for let in lets if view in variables(let.expr))


def written(features: tuple[Feature, ...], answers: np.ndarray, source: Input, clock: Clock) -> Written:
    """The program that gives the answers `(n, length)`, those most frequent where features leave them open."""
    writer = _Writer(source)
    leaves = {f"column{at}": writer.read(feature) for at, feature in enumerate(features)}
    columns = {name: feature.values.reshape(-1) for name, feature in zip(leaves, features, strict=True)}
    columns = {n: c.astype(np.int64) if c.dtype.kind in "iu" else c for n, c in columns.items()}
    expr = _answer(columns, answers.reshape(-1), clock)
    output = substitute(expr, leaves)
    if isinstance(output, Var) and output.name in writer.lets:
        output = writer.lets.pop(output.name)
    if not isinstance(output.type, Seq) or isinstance(output, Var):
        output = call("add", writer.input, output)
    lets = _read(writer.lets, output)
    statements = (*(Let(name, each) for name, each in lets.items()), Let("output", output))
    program = Program("program", (source,), statements, ("output",))
    return Written(program, {name: role for name, role in writer.views.items() if name in lets})


def _unpacked(expr: Expr) -> Expr:
    """An entry of an array that is written out is what stands there."""
    if not isinstance(expr, Call):
        return expr
    args = [_unpacked(arg) for arg in expr.args]
    if expr.op == "index" and isinstance(args[0], Call) and args[0].op == "stack":
        return args[0].args[expr.params[0]]
    return call(expr.op, *args, params=expr.params)


def _read(lets: dict[str, Expr], output: Expr) -> dict[str, Expr]:
    """The lets that the output needs, in their order."""
    needed = set(variables(output))
    for name in reversed(lets):
        needed |= variables(lets[name]) if name in needed else set()
    return {name: expr for name, expr in lets.items() if name in needed}


def _answer(columns: dict[str, np.ndarray], answers: np.ndarray, clock: Clock) -> Expr:
    """An expression for the most frequent answer to each combination."""
    stacked = np.stack([np.unique(c, return_inverse=True)[1].reshape(-1) for c in columns.values()], axis=1)
    _, first, place = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    votes = np.zeros((len(first), int(answers.max()) + 1), np.int64)
    np.add.at(votes, (place.reshape(-1), answers), 1)
    rows = {name: column[first] for name, column in columns.items()}
    return exactly(rows, votes.argmax(1), truth=True, clock=clock)


@final
@dataclass(eq=False)
class _Writer:
    """Lets by name, in order; the views among them."""

    source: Input
    lets: dict[str, Expr] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    _done: dict[str, Expr] = field(default_factory=dict)

    @property
    def input(self) -> Var:
        return Var(self.source.name, self.source.type)

    def read(self, feature: Feature) -> Expr:
        """A feature as an expression over the lets."""
        if feature.name not in self._done:
            self._done[feature.name] = self._made(feature)
        return self._done[feature.name]

    def _made(self, feature: Feature) -> Expr:
        attends = isinstance(feature.expr, Call) and feature.expr.op in ("width", "pick", "aggregate")
        inner = {part.name: self._named(part) if attends else self.read(part) for part in feature.parts}
        name = self._fresh(NAMES[feature.kind]) if attends else ""
        plain = {TOKEN: self.input, PLACE: call("position", self.input), LENGTH: call("length", self.input)}
        roles = {role: self._view(name, role) for role in sorted(ROLES) if role in variables(feature.expr)}
        expr = substitute(feature.expr, {**plain, **inner, **roles})
        if not attends:
            return expr
        self.lets[name] = expr
        return Var(name, expr.type)

    def _named(self, feature: Feature) -> Expr:
        """A feature that attention reads, which a network must hold at each position."""
        expr = self.read(feature)
        if not isinstance(expr, Var):
            name = self._fresh(NAMES[feature.kind])
            self.lets[name] = expr
            self._done[feature.name] = expr = Var(name, expr.type)
        return expr

    def _view(self, reader: str, role: str) -> Expr:
        if not reader:
            return self.input
        name = self._fresh(f"{reader}_{ROLES[role]}")
        self.lets[name] = self.input
        self.views[name] = role
        return Var(name, self.source.type)

    def _fresh(self, name: str) -> str:
        fresh, number = name, 2
        while fresh in self.lets or fresh == self.source.name:
            fresh, number = f"{name}_{number}", number + 1
        return fresh
