"""The edge graph of a network: which component reads what which other one wrote.

Components are attention heads, MLP blocks, embeddings, whatever else adds to the residual stream, and the output; of a
plain chain of layers, they are single units. A component reads by ports: a head by its query, key and value, any other
by one input. An edge is one source in what one port reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from scrutable.circuits._findings import Edge
from scrutable.network.engine import Graph, Node, Rows


@dataclass(frozen=True, slots=True)
class Slice:
    """One entry on one axis of a value whose rows are in front: a head, or a unit."""

    axis: int
    at: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a component writes.

    Arguments:
        component: its name. node: the value. part: which entry of it; None for all of it.
        rows: where rows are in the value; of a constant, where they are in the sum that it enters.
        constant: its value in each row, where that is always the same.
    """

    component: str
    node: Node
    part: Slice | None
    rows: Rows
    constant: Tensor | None = None

    def first(self, value: Tensor, n: int) -> Tensor:
        """The value with its rows in front, `(n, ...)`."""
        return self.rows.first(value) if self.constant is None else self.constant.expand(n, *self.constant.shape)


@final
@dataclass(frozen=True, slots=True)
class Port:
    """By what a component reads: "query", "key", "value" or "input"; `part` is its entry of the value computed."""

    component: str
    name: str
    part: Slice | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Values computed from the stream, of which ports see a part each.

    Arguments:
        nodes: the values. ports: those that see them. sources: what they are computed from, by place in the wiring.
        first: the number of the first edge; the edges of one port lie together, in the order of the sources.
    """

    nodes: tuple[Node, ...]
    ports: tuple[Port, ...]
    sources: tuple[int, ...]
    first: int

    @property
    def edges(self) -> slice:
        """The edges of all ports."""
        return slice(self.first, self.first + len(self.ports) * len(self.sources))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A value that components write, or the output, with what they read for it."""

    node: Node
    reads: tuple[Read, ...]


@final
@dataclass(frozen=True, eq=False)
class Wiring:
    """The edge graph of a captured network.

    Arguments:
        sources: what components write, in the order of the graph. stages: how the values come about, in order.
    """

    graph: Graph
    sources: tuple[Source, ...]
    stages: tuple[Stage, ...]
    edges: tuple[Edge, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = [
            Edge(self.sources[s].component, port.component, port.name)
            for read in self.reads
            for port in read.ports
            for s in read.sources
        ]
        object.__setattr__(self, "edges", tuple(found))

    @property
    def reads(self) -> tuple[Read, ...]:
        """What is read, stage by stage."""
        return tuple(read for stage in self.stages for read in stage.reads)

    @cached_property
    def components(self) -> tuple[str, ...]:
        """The names of all components, the output last."""
        readers = (port.component for read in self.reads for port in read.ports)
        return tuple(dict.fromkeys([*(source.component for source in self.sources), *readers]))

    @cached_property
    def edge_sources(self) -> np.ndarray:
        """The source of each edge, by place, `(edges,)`."""
        return np.array([s for read in self.reads for _ in read.ports for s in read.sources], dtype=int)

    @cached_property
    def edge_stages(self) -> np.ndarray:
        """The stage that each edge is read for, by place, `(edges,)`."""
        counts = [(at, len(r.ports) * len(r.sources)) for at, stage in enumerate(self.stages) for r in stage.reads]
        return np.repeat(*np.array(counts, dtype=int).reshape(-1, 2).T)

    @cached_property
    def edge_ports(self) -> np.ndarray:
        """The port of each edge, numbered, `(edges,)`."""
        counts = [len(read.sources) for read in self.reads for _ in read.ports]
        return np.repeat(np.arange(len(counts)), counts)
