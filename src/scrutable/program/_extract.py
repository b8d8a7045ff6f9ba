"""Choosing the cheapest expression of each class of an e-graph."""

from __future__ import annotations

from collections.abc import Callable

from scrutable.program._bits import expr_bits
from scrutable.program._egraph import EGraph, Node
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import operator

Cost = tuple[float, int]
"""Bits, then how many nodes are not in canonical order."""


class Extraction:
    """The cheapest expression of every class that can be written with the variables allowed.

    Arguments:
        graph: the e-graph, rebuilt.
        scope_size: how many variables an expression can read, see `expr_bits`.
        allowed: which variables may be read.
    """

    def __init__(self, graph: EGraph, *, scope_size: int, allowed: Callable[[str], bool]) -> None:
        self.graph = graph
        self._scope_size = scope_size
        self._own: dict[Node, Cost | None] = {}
        self._best: dict[int, tuple[Cost, Node]] = {}
        for class_ in graph.classes():
            for node in class_.nodes:
                self._own[node] = self._own_cost(node, allowed)
        self._settle()

    def cost(self, id_: int) -> Cost | None:
        """What the cheapest expression costs; None when there is none."""
        best = self._best.get(self.graph.find(id_))
        return None if best is None else best[0]

    def expr(self, id_: int) -> Expr:
        """The cheapest expression of a class.

        Raises:
            KeyError: it needs a variable that is not allowed.
        """
        _, node = self._best[self.graph.find(id_)]
        if node.op == "var":
            return Var(node.params[0], node.type)
        if node.op == "const":
            return Const(node.params[0], node.type)
        args = tuple(self.expr(arg) for arg in node.args)
        return flattened(Call(node.op, args, node.params, node.type))

    def bits(self, expr: Expr) -> float:
        """The bits of any expression in this scope."""
        return expr_bits(expr, self._scope_size)

    def _settle(self) -> None:
        changed = True
        while changed:
            changed = False
            for class_ in self.graph.classes():
                for node in class_.nodes:
                    cost = self._node_cost(node)
                    best = self._best.get(class_.id)
                    if cost is not None and (best is None or cost < best[0]):
                        self._best[class_.id] = (cost, node)
                        changed = True

    def _node_cost(self, node: Node) -> Cost | None:
        own = self._own[node]
        if own is None:
            return None
        bits, untidy = own
        for arg in node.args:
            best = self._best.get(self.graph.find(arg))
            if best is None:
                return None
            bits, untidy = bits + best[0][0], untidy + best[0][1]
        return round(bits, 9), untidy

    def _own_cost(self, node: Node, allowed: Callable[[str], bool]) -> Cost | None:
        if node.op == "var":
            variable = Var(node.params[0], node.type)
            return (expr_bits(variable, self._scope_size), 0) if allowed(variable.name) else None
        if node.op == "const":
            return expr_bits(Const(node.params[0], node.type), self._scope_size), 0
        blanks = tuple(Var("_", self.graph[arg].type) for arg in node.args)
        bits = expr_bits(Call(node.op, blanks, node.params, node.type), 1) - len(blanks) * expr_bits(blanks[0], 1)
        return bits, 0 if node in self.graph.canonical else 1


def flattened(call: Call) -> Call:
    """`min(min(a, b), c)` as `min(a, b, c)`, for operators that take any number of arguments."""
    if operator(call.op).arity is not None or call.op == "table" or call.params:
        return call
    args = tuple(
        inner
        for arg in call.args
        for inner in (arg.args if isinstance(arg, Call) and (arg.op, arg.type) == (call.op, call.type) else (arg,))
    )
    return Call(call.op, args, call.params, call.type) if call.op in ("min", "max", "and", "or") else call
