"""What the operations of a captured graph do to sums: which pass one on, which add, which mix entries by weights."""

from __future__ import annotations

from scrutable.network.engine import Graph, Node

_PASSING = {
    "same",
    "_to_copy",
    "alias",
    "clone",
    "contiguous",
    "detach",
    "expand",
    "permute",
    "reshape",
    "select",
    "slice",
    "squeeze",
    "t",
    "transpose",
    "unsqueeze",
}
_SPLITTING = {"split", "split_with_sizes", "unbind", "chunk"}
_ADDING = {"add", "sub", "rsub", "cat", "stack"}
_SCALING = {"mul", "div", "neg"}
_WEIGHING = {"mm", "addmm", "bmm", "baddbmm", "matmul", "linear", "convolution"}


def operation(node: Node) -> str:
    """The bare name of what computes a node, such as "addmm"; "" for the input, weights and constants."""
    if node.call is None:
        return ""
    name = getattr(node.call, "name", None)
    if name is None:
        return node.call.__name__
    return name().removeprefix("aten::").partition(".")[0]


def live_inputs(graph: Graph, node: Node) -> list[Node]:
    """The nodes that depend on the input among those that a node is computed from."""
    return [graph.nodes[i] for i in node.inputs if graph.nodes[i].live]


def passes(graph: Graph, node: Node) -> bool:
    """Whether a node holds the entries of another one in another shape, or a part of them."""
    name = operation(node)
    if name in _SPLITTING:
        return True
    return name in _PASSING or (name == "getitem" and operation(graph.nodes[node.inputs[0]]) in _SPLITTING)


def sums(graph: Graph, node: Node) -> bool:
    """Whether a node is a sum (or a concatenation) of values, one value moved, or one times a constant."""
    name = operation(node)
    if name in _SCALING:
        live = live_inputs(graph, node)
        return len(live) == 1 and not (name == "div" and node.args and getattr(node.args[0], "node", None) is None)
    return name in _ADDING or passes(graph, node)


def mixes(node: Node) -> bool:
    """Whether a node multiplies matrices."""
    return operation(node) in _WEIGHING


def affine(graph: Graph, node: Node) -> bool:
    """Whether a node is an affine function of what it depends on, all else being weights."""
    return sums(graph, node) or (mixes(node) and len(live_inputs(graph, node)) == 1)
