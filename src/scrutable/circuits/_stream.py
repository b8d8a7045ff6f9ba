"""The residual stream of a captured graph: the chain of additions, found by structure alone.

An addition is one of the chain when one of its two arguments is computed, by way of a multiplication of matrices, from
something that the other one is a sum of: `h + f(h)`. What is added up along the chain are its terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from scrutable.circuits._operations import mixes, operation, passes, sums
from scrutable.network.engine import Graph, Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """Something that is added to the stream.

    Arguments:
        node: its value. into: the sum that it enters first. name: the shortest name its value has.
    """

    node: Node
    into: Node
    name: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """The chain of additions.

    Arguments:
        sums: the nodes that are sums, by their place in the graph. terms: everything that is added up in them.
    """

    sums: frozenset[int]
    terms: tuple[Term, ...]


def stream_of(graph: Graph) -> Stream:
    """The chain of additions of a graph, empty where there is none. Cost: quadratic in the number of additions."""
    inside: set[int] = set()
    terms: dict[int, Term] = {}
    for node in graph.nodes:
        if _is_residual(graph, node):
            chain, found = expanded(graph, node)
            inside |= chain
            terms |= {term.node.index: term for term in found if term.node.index not in terms}
    return Stream(frozenset(inside), tuple(terms[i] for i in sorted(terms)))


def expanded(graph: Graph, node: Node) -> tuple[set[int], list[Term]]:
    """The sums that a node is made of, and their terms. Constant vectors belong to no term."""
    inside: set[int] = set()
    terms: dict[int, Term] = {}
    waiting = [(node, node, "")]
    while waiting:
        at, into, name = waiting.pop()
        if at.live and sums(graph, at):
            name = name if passes(graph, at) else ""
            named = _shorter(name, at.name) if passes(graph, at) else ""
            inside.add(at.index)
            below = at if not passes(graph, at) else into
            waiting += [(graph.nodes[i], below, named) for i in at.inputs]
        elif at.live or _varies(graph, at, into):
            terms.setdefault(at.index, Term(at, into, _shorter(name, at.name)))
    return inside, list(terms.values())


def _shorter(name: str, other: str) -> str:
    """The name of fewest parts; of two alike the second, which is further down."""
    return name if name and name.count(".") < other.count(".") else other


def _varies(graph: Graph, node: Node, into: Node) -> bool:
    """Whether a constant is another one at each position: an embedding of positions, not a bias."""
    if node.rows is not None or into.rows is None or operation(into) not in ("add", "sub"):
        return False
    value = graph.evaluate([node.name], {})[node.name]
    return value.is_floating_point() and value.ndim > 1 and value.shape[:-1].numel() > 1


def _is_residual(graph: Graph, node: Node) -> bool:
    if operation(node) not in ("add", "sub") or not node.is_site:
        return False
    live = [graph.nodes[i] for i in node.inputs if graph.nodes[i].live]
    if len(live) != 2:
        return False
    return _skips(graph, live[0], live[1]) or _skips(graph, live[1], live[0])


def _skips(graph: Graph, kept: Node, computed: Node) -> bool:
    """Whether `computed` is a function, with weights, of something that `kept` is a sum of."""
    inside, terms = expanded(graph, kept)
    parts = {graph.nodes[i].name for i in inside} | {term.node.name for term in terms if term.node.live}
    between = (graph.ancestors([computed.name]) | {computed.name}) & graph.descendants(parts)
    return any(mixes(graph.node(name)) for name in between)
