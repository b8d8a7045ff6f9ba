"""Automatic circuit discovery: from the output back, edges whose loss hurts less than a threshold are dropped.

Reference: Conmy et al., "Towards Automated Circuit Discovery for Mechanistic Interpretability", arXiv:2304.14997.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.circuits._method import Method
from scrutable.circuits._pace import UNLIMITED, Pace
from scrutable.circuits._trial import Trial, mean_damage
from scrutable.circuits._wiring import Wiring


@final
@dataclass(frozen=True, slots=True)
class Acdc(Method):
    """The largest threshold at which an edge is kept, over a row of them; 0 for one that is kept at none.

    Cost: one run for each edge and threshold, one after the other.
    """

    thresholds: tuple[float, ...] = tuple(float(t) for t in np.geomspace(1e-6, 0.3, 12))
    name: str = "ACDC"

    def least_runs(self, edges: int) -> int:
        """See the interface."""
        return edges

    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """See the interface."""
        found = np.zeros(len(trials[0].wiring.edges))
        for at, threshold in enumerate(sorted(self.thresholds)):
            kept = dropped_below(trials, threshold, pace if at else UNLIMITED)
            if kept is None:
                left = f"{len(self.thresholds) - at} of {len(self.thresholds)} thresholds"
                pace.lacked(f"{left} under {trials[0].ablation} ablation")
                break
            found[kept] = threshold
        return found


def dropped_below(trials: Sequence[Trial], threshold: float, pace: Pace) -> np.ndarray | None:
    """The edges that are kept at a threshold, `(edges,)` booleans; None if there was no time to tell."""
    keep = np.ones(len(trials[0].wiring.edges), dtype=bool)
    damage = 0.0
    for edge in backwards(trials[0].wiring):
        if pace.clock.over:
            return None
        keep[edge] = False
        without = float(mean_damage(trials, keep[None]).mean())
        if without - damage < threshold:
            damage = without
        else:
            keep[edge] = True
    return keep


def backwards(wiring: Wiring) -> list[int]:
    """Edges from the output to the input: later readers first, and of what they read later sources first."""
    return sorted(range(len(wiring.edges)), key=lambda e: (-wiring.edge_ports[e], -wiring.edge_sources[e]))
