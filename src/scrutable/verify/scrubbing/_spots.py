"""Sites of a captured graph: which numbers of a value they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, final

import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network import Site
from scrutable.network._along import Along
from scrutable.network._selection import columns_of
from scrutable.network.engine import Graph, Rows


@final
@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Some numbers of a value of a graph.

    Arguments:
        name: of the value. rows: where its rows are. step, units: as in `Site`; without a step the rows are flat, and
            units may be several for each position. With directions they are those of the last axis.
        lines: directions, or None for the units themselves.
    """

    name: str
    rows: Rows
    step: Any
    units: Any
    lines: Along | None

    @staticmethod
    def of(graph: Graph, text: str | Site) -> Spot:
        """The numbers that a site is.

        Raises:
            UserError: there is no such value, or it does not depend on the input.
        """
        site = (text if isinstance(text, Site) else Site.parse(text)).alone
        node = graph.node(site.name)
        if node.rows is None or not node.live:
            raise UserError(f"got the site {site.name}, expected a value that depends on the input")
        lines = site.lines
        if site.axes or site.position is not None:
            columns = torch.from_numpy(columns_of(site, node.shape, graph.shape[0] if graph.shape else None))
            return Spot(site.name, node.rows, None, columns, lines)
        if lines is not None and site.step is None and len(node.shape) > 1:
            last = node.shape[-1]
            return Spot(site.name, node.rows, None, torch.arange(prod(node.shape)).reshape(-1, last), lines)
        step = None if site.step is None else _index(site.step)
        return Spot(site.name, node.rows, step, _index(site.units), lines)

    @property
    def whole(self) -> bool:
        """Whether it is all of the value."""
        every = isinstance(self.units, slice) and self.units == slice(None)
        return self.step is None and every and self.lines is None

    def read(self, value: Tensor) -> Tensor:
        """The numbers, `(n, ...)`."""
        rows = self.rows.first(value)
        return rows if self.whole else self._inside(self._arranged(rows))

    def put(self, value: Tensor, new: Tensor) -> Tensor:
        """The value with these numbers set to `new`, shaped as `read` gives them."""
        rows = self.rows.first(value)
        if self.whole:
            return self.rows.back(new.reshape(rows.shape))
        result = self._arranged(rows).clone()
        result[self._where] = new if self.lines is None else self.lines.put(result[self._where], new)
        return self.rows.back(result.reshape(rows.shape))

    def _arranged(self, rows: Tensor) -> Tensor:
        """`(n, units)`, or `(n, steps, units)` for a site with steps."""
        return rows.flatten(1) if self.step is None else rows.flatten(2)

    def _inside(self, arranged: Tensor) -> Tensor:
        held = arranged[self._where]
        return held if self.lines is None else self.lines.read(held)

    @property
    def _where(self) -> tuple[Any, ...]:
        return (slice(None), *(() if self.step is None else (self.step,)), self.units)


def _index(index: Any) -> Any:
    """An index of one axis that keeps the axis for units."""
    if isinstance(index, int):
        return [index]
    return list(index) if isinstance(index, tuple) else index.slice
