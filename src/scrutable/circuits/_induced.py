"""The circuit that a program induces: which connections it needs, by where its variables are.

A variable is computed at its place from what the program reads for it, at the places of those. Whatever lies on the way
from one place to the next, and is no place of a variable itself, passes it on: the program says nothing of how. All
other connections are said not to matter. This is how causal scrubbing reads a hypothesis, in terms of components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

import numpy as np

from scrutable.circuits._attention import heads_of
from scrutable.circuits._operations import affine, live_inputs, sums
from scrutable.circuits._places import INPUT, OUTPUT, Places
from scrutable.circuits._stream import stream_of
from scrutable.circuits._wiring import Source, Wiring
from scrutable.network import Position, Site
from scrutable.network.engine import Graph, Node
from scrutable.network.engine._pick import Pick


def induced(wiring: Wiring, places: Places) -> np.ndarray:
    """The edges on the ways from the places of what is read to the places of what reads it, `(edges,)` booleans.

    Components that read nothing hold the input; those among them that are the same for every input may be read by all.

    Raises:
        UserError: a site that is no value of the captured graph.
    """
    starts, constants = starts_of(wiring), {s.component for s in wiring.sources if s.constant is not None}
    at: dict[str, Set[str]] = {name: components_at(wiring, site) for name, site in places.sites.items()}
    at |= {INPUT: starts - constants, OUTPUT: {"output"}}
    free = set(wiring.components) - starts - set().union(*at.values())
    keep = np.zeros(len(wiring.edges), dtype=bool)
    for name, read in places.reads.items():
        for other in read:
            keep |= _between(wiring, at[other], at[name], free)
    inside = {edge.target for edge, kept in zip(wiring.edges, keep, strict=True) if kept}
    return keep | np.array([edge.source in constants and edge.target in inside for edge in wiring.edges])


def starts_of(wiring: Wiring) -> set[str]:
    """The components that read nothing."""
    return set(wiring.components) - {edge.target for edge in wiring.edges}


def _between(wiring: Wiring, above: Set[str], below: Set[str], free: Set[str]) -> np.ndarray:
    """The edges on ways from some components to others that pass free ones only, `(edges,)` booleans."""
    after: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for edge in wiring.edges:
        after.setdefault(edge.source, set()).add(edge.target)
        before.setdefault(edge.target, set()).add(edge.source)
    down, up = _reached(after, above, free), _reached(before, below, free)
    return np.array([edge.source in down and edge.target in up for edge in wiring.edges])


def _reached(following: Mapping[str, Set[str]], ends: Set[str], free: Set[str]) -> set[str]:
    """Some components, and the free ones that are reached from them by way of free ones."""
    waiting, found = list(ends), set(ends)
    while waiting:
        fresh = following.get(waiting.pop(), set()) & free - found
        found |= fresh
        waiting += fresh
    return found


def components_at(wiring: Wiring, site: Site) -> set[str]:
    """The components whose work a site shows: those that it is a sum of, else those that are computed from it before
    the next sum, else those that it is an affine function of. Of heads and units, those that the site covers.

    Raises:
        UserError: no such value, or indices that do not exist.
    """
    return set().union(*(_components_at(wiring, part) for part in site.parts))


def _components_at(wiring: Wiring, site: Site) -> set[str]:
    """The same of one place."""
    graph, node = wiring.graph, wiring.graph.node(site.name)
    terms = {source.node.index for source in wiring.sources}
    found = _made_of(graph, node, terms, sums) or _after(graph, node, terms) or _made_of(graph, node, terms, affine)
    sources = [source for source in wiring.sources if source.node.index in found]
    covered = _covered(graph, site, node, sources)
    parts = ((source, source.part) for source in sources)
    return {source.component for source, part in parts if part is None or covered is None or part.at in covered}


def _covered(graph: Graph, site: Site, node: Node, sources: list[Source]) -> np.ndarray | None:
    """The heads or units that a site covers, which are on the first axis of a row; None where they are on no axis."""
    if all(source.part is None for source in sources):
        return None
    if len(node.shape) == 1:
        return Pick.of(site.bare, node.shape).chosen[0]
    first = site.indices[0]
    if len(site.indices) != len(node.shape) or isinstance(first, Position) or not _heads_first(graph, node, sources):
        return None
    return Pick.of(Site(site.name, units=first), node.shape[:1]).chosen[0]


def _heads_first(graph: Graph, node: Node, sources: list[Source]) -> bool:
    """Whether a value has the heads of the one attention that it belongs to on the first axis of a row."""
    found = {source.node.index: heads_of(graph, source.node) for source in sources}
    (attention, *others) = found.values()
    if others or attention is None or node.rows is None:
        return False
    return node.rows.group == attention.heads or node.index in (attention.scores.index, attention.pattern.index)


def _made_of(graph: Graph, node: Node, terms: set[int], passes: Callable[[Graph, Node], bool]) -> set[int]:
    """The terms that a value is computed from by operations that pass; none where any other is between."""
    waiting, found = [node], set()
    while waiting:
        at = waiting.pop()
        if at.index in terms:
            found.add(at.index)
        elif passes(graph, at):
            waiting += live_inputs(graph, at)
        else:
            return set()
    return found


def _after(graph: Graph, node: Node, terms: set[int]) -> set[int]:
    """The terms that are computed from a value, without another one or a sum of the stream between."""
    chain, waiting, found = stream_of(graph).sums, [node.name], set()
    while waiting:
        for reader in graph.readers(waiting.pop()):
            if reader.index in terms:
                found.add(reader.index)
            elif reader.index not in chain:
                waiting.append(reader.name)
    return found
