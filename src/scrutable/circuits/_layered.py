"""The edge graph of a plain chain of layers: its units, each of which reads all units of the layer before."""

from __future__ import annotations

from torch import Tensor

from scrutable.circuits._operations import live_inputs, mixes
from scrutable.circuits._wiring import Port, Read, Slice, Source, Stage, Wiring
from scrutable.errors import UserError
from scrutable.network.engine import Graph, Node
from scrutable.network.engine._graph import INPUT, OUTPUT


def layered(graph: Graph, x: Tensor) -> Wiring:
    """The wiring of a multilayer perceptron. Units of the first layer are columns of the input.

    Raises:
        UserError: the network is no chain of layers of units, each reading the one before.
    """
    products = _chain(graph)
    layers = [live_inputs(graph, product)[0] for product in products]
    names = ["input", *(f"layer {number}" for number in range(1, len(layers)))]
    sources: list[Source] = []
    stages: list[Stage] = []
    below: tuple[int, ...] = ()
    edges = 0
    for number, (layer, name) in enumerate(zip(layers, names, strict=True)):
        parts = _units(graph, layer, x)
        if number:
            ports = tuple(Port(f"{name}.{part.at}", "input", part) for part in _units(graph, products[number - 1], x))
            if len(ports) != len(parts):
                raise UserError(f"got {len(ports)} and {len(parts)} units around {layer.name}, expected equal numbers")
            stages.append(Stage(layer, (Read((products[number - 1],), ports, below, edges),)))
            edges += len(ports) * len(below)
        assert layer.rows is not None
        below = tuple(range(len(sources), len(sources) + len(parts)))
        sources += [Source(f"{name}.{part.at}", layer, part, layer.rows) for part in parts]
    end = Read((products[-1],), (Port("output", "input", None),), below, edges)
    return Wiring(graph, tuple(sources), (*stages, Stage(graph.node(OUTPUT), (end,))))


def _chain(graph: Graph) -> list[Node]:
    """The products by weights, each computed from the one before alone."""
    products = [node for node in graph.nodes if node.is_site and mixes(node)]
    chained = all(len(live_inputs(graph, node)) == 1 for node in products) and all(
        _nearest(graph, after) == {before.index} for before, after in zip(products, products[1:], strict=False)
    )
    if not products or not chained or _nearest(graph, graph.node(OUTPUT)) != {products[-1].index}:
        raise UserError("got a network without residual sums that is no chain of layers, expected one of the two")
    return products


def _nearest(graph: Graph, node: Node) -> set[int]:
    waiting, found = list(node.inputs), set()
    while waiting:
        at = graph.nodes[waiting.pop()]
        if at.is_site and mixes(at):
            found.add(at.index)
        elif at.live:
            waiting += at.inputs
    return found


def _units(graph: Graph, node: Node, x: Tensor) -> list[Slice]:
    assert node.rows is not None
    shape = tuple(node.rows.first(graph.evaluate([node.name], {INPUT: x[:1]})[node.name]).shape[1:])
    if len(shape) != 1:
        raise UserError(f"got {node.name} of shape {shape} for each row, expected a plain list of units")
    return [Slice(1, at) for at in range(shape[0])]
