"""Running a network with some of its edges replaced: path patching, many sets of edges in one run.

What a port reads is computed from the sources it reads: each from this run where its edge is kept, and else from the
replacement. Every other reader of the same source still gets what this run has. (Goldowsky-Dill et al., "Localizing
Model Behavior with Path Patching", arXiv:2304.05969.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits._wiring import Read, Slice, Source, Stage, Wiring
from scrutable.network.engine import Node
from scrutable.network.engine._graph import INPUT, OUTPUT

Values = Mapping[str, Tensor]
"""Values of nodes, rows in front."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Patching:
    """A wiring, run with edges kept or replaced."""

    wiring: Wiring

    def values(self, x: Tensor) -> dict[str, Tensor]:
        """What every source writes on inputs `x`, and the output."""
        sources = self._sources()
        found = self.wiring.graph.evaluate([*sources, OUTPUT], {INPUT: x})
        values = {name: source.first(found[name], len(x)) for name, source in sources.items()}
        return values | {OUTPUT: _first(self.wiring.graph.node(OUTPUT), found[OUTPUT])}

    def run(
        self, x: Tensor, keep: Tensor, replacement: Values, *, known: Values | None = None, starts: Values | None = None
    ) -> dict[str, Tensor]:
        """What every source writes, and the output `(n, ...)`, with each row's own edges replaced.

        Arguments:
            x: `(n, ...)` inputs. keep: `(n, edges)`, booleans, or numbers from 0 (replaced) to 1 (kept) to mix both.
            replacement: of every source, a value for each row.
            known: `values(x)`; what comes before the first edge replaced is then not run again.
            starts: what the components that read nothing write, if not what they do on `x`.
        """
        live = dict(known if known is not None else self.starts(x)) | dict(starts or {})
        for stage in self.wiring.stages[self._first(keep) if known is not None else 0 :]:
            live[stage.node.name] = self._written(stage, x, live, keep, replacement)
        return live

    def _first(self, keep: Tensor) -> int:
        """The first stage that any row reads otherwise than the network does."""
        changed = np.ones(keep.shape[1], dtype=bool) if keep.requires_grad else (keep != 1).any(0).cpu().numpy()
        return int(self.wiring.edge_stages[changed].min()) if changed.any() else len(self.wiring.stages)

    def _sources(self) -> dict[str, Source]:
        return {source.node.name: source for source in self.wiring.sources}

    def starts(self, x: Tensor) -> dict[str, Tensor]:
        """What is written by components that read nothing."""
        sources = self._sources()
        for stage in self.wiring.stages:
            if any(read.sources for read in stage.reads):
                sources.pop(stage.node.name, None)
        found = self.wiring.graph.evaluate(sources, {INPUT: x})
        return {name: source.first(found[name], len(x)) for name, source in sources.items()}

    def _written(self, stage: Stage, x: Tensor, live: Values, keep: Tensor, replacement: Values) -> Tensor:
        given: dict[str, Tensor] = {INPUT: x}
        for read in stage.reads:
            given |= self._read(read, x, live, keep, replacement)
        return _first(stage.node, self.wiring.graph.evaluate([stage.node.name], given)[stage.node.name])

    def _read(self, read: Read, x: Tensor, live: Values, keep: Tensor, replacement: Values) -> dict[str, Tensor]:
        """The values that a read gives to its stage, each port's part as the port sees it."""
        kept = keep[:, read.edges].unflatten(1, (len(read.ports), len(read.sources)))
        row, port = (kept != 1).any(-1).nonzero(as_tuple=True) if not keep.requires_grad else _all(kept)
        whole = self._computed(read, x, {name: live[name] for name in self._names(read)})
        if not len(row):
            return whole
        mixed = {
            name: self._mixed(name, read, live[name][row], replacement[name][row], kept[row, port])
            for name in self._names(read)
        }
        seen = self._computed(read, x[row], mixed)
        part = read.ports[0].part
        at = (row,) if part is None else (row, port)
        return {node.name: _put(node, whole[node.name], seen[node.name], at, part) for node in read.nodes}

    def _names(self, read: Read) -> list[str]:
        return list(dict.fromkeys(self.wiring.sources[s].node.name for s in read.sources))

    def _computed(self, read: Read, x: Tensor, sources: Values) -> dict[str, Tensor]:
        rows = {self.wiring.sources[s].node.name: self.wiring.sources[s].rows for s in read.sources}
        given = {name: rows[name].back(value) for name, value in sources.items()}
        return self.wiring.graph.evaluate([node.name for node in read.nodes], {INPUT: x, **given})

    def _mixed(self, name: str, read: Read, live: Tensor, replaced: Tensor, kept: Tensor) -> Tensor:
        """A source's value as a port sees it: `kept` is `(rows, sources of the read)`."""
        places = [at for at, s in enumerate(read.sources) if self.wiring.sources[s].node.name == name]
        parts = [self.wiring.sources[read.sources[at]].part for at in places]
        share = kept[:, places].to(live.dtype)
        if parts[0] is None:
            shape = (len(live), *[1] * (live.ndim - 1))
        else:
            shape = tuple(n if axis in (0, parts[0].axis) else 1 for axis, n in enumerate(live.shape))
        return torch.lerp(replaced, live, share.reshape(shape))


def _put(node: Node, whole: Tensor, seen: Tensor, at: tuple[Tensor, ...], part: Slice | None) -> Tensor:
    """The value of a node in some rows, or in a part of each of them, replaced by what is seen there."""
    assert node.rows is not None
    target, new = _first(node, whole), _first(node, seen)
    if part is None:
        return node.rows.back(target.index_put(at, new))
    target, new = target.movedim(part.axis, 1), new.movedim(part.axis, 1)
    mine = new[torch.arange(len(new)), at[1]]
    return node.rows.back(target.index_put(at, mine).movedim(1, part.axis))


def _all(kept: Tensor) -> tuple[Tensor, Tensor]:
    """Every row with every port."""
    pairs = torch.ones(kept.shape[:2], dtype=torch.bool).nonzero()
    return pairs[:, 0], pairs[:, 1]


def _first(node: Node, value: Tensor) -> Tensor:
    assert node.rows is not None
    return node.rows.first(value)
