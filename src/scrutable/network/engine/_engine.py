"""`Engine`: interventions on a module, where only what a change reaches is run again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.network._runner import in_chunks
from scrutable.network._site import Site
from scrutable.network.engine._capture import capture
from scrutable.network.engine._check import check_site
from scrutable.network.engine._cone import Cone
from scrutable.network.engine._graph import OUTPUT, Graph
from scrutable.network.engine._node import Rows
from scrutable.network.engine._pick import Pick
from scrutable.network.engine._plan import Group, Swap, blended, in_order, joined, plan
from scrutable.network.engine._pool import Bank, Pool

HELD_BYTES = 512 * 2**20
FUSED_BYTES = 64 * 2**20
MOST_FUSED = 1024
KNOWN_SITES = 1024


@final
class Engine:
    """Interventions on a module in evaluation mode, which is left as it is.

    The forward is captured as a graph for each shape of input. An intervention runs only what is computed from the
    changed values; what else that needs is run once for each distinct input and kept.

    Arguments:
        module: takes one tensor. rows_on: the axis of it (and of nothing else) that rows of data are on.
        probe: other inputs of the shape of some, at least three rows, to capture on; None to capture on those
            themselves.
        held: bytes of values to keep between calls.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        rows_on: int = 0,
        probe: Callable[[Tensor], Tensor] | None = None,
        held: int = HELD_BYTES,
    ) -> None:
        self.module, self.probe, self.bank = module, probe, Bank(held)
        self._rows = Rows(rows_on)
        self._graphs: dict[Any, Graph] = {}
        self._cones: dict[Any, Cone] = {}
        self._pools: OrderedDict[bytes, Pool] = OrderedDict()
        self._checked: set[tuple[int, str]] = set()

    def graph(self, x: Tensor, *, open_attention: bool = False) -> Graph:
        """The graph for inputs like these. The first use for a shape captures it, which runs the module a few times.

        Raises:
            NotCaptured: the forward is no fixed sequence of operations on independent rows; the reason.
        """
        key = ((*x.shape[: self._rows.axis], *x.shape[self._rows.axis + 1 :]), x.dtype, open_attention)
        if key not in self._graphs:
            given = x if self.probe is None else self.probe(x)
            self._graphs[key] = capture(self.module, given, rows_on=self._rows.axis, open_attention=open_attention)
        return self._graphs[key]

    def graph_for(self, x: Tensor, names: Iterable[str]) -> Graph:
        """The graph that has these values: the one with attention opened up where the plain one lacks one of them."""
        graph = self.graph(x)
        if all(name in graph.names for name in names):
            return graph
        opened = self.graph(x, open_attention=True)
        return opened if all(name in opened.names for name in names) else graph

    def read(self, x: Tensor, sites: Iterable[str | Site]) -> dict[Site, Tensor]:
        """The numbers at sites for each input, `(n, ..., k)`; axes at one index are left out, units never.

        Raises:
            NotCaptured: see `graph`. UserError: no such site.
        """
        chosen = [_site(site) for site in sites]
        values = self.values(x, [site.name for site in chosen])
        graph = self.graph_for(x, values)
        return {
            site: _pick(site, graph.node(site.name).shape).read(graph.rows(site.name).first(values[site.name]))
            for site in chosen
        }

    def interchange(self, x: Tensor, swaps: Sequence[Swap]) -> Tensor:
        """Outputs with sites of some inputs set to what they are for others, for all requests at once.

        Requests that change the same values are run as one batch; equal ones, and equal inputs, are run once.

        Arguments:
            x: all inputs that the requests are about.

        Returns:
            `(m, ...)`: the outputs of all requests, one after the other, rows in front.

        Raises:
            NotCaptured: see `graph`. UserError: no such site, or positions that do not exist.

        Cost: each distinct input once up to the sites, then what lies behind the sites for each different request.
        """
        sites = {site: _site(site) for swap in swaps for site in swap.sources}
        graph, pool = self.graph_for(x, [site.name for site in sites.values()]), self._pool(x)
        for parsed in sites.values():
            self._check(graph, parsed.name, x)
        picks = [_pick(site, graph.node(site.name).shape) for site in sites.values()]
        places = {site: (parsed.name, at) for at, (site, parsed) in enumerate(sites.items())}
        groups = plan(swaps, pool.index, places.__getitem__)
        return in_order(groups, [self._run(graph, pool, group, picks) for group in groups])

    def values(self, x: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
        """Values for each input, in the shape that the forward gives them.

        Raises:
            NotCaptured: see `graph`. UserError: no such value.
        """
        names = list(dict.fromkeys(names))
        graph, pool = self.graph_for(x, names), self._pool(x)
        for name in names:
            self._check(graph, name, x)
        return self.bank.take(graph, pool, names, pool.whole, at_once=_at_once(graph.bytes))

    def patched(self, x: Tensor, edits: Mapping[str, Callable[[Tensor], Tensor]]) -> Tensor:
        """Outputs for each input, `(n, ...)`, where values are replaced by functions of what they are.

        It is one batch: of what the changes reach, and before that, for inputs that were not seen lately, of the rest.

        Raises:
            NotCaptured: see `graph`. UserError: no such value.
        """
        graph, pool = self.graph_for(x, edits), self._pool(x)
        for name in edits:
            self._check(graph, name, x)
        cone = self._cone(graph, tuple(edits))
        needed = [*cone.frontier, *cone.bases]
        with torch.no_grad():
            given = self.bank.take(graph, pool, needed, pool.whole, at_once=_at_once(graph.bytes))
            return graph.rows(OUTPUT).first(graph.evaluate([OUTPUT], given, edits=edits)[OUTPUT])

    def _pool(self, x: Tensor) -> Pool:
        return Pool.of(x, self._rows, self._pools)

    def _run(self, graph: Graph, pool: Pool, group: Group, picks: Sequence[Pick]) -> Tensor:
        """The outputs of a group's requests, `(k, ...)`."""
        cone = self._cone(graph, tuple(column.name for column in group.columns))

        def run(rows: slice) -> Tensor:
            return self._fused(graph, pool, group.some(rows), picks)

        with torch.no_grad():
            return joined(in_chunks(len(group.bases), _at_once(cone.bytes), run))

    def _fused(self, graph: Graph, pool: Pool, group: Group, picks: Sequence[Pick]) -> Tensor:
        """The outputs of a group's requests in one batch."""
        cone, parts = self._cone(graph, tuple(column.name for column in group.columns)), group.columns
        take = partial(self.bank.take, graph, pool, at_once=_at_once(graph.bytes))
        replaced = {c.name for c in parts if c.name in cone.bases and all(picks[p].whole for p in c.used)}
        needed = [*cone.frontier, *(name for name in cone.bases if name not in replaced)]
        given = take(needed, _tensor(group.bases, pool))
        edits: dict[str, Callable[[Tensor], Tensor]] = {}
        for part in parts:
            source = take([part.name], _tensor(part.sources, pool))[part.name]
            if part.name in replaced:
                given[part.name] = source
            else:
                change = partial(blended, source=source, rows=graph.rows(part.name), picks=picks, column=part)
                edits[part.name] = _after(edits.get(part.name), change)
        output = graph.evaluate([OUTPUT], given, edits=edits)[OUTPUT]
        return graph.rows(OUTPUT).first(_apart(output, given))

    def _cone(self, graph: Graph, names: tuple[str, ...]) -> Cone:
        key = (id(graph), names)
        if key not in self._cones:
            self._cones[key] = Cone.of(graph, dict.fromkeys(names))
        return self._cones[key]

    def _check(self, graph: Graph, name: str, x: Tensor) -> None:
        if (id(graph), name) not in self._checked:
            check_site(graph, self.module, name, x if self.probe is None else self.probe(x))
            self._checked.add((id(graph), name))


@lru_cache(maxsize=KNOWN_SITES)
def _site(site: str | Site) -> Site:
    return (site if isinstance(site, Site) else Site.parse(site)).alone


_pick = lru_cache(maxsize=KNOWN_SITES)(Pick.of)


def _at_once(each: int) -> int:
    """How many rows to run at once where one takes so many bytes."""
    return max(1, min(MOST_FUSED, FUSED_BYTES // max(1, each)))


def _tensor(index: np.ndarray, pool: Pool) -> Tensor | None:
    if len(index) == pool.n and (index == np.arange(pool.n)).all():
        return None
    return torch.from_numpy(index).to(pool.x.device)


def _apart(output: Tensor, given: Mapping[str, Tensor]) -> Tensor:
    """An output that shares no memory with values that may be kept."""
    kept = [value.untyped_storage().data_ptr() for value in given.values()]
    return output.clone() if output.untyped_storage().data_ptr() in kept else output


def _after(first: Callable[[Tensor], Tensor] | None, second: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return second if first is None else lambda value: second(first(value))
