"""Where the variables of a program live: what a component gives, or gets, as far as it is seen.

Several variables may live in one component, each in the numbers, and along the directions, that its readers see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from scrutable.circuits._attention import heads_of
from scrutable.circuits._operations import live_inputs
from scrutable.network import Position, Site, Span
from scrutable.network.engine import Node
from scrutable.propose._attention_graph import Component, parts_of
from scrutable.propose._attention_reading import Reading

FAINT = 0.02
"""Directions that are seen less than this share of the one seen most are not."""
ALL = Span()


@final
@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is seen of a value of the graph.

    Arguments:
        site: all of the value, at each position. through: `(numbers, k)`, what is seen of its numbers; None for all.
    """

    site: Site
    through: np.ndarray | None


@final
@dataclass(eq=False)
class Sites:
    """The views of each variable found so far."""

    reading: Reading
    views: dict[str, list[View | None]] = field(default_factory=dict)

    def note(self, name: str, component: Component, port: str, through: np.ndarray | None) -> None:
        """A variable is seen in a component.

        Arguments:
            port: "held" for what the component gives, "pattern" for its weights, else the port that gets the variable.
        """
        site = _whole(self.reading, component, port)
        self.views.setdefault(name, []).append(None if site is None else View(site, through))

    def hidden(self, name: str) -> None:
        """A variable is seen where nothing else can be set apart from it."""
        self.views.setdefault(name, []).append(None)

    def found(self, names: Iterable[str]) -> dict[str, str]:
        """The sites of variables, of those that have one."""
        sites = {name: self._site(name) for name in names}
        return {name: str(site) for name, site in sites.items() if site is not None}

    def _site(self, name: str) -> Site | None:
        """The first place, of which the others must be computed: setting it sets them."""
        views = [view for view in self.views.get(name, []) if view is not None]
        if not views or len(views) < len(self.views[name]):
            return None
        graph = self.reading.network.captured.graph
        first = min((view.site.name for view in views), key=lambda each: graph.node(each).index)
        others = {view.site.name for view in views} - {first}
        here = [view for view in views if view.site.name == first]
        alike = all(view.site == here[0].site for view in here)
        if not alike or any(first not in graph.ancestors([other]) for other in others):
            return None
        seen = [view.through for view in here if view.through is not None]
        return here[0].site if len(seen) < len(here) else _along(here[0].site, np.hstack(seen))


def _whole(reading: Reading, component: Component, port: str) -> Site | None:
    """All of what a component holds or gets, at each position; None where the network's own graph does not show it."""
    graph = reading.wiring.graph
    parts = None
    if component.kind == "units":
        hidden = reading.hidden(graph, component)
        node = hidden if port == "held" else live_inputs(graph, hidden)[0]
    else:
        sources = [reading.wiring.sources[at] for at in component.places]
        attention, parts = heads_of(graph, sources[0].node), parts_of(sources)
        assert attention is not None
        node = attention.mixed if port == "held" else getattr(attention, port)
    return _at_positions(reading, node, parts, keys=port == "key")


def _at_positions(reading: Reading, node: Node, parts: list[int] | None, *, keys: bool) -> Site | None:
    shown = reading.network.captured.graph
    axis = len(node.shape) - (1 if keys else 2)  # keys are turned for their product with queries
    before = node.shape[axis] - max(reading.words) if axis >= 0 else -1
    if before < 0 or node.name not in shown.names or shown.node(node.name).shape != node.shape:
        return None
    indices: list[int | Span | Position | tuple[int, ...]] = [ALL] * len(node.shape)
    indices[axis] = Position(before)
    if parts is not None:
        if len(node.shape) != 3:
            return None
        indices[0] = parts[0] if len(parts) == 1 else tuple(parts)
    *axes, step, units = indices
    return Site(node.name, step, units, axes=tuple(axes))


def _along(site: Site, through: np.ndarray) -> Site:
    """The numbers that are seen, along the directions that are seen."""
    used = np.flatnonzero(np.abs(through).max(1) > 0)
    if site.units == ALL and not any(isinstance(axis, tuple) for axis in site.axes) and len(used) < len(through):
        site, through = replace(site, units=_short(used)), through[used]
    axes, sizes, _ = np.linalg.svd(through, full_matrices=False)
    rank = int((sizes > FAINT * sizes[0]).sum())
    return site if rank == len(through) else site.along(np.round(axes[:, :rank].T, 12))


def _short(numbers: np.ndarray) -> Span | tuple[int, ...]:
    first, last = int(numbers[0]), int(numbers[-1])
    return Span(first, last + 1) if last - first + 1 == len(numbers) else tuple(map(int, numbers))
