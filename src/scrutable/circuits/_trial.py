"""One way of replacing edges on fixed inputs, and how far the output then is from the network's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits._patching import Patching, Values
from scrutable.circuits._wiring import Wiring
from scrutable.network._ablation_kinds import DRAWN
from scrutable.network.engine import Ablation, ablated
from scrutable.network.engine._graph import OUTPUT
from scrutable.work import generator

ROWS = 2048
"""Rows run at once."""
Metric = Literal["squared", "KL"]
"""Of outputs: the squared distance; or the Kullback-Leibler divergence from the network's own, for scores of labels,
which are on the last axis."""


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """Inputs with a replacement drawn for each.

    Damage is the distance from the output that is wanted, as a share of what replacing every edge does on average: 0
    for none, 1 for all.

    Arguments:
        x: `(n, ...)`. known: what the sources write on it. replacement: what they write where edges are replaced.
        ablation: its kind. wanted: `(n, ...)`, the network's own output, or another one's. metric: what distance is.
    """

    patching: Patching
    x: Tensor
    known: Values
    replacement: Values
    ablation: Ablation
    wanted: Tensor
    metric: Metric = "squared"

    @property
    def wiring(self) -> Wiring:
        """The edge graph."""
        return self.patching.wiring

    @cached_property
    def scale(self) -> float:
        """The mean distance with every edge replaced."""
        none = np.zeros((1, len(self.wiring.edges)), dtype=bool)
        return float(self._distances(none).mean())

    def damage(self, keep: np.ndarray) -> np.ndarray:
        """The damage done to each input by replacing all edges but some, `(sets, n)`.

        Arguments:
            keep: `(sets, edges)` booleans.

        Cost: one run of `sets * n` rows, of what comes after the first edge replaced.
        """
        found = self._distances(keep)
        return found / self.scale if self.scale > 0 else np.zeros_like(found)

    def output(self, keep: np.ndarray) -> Tensor:
        """The outputs, `(n, ...)`, with all edges replaced but those of `keep`, `(edges,)`."""
        with torch.no_grad():
            rows = torch.from_numpy(keep).expand(len(self.x), -1)
            return self.patching.run(self.x, rows, self.replacement, known=self.known)[OUTPUT]

    def _distances(self, keep: np.ndarray) -> np.ndarray:
        n = len(self.x)
        pairs = np.arange(len(keep) * n)
        parts = [self._of(keep, pairs[at : at + ROWS]) for at in range(0, len(pairs), ROWS)]
        return np.concatenate(parts).reshape(len(keep), n)

    def _of(self, keep: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        which, row = np.divmod(pairs, len(self.x))
        at = torch.from_numpy(row)
        with torch.no_grad():
            found = self.patching.run(
                self.x[at],
                torch.from_numpy(keep[which]),
                {name: value[at] for name, value in self.replacement.items()},
                known={name: value[at] for name, value in self.known.items()},
            )[OUTPUT]
        return distance(found, self.wanted[at], self.metric).numpy()


def distance(found: Tensor, wanted: Tensor, metric: Metric) -> Tensor:
    """How far outputs are from those that are wanted, `(n,)`, in double precision; over all entries or positions."""
    found, wanted = found.double(), wanted.double()
    if metric == "squared":
        return (found - wanted).square().flatten(1).sum(1)
    found, wanted = found.log_softmax(-1), wanted.log_softmax(-1)
    return torch.where(wanted.exp() > 0, wanted.exp() * (wanted - found), 0.0).flatten(1).sum(1)


def trials(
    wiring: Wiring,
    x: Tensor,
    ablation: Ablation,
    *,
    draws: int,
    seed: int,
    wanted: Tensor | None = None,
    metric: Metric = "squared",
) -> list[Trial]:
    """Trials on the same inputs, each with a replacement drawn anew; one where there is nothing to draw.

    Arguments:
        wanted: the outputs by which damage is measured, `(n, ...)`; the network's own if left out.
    """
    patching = Patching(wiring)
    with torch.no_grad():
        known = patching.values(x)
    rng = generator(seed, "ablation", ablation)
    count = draws if ablation in DRAWN else 1
    wanted = known[OUTPUT] if wanted is None else wanted
    return [Trial(patching, x, known, ablated(ablation, known, rng), ablation, wanted, metric) for _ in range(count)]


def mean_damage(parts: Iterable[Trial], keep: np.ndarray) -> np.ndarray:
    """The damage done to each input, on average over trials, `(sets, n)`."""
    return np.mean([part.damage(keep) for part in parts], axis=0)


def all_but_one(wiring: Wiring) -> np.ndarray:
    """The sets with one edge replaced each, `(edges, edges)`."""
    return ~np.eye(len(wiring.edges), dtype=bool)
