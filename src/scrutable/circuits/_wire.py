"""From a captured graph to its edge graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

import torch
from torch import Tensor, nn

from scrutable.circuits._attention import Attention, attention_of
from scrutable.circuits._layered import layered
from scrutable.circuits._stream import Term, stream_of
from scrutable.circuits._wiring import Port, Read, Slice, Source, Stage, Wiring
from scrutable.errors import UserError
from scrutable.network.engine import Graph, Node, capture
from scrutable.network.engine._graph import INPUT, OUTPUT


def wire(module: nn.Module, x: Tensor) -> Wiring:
    """The edge graph of a network, by the structure of its forward alone: names only serve to call things by.

    Where there is no chain of additions, the network must be a chain of layers, and components are its units.

    Arguments:
        x: at least three different rows of the module's argument.

    Raises:
        NotCaptured: the forward is no fixed sequence of operations.
        UserError: the network has neither a residual stream nor a chain of layers.
    """
    with torch.no_grad():
        return _wired(capture(module, x, open_attention=True), x)


def _wired(graph: Graph, x: Tensor) -> Wiring:
    stream = stream_of(graph)
    if not stream.terms:
        return layered(graph, x)
    wirer = _Wirer(graph, stream.sums, x[:1])
    for term in stream.terms:
        wirer.add(term)
    return wirer.finish()


@final
class _Wirer:
    """The sources and stages found so far. Terms come in the order of the graph, so what is read was added before."""

    def __init__(self, graph: Graph, chain: frozenset[int], x: Tensor) -> None:
        self.graph, self.chain, self.x = graph, chain, x
        self.sources: list[Source] = []
        self.stages: list[Stage] = []
        self.edges = 0
        self.names: dict[str, int] = {}

    def add(self, term: Term) -> None:
        """The components of a term: heads where it is attention and nothing else reads the stream for it, else one."""
        attention = attention_of(self.graph, term.node) if term.node.live else ()
        if attention and not any(self._beside(part) for part in attention):
            for part in attention:
                self._heads(part)
            return
        name = self._named(term.name)
        if not term.node.live:
            self._constant(name, term)
            return
        self._stage(term.node, [(self._stops([term.node]), [Port(name, "input", None)])])
        assert term.node.rows is not None
        self.sources.append(Source(name, term.node, None, term.node.rows))

    def finish(self) -> Wiring:
        """The wiring, with the output as the last component.

        Raises:
            UserError: the output does not read the stream.
        """
        output = self.graph.node(OUTPUT)
        stops = self._stops([output])
        if not stops:
            raise UserError("got a network whose output does not read its sums, expected a residual stream up to it")
        self._stage(output, [(stops, [Port("output", "input", None)])])
        return Wiring(self.graph, tuple(self.sources), tuple(self.stages))

    def _constant(self, name: str, term: Term) -> None:
        """A constant as the sum that it enters sees it: once for each row."""
        names = [term.node.name, term.into.name]
        value, whole = self.graph.evaluate(names, {INPUT: self.x}).values()
        rows = term.into.rows
        assert rows is not None
        self.sources.append(Source(name, term.node, None, rows, rows.first(value.expand_as(whole))[0]))

    def _heads(self, attention: Attention) -> None:
        parts = [Slice(1, at) if attention.heads > 1 else None for at in range(attention.heads)]
        path = self._named(attention.mixed.name.rpartition(".")[0] or "attention")
        names = [f"{path}.{at}" for at in range(attention.heads)]
        reads: dict[int, tuple[Node, list[str]]] = {}
        for port in ("query", "key", "value"):
            node = getattr(attention, port)
            reads.setdefault(node.index, (node, []))[1].append(port)
        wanted = [
            ((node,), [Port(name, "-".join(ports), part) for name, part in zip(names, parts, strict=True)])
            for node, ports in reads.values()
        ]
        self._stage(attention.mixed, wanted)
        assert attention.mixed.rows is not None
        for name, part in zip(names, parts, strict=True):
            self.sources.append(Source(name, attention.mixed, part, attention.mixed.rows))

    def _stage(self, node: Node, wanted: Iterable[tuple[tuple[Node, ...], list[Port]]]) -> None:
        reads = []
        for nodes, ports in wanted:
            sources = self._sources_of(nodes)
            reads.append(Read(nodes, tuple(ports), sources, self.edges))
            self.edges += len(ports) * len(sources)
        self.stages.append(Stage(node, tuple(read for read in reads if read.nodes)))

    def _stops(self, nodes: Iterable[Node], *, within: Iterable[Node] = ()) -> tuple[Node, ...]:
        """Where the stream is read for some nodes: the nearest sums or terms above them, not looking past `within`."""
        ends, terms = {n.index for n in within}, {source.node.index for source in self.sources}
        waiting, seen, found = [i for node in nodes for i in node.inputs], set(), set()
        while waiting:
            i = waiting.pop()
            if i in seen or i in ends:
                continue
            seen.add(i)
            if i in terms or i in self.chain:
                found.add(i)
            elif self.graph.nodes[i].live:
                waiting += self.graph.nodes[i].inputs
        return tuple(self.graph.nodes[i] for i in sorted(found))

    def _beside(self, attention: Attention) -> bool:
        """Whether attention reads the stream by something else than queries, keys and values."""
        return bool(self._stops([attention.mixed], within=(attention.query, attention.key, attention.value)))

    def _sources_of(self, nodes: Iterable[Node]) -> tuple[int, ...]:
        """The terms, found so far, that nodes are computed from without another one between."""
        at: dict[int, list[int]] = {}
        for place, source in enumerate(self.sources):
            at.setdefault(source.node.index, []).append(place)
        waiting, seen, found = [node.index for node in nodes], set(), []
        while waiting:
            i = waiting.pop()
            if i in seen:
                continue
            seen.add(i)
            if i in at:
                found += at[i]
            else:
                waiting += self.graph.nodes[i].inputs
        return tuple(sorted(found))

    def _named(self, name: str) -> str:
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else f"{name}#{self.names[name]}"
