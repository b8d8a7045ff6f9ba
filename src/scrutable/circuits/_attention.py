"""Attention heads in a captured graph, several of which may be computed in one tensor.

A head is found at a softmax: the product before it is that of queries and keys, the product after it takes the mean of
values. The axis that heads are on is the one that the products run over beside the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from scrutable.circuits._operations import affine, operation
from scrutable.network.engine import Graph, Node

_BETWEEN = {"add", "sub", "mul", "div", "where", "masked_fill", "to", "_to_copy", "clone", "expand", "reshape", "same"}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """Heads of one tensor.

    Arguments:
        query, key, value: what the products read. scores, pattern: what the softmax gets and gives. mixed: the means
            of values, of all heads. heads: how many.
    """

    query: Node
    key: Node
    value: Node
    scores: Node
    pattern: Node
    mixed: Node
    heads: int


def attention_of(graph: Graph, node: Node) -> tuple[Attention, ...]:
    """The attention that a node is an affine function of; none where anything else is in it."""
    waiting, seen, found = [node], {node.index}, []
    while waiting:
        at = waiting.pop()
        heads = heads_of(graph, at)
        if heads is not None:
            found.append(heads)
        elif affine(graph, at):
            fresh = [graph.nodes[i] for i in at.inputs if graph.nodes[i].live and i not in seen]
            seen |= {n.index for n in fresh}
            waiting += fresh
        else:
            return ()
    return tuple(sorted(found, key=lambda a: a.mixed.index))


def heads_of(graph: Graph, node: Node) -> Attention | None:
    """The attention whose last product a node is."""
    if operation(node) != "bmm":
        return None
    pattern, value = (graph.nodes[a.node] for a in node.args[:2])
    softmax = _back(graph, pattern, ("softmax",))
    if softmax is None:
        return None
    scores = _live(graph, softmax)
    product = _back(graph, scores, ("bmm", "baddbmm"))
    if product is None or product.rows is None or node.rows is None:
        return None
    query, key = (graph.nodes[a.node] for a in product.args[-2:])
    group = node.rows.group
    if any(part.rows is None or part.rows.group != group for part in (query, key, value)):
        return None
    return Attention(query, key, value, scores, softmax, node, group)


def _live(graph: Graph, node: Node) -> Node:
    return next(graph.nodes[i] for i in node.inputs if graph.nodes[i].live)


def _back(graph: Graph, node: Node, wanted: tuple[str, ...]) -> Node | None:
    """The nearest node above that does what is wanted, by way of entries that stay apart."""
    while node.live and not any(operation(node).endswith(name) for name in wanted):
        if operation(node) not in _BETWEEN or not node.inputs:
            return None
        node = _live(graph, node)
    return node if node.live else None
