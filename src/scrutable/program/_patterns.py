"""Patterns with holes: read from Python-like text, matched against an e-graph, filled in again.

In a pattern `x y z w` stand for any expression, `c d` for a `Bool`, and `k m n` for an integer literal.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from scrutable.program._egraph import CHAINED, EGraph
from scrutable.program._expr import Expr, call, const
from scrutable.program._types import Array, Bool, Category, Int, Real, Selector, Type, scalar_of

COMMUTATIVE = frozenset({*CHAINED, "eq", "ne"})
LITERAL_HOLES, BOOL_HOLES = frozenset("kmn"), frozenset("cd")

Match = dict[str, int]
Condition = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for any expression of the right kind."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A bool or a number."""

    value: bool | int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator applied to patterns."""

    op: str
    args: tuple[Pattern, ...]


Pattern = Hole | Literal | Apply

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.FloorDiv: "floordiv", ast.Mod: "mod"}
_BINARY |= {ast.Div: "div", ast.BitXor: "xor"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}
_FLIPPED: dict[type[ast.cmpop], str] = {ast.Gt: "lt", ast.GtE: "le"}


@cache
def pattern(text: str) -> Pattern:
    """Read a pattern such as `max(x - y, 0) + y` or `x if c else x`; `^` is exclusive or."""
    return _read(ast.parse(text, mode="eval").body)


def _read(tree: ast.expr) -> Pattern:
    match tree:
        case ast.Name(name):
            return Hole(name)
        case ast.Constant(bool() | int() as value):
            return Literal(value)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() as value)):
            return Literal(-value)
        case ast.Call(ast.Name(name), args):
            return Apply(name, tuple(map(_read, args)))
    op, args = _operation(tree)
    return Apply(op, tuple(map(_read, args)))


def _operation(tree: ast.expr) -> tuple[str, list[ast.expr]]:
    match tree:
        case ast.UnaryOp(sign, inner):
            return "neg" if isinstance(sign, ast.USub) else "not", [inner]
        case ast.BinOp(left, sign, right):
            return _BINARY[type(sign)], [left, right]
        case ast.BoolOp(sign, [left, right]):
            return "and" if isinstance(sign, ast.And) else "or", [left, right]
        case ast.Compare(left, [sign], [right]) if type(sign) in _FLIPPED:
            return _FLIPPED[type(sign)], [right, left]
        case ast.Compare(left, [sign], [right]):
            return _COMPARE[type(sign)], [left, right]
        case ast.IfExp(test, body, orelse):
            return "if", [test, body, orelse]
    raise ValueError(f"not a pattern: {ast.unparse(tree)}")


def holes(pattern_: Pattern) -> frozenset[str]:
    """The names of the holes."""
    if isinstance(pattern_, Hole):
        return frozenset({pattern_.name})
    return frozenset().union(*map(holes, pattern_.args)) if isinstance(pattern_, Apply) else frozenset()


class Matcher:
    """Finds patterns in an e-graph as it is when the matcher is made, just after a rebuild.

    Arguments:
        graph: the e-graph.
    """

    def __init__(self, graph: EGraph) -> None:
        self._nodes: dict[tuple[int, str], list[tuple[int, ...]]] = {}
        self._literals: dict[int, Any] = {}
        self._kinds: dict[int, type[Type] | None] = {}
        self.heads: list[tuple[int, str]] = []
        for class_ in graph.classes():
            self._kinds[class_.id] = _kind(class_.type)
            if class_.constant is not None:
                self._literals[class_.id] = class_.constant.value
                continue
            for node in class_.nodes:
                if node.args and not node.params and class_.id not in node.args:
                    self._nodes.setdefault((class_.id, node.op), []).append(node.args)
        self.heads = list(self._nodes)

    def find(self, pattern_: Pattern, id_: int, found: Match, *, reals: bool) -> Iterator[Match]:
        """Every way to fill the holes so that the pattern is in the class `id_`."""
        if isinstance(pattern_, Hole):
            known = found.get(pattern_.name)
            if known == id_ or (known is None and self._fits(pattern_.name, id_, reals=reals)):
                yield found if known is not None else {**found, pattern_.name: id_}
        elif isinstance(pattern_, Literal):
            value = self._literals.get(id_)
            if value == pattern_.value and isinstance(value, bool) == isinstance(pattern_.value, bool):
                yield found
        else:
            for args in self._nodes.get((id_, pattern_.op), ()):
                yield from self._find_args(pattern_.args, args, found, reals=reals)
                if len(args) == 2 and pattern_.op in COMMUTATIVE:
                    yield from self._find_args(pattern_.args, args[::-1], found, reals=reals)

    def literals(self, found: Match) -> dict[str, int]:
        """The numbers in the literal holes of a match."""
        return {name: self._literals[id_] for name, id_ in found.items() if name in LITERAL_HOLES}

    def _find_args(
        self, patterns: tuple[Pattern, ...], ids: tuple[int, ...], found: Match, *, reals: bool
    ) -> Iterator[Match]:
        if len(patterns) != len(ids):
            return
        if len(patterns) == 1:
            yield from self.find(patterns[0], ids[0], found, reals=reals)
            return
        for first in self.find(patterns[0], ids[0], found, reals=reals):
            yield from self._find_args(patterns[1:], ids[1:], first, reals=reals)

    def _fits(self, name: str, id_: int, *, reals: bool) -> bool:
        kind = self._kinds[id_]
        if name in LITERAL_HOLES:
            return type(self._literals.get(id_)) is int
        if name in BOOL_HOLES:
            return kind is Bool
        return kind is not None and (reals or kind is not Real)


def _kind(type_: Type) -> type[Type] | None:
    """What a hole asks of a type; None for what no hole takes."""
    scalar = scalar_of(type_)
    numeric = isinstance(scalar, (Bool, Int, Category, Real)) and not isinstance(type_, (Array, Selector))
    return type(scalar) if numeric else None


def build(graph: EGraph, pattern_: Pattern, found: Match) -> int:
    """The class of a filled-in pattern.

    Raises:
        UserError: an operator does not take what the holes hold.
    """
    if isinstance(pattern_, Hole):
        return graph.find(found[pattern_.name])
    if isinstance(pattern_, Literal):
        return graph.literal(pattern_.value)
    return graph.apply(pattern_.op, *(build(graph, arg, found) for arg in pattern_.args))


def instance(pattern_: Pattern, values: dict[str, Expr]) -> Expr:
    """The expression that a filled-in pattern stands for."""
    if isinstance(pattern_, Hole):
        return values[pattern_.name]
    if isinstance(pattern_, Literal):
        return const(pattern_.value)
    return call(pattern_.op, *(instance(arg, values) for arg in pattern_.args))
