"""Runs of an interpretation's tree: each part on inputs of its own, from the leaves up.

The one place where values of the network are computed for causal scrubbing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from scrutable.network import Network
from scrutable.network.engine._cone import Cone
from scrutable.network.engine._engine import HELD_BYTES
from scrutable.network.engine._graph import INPUT
from scrutable.network.engine._pool import Bank, Pool
from scrutable.verify.scrubbing._classes import Classes
from scrutable.verify.scrubbing._lattice import REST
from scrutable.verify.scrubbing._part import Part
from scrutable.verify.scrubbing._spots import Spot

CHUNK = 1024


@final
class Runs:
    """Runs an interpretation on data.

    Arguments:
        x: `(n, ...)` inputs; rows are numbers of these.
    """

    def __init__(self, network: Network, root: Part, x: np.ndarray) -> None:
        self._captured, self._root, self._x = network.captured, root, x
        graph = self._captured.graph
        self._spots = {part.site: Spot.of(graph, part.site) for part in root.tree()}
        self._pool = Pool.of(self._captured.tensor(x), graph.rows(INPUT), OrderedDict())
        self._bank, self._cones = Bank(HELD_BYTES), dict[Any, Cone]()
        self._at_once = min(CHUNK, self._captured.at_once(x))

    def plain(self) -> np.ndarray:
        """Raw outputs on all of the data, nothing exchanged."""
        parts = []
        for start in range(0, len(self._x), self._at_once):
            rows = np.arange(start, min(len(self._x), start + self._at_once))
            parts.append(self._raw(self._run(self._root.site, rows, {}), self._x[rows]))
        return np.concatenate(parts)

    def scrubbed(
        self, rows: np.ndarray, classes: Mapping[str, Classes], rng: np.random.Generator
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Raw outputs, `(m, ...)`, for reference rows `(m,)`, and the inputs given to each part below the root.

        Arguments:
            classes: for each name that is exchanged, the rows that stand for each other. Other parts keep their input.

        Cost: for each part with parents and each row, a run of what is between these parents and its site; what comes
        before, once for each input.
        """
        outputs, sources = [], {parent.name: [] for parent in self._root.parents}
        for start in range(0, len(rows), self._at_once):
            chunk = rows[start : start + self._at_once]
            value, drawn = self._value(self._root, chunk, classes, rng)
            outputs.append(self._raw(value, self._x[chunk]))
            for name in sources:
                sources[name].append(drawn[name])
        return np.concatenate(outputs), {name: np.concatenate(parts) for name, parts in sources.items()}

    def _value(
        self, part: Part, rows: np.ndarray, classes: Mapping[str, Classes], rng: np.random.Generator
    ) -> tuple[Tensor, dict[str, np.ndarray]]:
        """The numbers of a part for the inputs `rows` that it was given, and what its parents were given."""
        if not part.parents:
            return self._run(part.site, rows, {}), {}
        rest = _drawn(classes, REST, rows, rng)
        edits: dict[str, Callable[[Tensor], Tensor]] = {}
        drawn: dict[str, np.ndarray] = {}
        for parent in part.parents:
            drawn[parent.name] = rest if parent.feature is None else _drawn(classes, parent.name, rows, rng)
            new, _ = self._value(parent, drawn[parent.name], classes, rng)
            spot = self._spots[parent.site]
            edits[spot.name] = _after(edits.get(spot.name), partial(_put, spot, new))
        return self._run(part.site, rest, edits), drawn

    def _run(self, site: str, rows: np.ndarray, edits: Mapping[str, Callable[[Tensor], Tensor]]) -> Tensor:
        """The numbers of a site on some inputs."""
        spot, graph, key = self._spots[site], self._captured.graph, (site, tuple(edits))
        if key not in self._cones:
            self._cones[key] = Cone.of(graph, edits, spot.name)
        cone, index = self._cones[key], torch.from_numpy(self._pool.index[rows]).to(self._pool.x.device)
        needed = dict.fromkeys([*cone.frontier, *cone.bases])
        with torch.no_grad():
            given = self._bank.take(graph, self._pool, needed, index, at_once=self._at_once)
            return spot.read(graph.evaluate([spot.name], given, edits=edits)[spot.name])

    def _raw(self, value: Tensor, x: np.ndarray) -> np.ndarray:
        spot = self._spots[self._root.site]
        return self._captured.raw(spot.rows.back(value), x)


def _drawn(classes: Mapping[str, Classes], name: str, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each row one that stands for it; itself where the name is not exchanged."""
    return classes[name].drawn(rows, rng) if name in classes else rows


def _put(spot: Spot, new: Tensor, value: Tensor) -> Tensor:
    return spot.put(value, new)


def _after(first: Callable[[Tensor], Tensor] | None, second: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return second if first is None else lambda value: second(first(value))
