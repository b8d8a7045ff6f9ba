"""The circuit that an alignment of a program induces: the edges between the components where its variables are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from scrutable.circuits._operations import affine, live_inputs, sums
from scrutable.circuits._stream import stream_of
from scrutable.circuits._wiring import Wiring
from scrutable.network import Site
from scrutable.network.engine import Graph, Node
from scrutable.network.engine._pick import Pick


def induced(wiring: Wiring, sites: Iterable[Site]) -> np.ndarray:
    """The edges between components that read nothing, those at the sites, and the output, `(edges,)` booleans.

    Raises:
        UserError: a site that is no value of the captured graph.
    """
    readers = {edge.target for edge in wiring.edges}
    inside = {name for name in wiring.components if name not in readers} | {"output"}
    for site in sites:
        inside |= components_at(wiring, site)
    return np.array([edge.source in inside and edge.target in inside for edge in wiring.edges])


def components_at(wiring: Wiring, site: Site) -> set[str]:
    """The components whose work a site shows: those that it is a sum of, else those that are computed from it before
    the next sum, else those that it is an affine function of. Of units, those that the site covers.

    Raises:
        UserError: no such value, or indices that do not exist.
    """
    graph, node = wiring.graph, wiring.graph.node(site.name)
    terms = {source.node.index for source in wiring.sources}
    found = _made_of(graph, node, terms, sums) or _after(graph, node, terms) or _made_of(graph, node, terms, affine)
    sources = [source for source in wiring.sources if source.node.index in found]
    if not any(source.part for source in sources) or len(node.shape) != 1:
        return {source.component for source in sources}
    (units,) = Pick.of(Site(site.name, site.step, site.units), node.shape).chosen
    return {source.component for source in sources if source.part is None or source.part.at in units}


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
