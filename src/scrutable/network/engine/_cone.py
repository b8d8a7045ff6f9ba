"""What must be run again when some values change, and which unchanged values that needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from scrutable.network.engine._graph import OUTPUT, Graph


@final
@dataclass(frozen=True, slots=True)
class Cone:
    """The part of a graph between changed values and its end, which is the output or another value.

    Arguments:
        frontier: values outside it that it is computed from. bases: changed values that no other change reaches: what
            they were must be known where only part of them changes. later: the other changed values; they are computed.
        reaches: whether the end depends on a change at all.
        bytes: of all its values, for one row.
    """

    frontier: tuple[str, ...]
    bases: tuple[str, ...]
    later: tuple[str, ...]
    reaches: bool
    bytes: int

    @staticmethod
    def of(graph: Graph, changed: Iterable[str], end: str = OUTPUT) -> Cone:
        """The cone of some values.

        Raises:
            UserError: one of them is no value with rows, or there is no such end.
        """
        changed = tuple(changed)
        below = {graph.node(name).index for name in graph.descendants(changed)}
        starts = {graph.names[name]: name for name in changed if graph.rows(name)}
        cut = starts.keys() - below
        inside, frontier = set(), set()
        waiting = [graph.node(end).index]
        while waiting:
            i = waiting.pop()
            node = graph.nodes[i]
            if i in inside or i in frontier or i in cut:
                continue
            if node.live and node.rows is not None and i not in below:
                frontier.add(i)
                continue
            inside.add(i)
            waiting += node.inputs
        return Cone(
            frontier=tuple(graph.nodes[i].name for i in sorted(frontier)),
            bases=tuple(starts[i] for i in sorted(cut)),
            later=tuple(starts[i] for i in sorted(starts.keys() & below)),
            reaches=graph.names[end] in below or graph.names[end] in starts,
            bytes=sum(graph.nodes[i].bytes for i in inside),
        )
