"""Runs of an interpretation's tree: each part on inputs of its own, from the leaves up.

The one place where values of the network are computed for causal scrubbing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.network import Network
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
        self._input = graph.nodes[0].name
        self._given = Spot.of(graph, self._input).rows.first(self._captured.tensor(x))
        self._natural: dict[str, Tensor] = {}
        self._at_once = min(CHUNK, self._captured.at_once(x))

    def plain(self) -> np.ndarray:
        """Raw outputs on all of the data, nothing exchanged."""
        return self._raw(self._held(self._root.site), self._x)

    def scrubbed(
        self, rows: np.ndarray, classes: Mapping[str, Classes], rng: np.random.Generator
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Raw outputs, `(m, ...)`, for reference rows `(m,)`, and the inputs given to each part below the root.

        Arguments:
            classes: for each name that is exchanged, the rows that stand for each other. Other parts keep their input.

        Cost: one run of the network up to its site for each part with parents and each row.
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
            return self._held(part.site)[torch.from_numpy(rows)], {}
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
        spot, graph = self._spots[site], self._captured.graph
        given = graph.nodes[0].rows.back(self._given[torch.from_numpy(rows)])  # type: ignore[union-attr]
        with torch.no_grad():
            return spot.read(graph.evaluate([spot.name], {self._input: given}, edits=edits)[spot.name])

    def _held(self, site: str) -> Tensor:
        """The numbers of a site on all of the data."""
        if site not in self._natural:
            every = np.arange(len(self._x))
            starts = range(0, len(every), self._at_once)
            self._natural[site] = torch.cat([self._run(site, every[at : at + self._at_once], {}) for at in starts])
        return self._natural[site]

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
