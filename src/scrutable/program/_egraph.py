"""A small e-graph: many equal expressions held at once, so that the shortest can be chosen.

Nodes are operator applications over *classes*; a class holds every node known to have the same value and type. Besides
its nodes a class carries three facts: its literal value if it has one, the interval its integer values lie in, and the
*narrow* classes of equal value whose type is lower on the ladder (a `Bool` that equals this 0/1 `Int`). Narrow classes
stand in as arguments of arithmetic, where the language counts a `Bool` as 0 or 1.

The idea (hash-consing, union-find, deferred congruence repair) is that of equality saturation: Tate et al., POPL 2009;
Willsey et al., "egg", POPL 2021.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scrutable.errors import ScrutableError
from scrutable.program._constants import fold
from scrutable.program._expr import Call, Const, Expr, Var, const
from scrutable.program._operators import operator
from scrutable.program._ranges import EVERYTHING, Range, meet, node_range
from scrutable.program._types import BOOL, INT, Category, Type, scalar_of

CHAINED = ("add", "mul", "min", "max", "and", "or", "xor")  # held with two arguments each, whatever was written
WIDENING = frozenset({"add", "sub", "mul", "neg", "abs", "floordiv", "mod", "min", "max", "eq", "ne", "lt", "le", "if"})


class Node(NamedTuple):
    """An operator over classes; variables and literals are nodes without arguments."""

    op: str
    args: tuple[int, ...]
    params: tuple[Any, ...]
    type: Type


@dataclass(slots=True)
class Class:
    """Nodes of equal value, and what is known about that value."""

    id: int
    type: Type
    order: tuple[int, ...]
    range: Range = EVERYTHING
    constant: Const | None = None
    nodes: dict[Node, None] = field(default_factory=dict)
    parents: dict[Node, int] = field(default_factory=dict)
    narrow: set[int] = field(default_factory=set)
    wide: set[int] = field(default_factory=set)


def is_narrower(left: Type, right: Type) -> bool:
    """Whether a `left` may stand in for a `right` of equal value in arithmetic."""
    kinds = (Category, type(BOOL))
    return (isinstance(left, kinds) and right == INT) or (left == BOOL and isinstance(right, Category))


class EGraph:
    """Classes of equal expressions.

    Arguments:
        ranges: what is known beforehand about integer variables, as closed intervals.
        max_nodes: growth stops there; everything found until then stays valid.
    """

    def __init__(self, *, ranges: Mapping[str, Range] | None = None, max_nodes: int = 3000) -> None:
        self.ranges = dict(ranges or {})
        self.max_nodes = max_nodes
        self.version = 0  # goes up with every change
        self.canonical: set[Node] = set()  # preferred among equals of the same cost
        self._parent: list[int] = []
        self._classes: dict[int, Class] = {}
        self._ids: dict[Node, int] = {}
        self._dirty: set[int] = set()
        self._order: dict[str, int] = {}

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self._ids)

    @property
    def full(self) -> bool:
        """Whether the node cap is reached."""
        return self.size >= self.max_nodes

    def find(self, id_: int) -> int:
        """The class that `id_` has been merged into."""
        while self._parent[id_] != id_:
            self._parent[id_] = self._parent[self._parent[id_]]
            id_ = self._parent[id_]
        return id_

    def __getitem__(self, id_: int) -> Class:
        return self._classes[self.find(id_)]

    def classes(self) -> list[Class]:
        """All classes as they are now."""
        return list(self._classes.values())

    def add(self, expr: Expr) -> int:
        """The class of an expression."""
        if isinstance(expr, Var):
            self._order.setdefault(expr.name, len(self._order))
            return self._insert(Node("var", (), (expr.name,), expr.type))
        if isinstance(expr, Const):
            return self._insert(Node("const", (), (expr.value, repr(expr.value)), expr.type))
        assert isinstance(expr, Call)
        args = [self.add(arg) for arg in expr.args]
        if expr.op in CHAINED and len(args) > 2 and not expr.params:
            while len(args) > 2:
                args[:2] = [self.apply(expr.op, args[0], args[1])]
        return self._insert(Node(expr.op, tuple(map(self.find, args)), expr.params, expr.type))

    def apply(self, op: str, *args: int, params: tuple[Any, ...] = (), canonical: bool = False) -> int:
        """The class of an operator applied to classes.

        Raises:
            UserError: the operator does not take arguments of these types.
        """
        found = tuple(self.find(arg) for arg in args)
        type_ = operator(op).result_type(tuple(self._stand_in(arg) for arg in found), params)
        node = Node(op, found, params, type_)
        if canonical:
            self.canonical.add(node)
        return self._insert(node)

    def literal(self, value: Any) -> int:
        """The class of a bool, int or float."""
        return self.add(const(value))

    def union(self, left: int, right: int) -> bool:
        """Record that two classes are equal. True if that is news. Classes of unlike type stay apart."""
        a, b = self[left], self[right]
        if a is b:
            return False
        if a.type != b.type:
            return self._narrow(a, b) or self._narrow(b, a)
        if len(a.parents) < len(b.parents):
            a, b = b, a
        self._parent[b.id] = a.id
        del self._classes[b.id]
        a.nodes.update(b.nodes)
        a.parents.update(b.parents)
        a.narrow |= b.narrow
        a.wide |= b.wide
        a.order = min(a.order, b.order)
        a.range = meet(a.range, b.range)
        a.constant = a.constant or b.constant
        self._dirty.add(a.id)
        self.version += 1
        return True

    def merge(self, id_: int, make: Callable[[], int]) -> None:
        """Record that a class equals the one that `make` builds, if the language has such an expression."""
        try:
            self.union(id_, make())
        except ScrutableError:
            return

    def rebuild(self) -> None:
        """Repair congruence (equal arguments make equal applications) and spread facts upwards."""
        for _ in range(100):
            if not self._dirty:
                return
            dirty, self._dirty = {self.find(id_) for id_ in self._dirty}, set()
            for id_ in dirty:
                if self.find(id_) == id_:
                    self._repair(self._classes[id_])

    def _narrow(self, wide: Class, slim: Class) -> bool:
        if not is_narrower(slim.type, wide.type) or slim.id in {self.find(n) for n in wide.narrow}:
            return False
        wide.narrow.add(slim.id)
        wide.range = meet(wide.range, slim.range)
        self._dirty.add(wide.id)
        self.version += 1
        others, slim.wide = slim.wide, slim.wide | {wide.id}
        for other in others:
            if self[other].type == wide.type:
                self.union(other, wide.id)
        return True

    def _insert(self, node: Node) -> int:
        known = self._ids.get(node)
        if known is not None:
            return self.find(known)
        id_ = len(self._parent)
        self._parent.append(id_)
        self._ids[node] = id_
        new = Class(id_, node.type, self._rank(node, id_), nodes={node: None})
        self._classes[id_] = new
        self.version += 1
        for arg in node.args:
            self[arg].parents[node] = id_
        self._learn(new, node)
        return self.find(id_)

    def _rank(self, node: Node, id_: int) -> tuple[int, ...]:
        """Variables first, in the order they were met; then applications; then literals."""
        if node.op == "var":
            return (0, self._order[node.params[0]])
        if node.op == "const":
            return (2, id_)
        return (1, *min((self[arg].order for arg in node.args), default=(2,))[-2:], id_)

    def _learn(self, class_: Class, node: Node) -> bool:
        """Facts about a class from one of its nodes: a literal value, a range. True if that is news."""
        if node.op == "const":
            class_.constant = Const(node.params[0], node.type)
        bounds = meet(class_.range, node_range(node, [self[arg] for arg in node.args], self.ranges))
        news, class_.range = bounds != class_.range, bounds
        if class_.constant is None:
            value = fold(node.op, [self[arg].constant for arg in node.args], node.params, node.type)
            if value is None and bounds[0] == bounds[1] and scalar_of(class_.type) is class_.type:
                value = Const(bool(bounds[0]) if class_.type == BOOL else int(bounds[0]), class_.type)
            if value is not None:
                class_.constant, news = value, True
                self.union(class_.id, self.add(value))
        return news

    def _repair(self, class_: Class) -> None:
        class_.narrow = {self.find(n) for n in class_.narrow} - {class_.id}
        for node, id_ in list(class_.parents.items()):
            self._ids.pop(node, None)
            fixed = node._replace(args=tuple(map(self.find, node.args)))
            if node in self.canonical:
                self.canonical.add(fixed)
            other = self._ids.get(fixed)
            if other is not None:
                self.union(other, id_)
            owner = self[id_]
            self._ids[fixed] = owner.id
            owner.nodes.pop(node, None)
            if owner.id not in fixed.args:  # what contains itself is of no use to anybody
                owner.nodes[fixed] = None
            for arg in fixed.args:
                self[arg].parents.pop(node, None)
                self[arg].parents[fixed] = owner.id
            if self._learn(owner, fixed):
                self._dirty.add(self.find(owner.id))
            if class_.narrow and fixed.op in WIDENING and owner.id != class_.id and not self.full:
                self._widen(class_, fixed, owner.id)

    def _widen(self, class_: Class, node: Node, id_: int) -> None:
        """Let the narrow classes of an argument stand in for it."""
        for slim in list(class_.narrow):
            args = [slim if self.find(arg) == class_.id else arg for arg in node.args]
            if node.op == "if" and args[0] != node.args[0]:
                continue
            self.union(id_, self.apply(node.op, *args, params=node.params))

    def _stand_in(self, id_: int) -> Expr:
        class_ = self[id_]
        return class_.constant or Var("_", class_.type)


@dataclass(frozen=True, slots=True)
class Saturation:
    """How a run of rewriting ended: `saturated` is true when no rule had anything left to say."""

    saturated: bool
    rounds: int
    nodes: int


def saturate(
    graph: EGraph, passes: list[Callable[[EGraph], Iterator[None]]], *, seconds: float, rounds: int = 12
) -> Saturation:
    """Run every pass over and over until nothing changes, the graph is full or the time is up.

    A pass is a generator that yields between small pieces of work, so that the limits hold within a pass too.
    """
    end = time.monotonic() + seconds
    for count in range(rounds):
        before = graph.version
        for rewriting in passes:
            for _ in rewriting(graph):
                if graph.full or time.monotonic() > end:
                    graph.rebuild()
                    return Saturation(saturated=False, rounds=count, nodes=graph.size)
            graph.rebuild()
        if graph.version == before:
            return Saturation(saturated=True, rounds=count + 1, nodes=graph.size)
    return Saturation(saturated=False, rounds=rounds, nodes=graph.size)
