"""A module's forward as a graph of tensor operations, each with a readable name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network.engine._node import Node, Rows
from scrutable.network.engine._schedule import Schedule, filled, schedule

INPUT, OUTPUT = "input", "output"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A forward as nodes in the order in which they are computed. "input" and "output" are names like any other.

    It holds the module's own weights, which are values that can be replaced like all others, by their parameter names.
    It takes any number of rows of the shape that it was captured on: sequences of another length need another graph.

    Arguments:
        nodes: in topological order, `nodes[i].index == i`; the input is the first and the output the last.
        shape: of one row of the input. names: where each name is.
        bytes: of all values, for one row.
    """

    nodes: tuple[Node, ...]
    shape: tuple[int, ...]
    names: dict[str, int] = field(init=False)
    bytes: int = field(init=False)
    _readers: tuple[tuple[int, ...], ...] = field(init=False, repr=False)
    _schedules: dict[Any, Schedule] = field(init=False, repr=False, default_factory=dict)
    _held: dict[int, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", {node.name: node.index for node in self.nodes})
        readers: list[list[int]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for i in dict.fromkeys(node.inputs):
                readers[i].append(node.index)
        object.__setattr__(self, "bytes", sum(node.bytes for node in self.nodes))
        object.__setattr__(self, "_readers", tuple(map(tuple, readers)))

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of all values that depend on the input and have rows, in order."""
        return tuple(node.name for node in self.nodes if node.is_site)

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            UserError: there is none.
        """
        if name not in self.names:
            last = name.rpartition(".")[2]
            near = [known for known in self.names if known.rpartition(".")[2] == last] or list(self.sites)
            raise UserError(
                f"got the site {name[:60]!r}, expected a value of the network such as {', '.join(near[:8])}"
            )
        return self.nodes[self.names[name]]

    def rows(self, name: str) -> Rows:
        """Where the rows of a value are.

        Raises:
            UserError: no such node, or its value has no rows.
        """
        rows = self.node(name).rows
        if rows is None:
            raise UserError(
                f"got the site {name[:60]!r}, expected a value with rows: it is a weight or made of numbers"
            )
        return rows

    def inputs(self, name: str) -> tuple[Node, ...]:
        """The nodes that a node is computed from directly, weights included."""
        return tuple(self.nodes[i] for i in self.node(name).inputs)

    def readers(self, name: str) -> tuple[Node, ...]:
        """The nodes that are computed from a node directly."""
        return tuple(self.nodes[i] for i in self._readers[self.node(name).index])

    def descendants(self, names: Iterable[str]) -> frozenset[str]:
        """Everything computed from these nodes; they themselves only where one is computed from another."""
        return self._closure(names, lambda i: self._readers[i])

    def ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """Everything these nodes are computed from, weights included; they themselves as in `descendants`."""
        return self._closure(names, lambda i: self.nodes[i].inputs)

    def evaluate(
        self,
        wanted: Iterable[str],
        given: Mapping[str, Tensor],
        *,
        edits: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    ) -> dict[str, Tensor]:
        """Values of nodes, computed from values of others; only what lies between is run.

        Gradients flow where they are switched on. What depends on weights alone is computed once and kept, without
        gradients: give a weight as a value to change it or to differentiate through it.

        Arguments:
            given: values in the shape that the forward gives them (see `Node.rows`), with any number of rows.
            edits: functions that put another value, of the same shape, in the place of a node's as soon as it is there.

        Raises:
            UserError: no such node, values of differing numbers of rows, or the input is needed and not given.
        """
        wanted, edits = tuple(wanted), edits or {}
        key = (wanted, frozenset(given), frozenset(edits))
        if key not in self._schedules:
            ends = [self.node(name).index for name in wanted]
            cut, changed = (frozenset(self.node(name).index for name in names) for names in (given, edits))
            self._schedules[key] = schedule(self.nodes, ends, cut, changed, self._fixed)
        values = self._schedules[key].run(
            {self.names[name]: value for name, value in given.items()},
            {self.names[name]: edit for name, edit in edits.items()},
            self._count(given),
        )
        return dict(zip(wanted, values, strict=True))

    def _count(self, given: Mapping[str, Tensor]) -> int | None:
        """The number of rows of given values; None when none of them has rows."""
        nodes = ((self.nodes[self.names[name]], value) for name, value in given.items())
        found = {node.rows.count(value) for node, value in nodes if node.rows is not None}
        if len(found) > 1:
            raise UserError(f"got values of {' and '.join(map(str, sorted(found)))} rows, expected equal numbers")
        return next(iter(found), None)

    def _fixed(self, i: int) -> Any:
        """The value of a node that depends on weights alone."""
        node = self.nodes[i]
        if node.call is None:
            return node.tensor
        if i not in self._held:
            values = {k: self._fixed(k) for k in node.inputs}
            with torch.no_grad():
                self._held[i] = node.call(*filled(node.args, values, None), **filled(node.kwargs, values, None))
        return self._held[i]

    def _closure(self, names: Iterable[str], step: Callable[[int], tuple[int, ...]]) -> frozenset[str]:
        waiting, found = [i for name in names for i in step(self.node(name).index)], set()
        while waiting:
            i = waiting.pop()
            if i not in found:
                found.add(i)
                waiting += step(i)
        return frozenset(self.nodes[i].name for i in found)
