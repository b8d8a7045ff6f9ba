"""Layered drawing of a directed graph: longest-path layers, barycentre ordering, long edges led through each layer.

After Sugiyama, Tagawa and Toda (1981), in the smallest form that draws programs of a few dozen variables well.
Cost: a few sweeps over the edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's centre is, in pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Centres of nodes, the points each edge runs through, and the size of it all."""

    places: Mapping[str, Place]
    paths: Mapping[tuple[str, str], tuple[Place, ...]]
    width: float
    height: float


Waypoint = tuple[str, str, int]
Vertex = str | Waypoint


def layers_of(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest path that ends in each node.

    Raises:
        ValueError: the edges form a cycle.
    """
    before: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        before[target].append(source)
    layers: dict[str, int] = {}
    waiting = list(nodes)
    while waiting:
        ready = [node for node in waiting if all(source in layers for source in before[node])]
        if not ready:
            raise ValueError("the edges form a cycle")
        layers.update({node: max((layers[s] + 1 for s in before[node]), default=0) for node in ready})
        waiting = [node for node in waiting if node not in layers]
    return layers


def arrange(
    sizes: Mapping[str, tuple[float, float]], edges: Sequence[tuple[str, str]], *, gap: float = 24, drop: float = 44
) -> Drawing:
    """Place nodes of the given (width, height) top to bottom, each below all it depends on.

    Arguments:
        edges: (from, to), without cycles.
        gap: pixels between neighbours in a layer. drop: pixels between layers.
    """
    layers = layers_of(list(sizes), edges)
    rows: list[list[Vertex]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node, layer in layers.items():
        rows[layer].append(node)
    links: list[tuple[Vertex, Vertex]] = []
    chains: dict[tuple[str, str], list[Vertex]] = {}
    for source, target in dict.fromkeys(edges):
        chain: list[Vertex] = [(source, target, k) for k in range(layers[source] + 1, layers[target])]
        for k, waypoint in enumerate(chain, layers[source] + 1):
            rows[k].append(waypoint)
        chains[source, target] = [source, *chain, target]
        links += list(zip(chains[source, target], chains[source, target][1:], strict=False))
    _untangle(rows, links)
    return _drawing(rows, chains, sizes, gap=gap, drop=drop)


def crossings(rows: Sequence[Sequence[Vertex]], links: Iterable[tuple[Vertex, Vertex]]) -> int:
    """How many pairs of links between neighbouring rows cross."""
    at = {vertex: (k, i) for k, row in enumerate(rows) for i, vertex in enumerate(row)}
    spans = [(at[s], at[t][1]) for s, t in links]
    pairs = ((a, b) for i, a in enumerate(spans) for b in spans[i + 1 :] if a[0][0] == b[0][0])
    return sum((a[0][1] - b[0][1]) * (a[1] - b[1]) < 0 for a, b in pairs)


def _untangle(rows: list[list[Vertex]], links: list[tuple[Vertex, Vertex]]) -> None:
    """Sort each row by the mean position of its neighbours, down and up; the order with fewest crossings stays."""
    best, fewest = [list(row) for row in rows], crossings(rows, links)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for k in order:
            near = {vertex: i for i, vertex in enumerate(rows[k - 1 if down else k + 1])}
            pulls = {v: [] for v in rows[k]}
            for source, target in links:
                here, there = (target, source) if down else (source, target)
                if here in pulls and there in near:
                    pulls[here].append(near[there])
            keys = {v: sum(p) / len(p) if p else float(i) for i, (v, p) in enumerate(pulls.items())}
            rows[k].sort(key=keys.__getitem__)
        found = crossings(rows, links)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    rows[:] = best


def _drawing(
    rows: Sequence[Sequence[Vertex]],
    chains: Mapping[tuple[str, str], Sequence[Vertex]],
    sizes: Mapping[str, tuple[float, float]],
    *,
    gap: float,
    drop: float,
) -> Drawing:
    def size(vertex: Vertex) -> tuple[float, float]:
        return sizes[vertex] if isinstance(vertex, str) else (8.0, 0.0)

    widths = [sum(size(v)[0] for v in row) + gap * (len(row) - 1) for row in rows]
    width = max(widths, default=0.0)
    at: dict[Vertex, Place] = {}
    y = 0.0
    for row, used in zip(rows, widths, strict=True):
        tall = max(size(v)[1] for v in row)
        x = (width - used) / 2
        for vertex in row:
            at[vertex] = Place(x + size(vertex)[0] / 2, y + tall / 2)
            x += size(vertex)[0] + gap
        y += tall + drop
    places = {vertex: place for vertex, place in at.items() if isinstance(vertex, str)}
    paths = {edge: tuple(at[v] for v in chain) for edge, chain in chains.items()}
    return Drawing(places, paths, width, max(0.0, y - drop))
