"""First-order attributions of edges, and of whole components, from gradients.

References: Syed et al., "Attribution Patching Outperforms Automated Circuit Discovery", arXiv:2310.10348 (EAP); Hanna
et al., "Have Faith in Faithfulness", arXiv:2403.17806 (with integrated gradients); Michel et al., "Are Sixteen Heads
Really Better than One?", arXiv:1905.10650 (head importance, here of every component).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits._method import Method
from scrutable.circuits._pace import UNLIMITED, Pace
from scrutable.circuits._trial import Trial
from scrutable.network.engine._graph import OUTPUT


@final
@dataclass(frozen=True, slots=True)
class EdgeAttribution(Method):
    """What an edge carries less its replacement, times the gradient of the output in the direction of what is lost.

    Arguments:
        steps: gradients are averaged over inputs that lie so many steps from the replacement to the network's own; with
            one, they are those of the network as it is.

    Cost: a run and a gradient for each step.
    """

    steps: int = 1

    @property
    def name(self) -> str:
        """EAP, or EAP-IG with more than one step."""
        return "EAP" if self.steps == 1 else "EAP-IG"

    def least_runs(self, edges: int) -> int:
        """See the interface."""
        return 4 * self.steps

    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """See the interface."""
        return np.abs(attributions(trials, steps=self.steps))


@final
@dataclass(frozen=True, slots=True)
class HeadImportance(Method):
    """An edge matters as much as the less important of the components at its ends.

    Cost: a run and a gradient.
    """

    name: str = "HISP"

    def least_runs(self, edges: int) -> int:
        """See the interface."""
        return 4

    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """See the interface."""
        wiring = trials[0].wiring
        signed = attributions(trials, steps=1)
        importance = {name: 0.0 for name in wiring.components}
        for edge, value in zip(wiring.edges, signed, strict=True):
            importance[edge.source] += float(value)
        worth = {name: abs(value) for name, value in importance.items()} | {"output": float("inf")}
        return np.array([min(worth[edge.source], worth[edge.target]) for edge in wiring.edges])


def attributions(trials: Sequence[Trial], *, steps: int) -> np.ndarray:
    """The mean over inputs of what each edge adds to the output, to first order, `(edges,)`."""
    return np.mean([_of(trial, at / steps) for trial in trials for at in range(1, steps + 1)], axis=0)


def _of(trial: Trial, share: float) -> np.ndarray:
    """Attributions with gradients taken where inputs are a share of the way from their replacement."""
    patching, edges = trial.patching, len(trial.wiring.edges)
    keep = torch.ones(len(trial.x), edges)
    starts = patching.starts(trial.x)
    starts = {name: torch.lerp(trial.replacement[name], value, share) for name, value in starts.items()}
    with torch.no_grad():
        live = patching.run(trial.x, keep, trial.replacement, starts=starts)
    # an edge at 1 carries `live`, and changes by what it carries on the input less its replacement
    behind = {name: live[name] - (trial.known[name] - value) for name, value in trial.replacement.items()}
    keep.requires_grad_()
    found = patching.run(trial.x, keep, behind, starts=starts)[OUTPUT]
    (gradient,) = torch.autograd.grad((found * _lost(trial)).sum(), keep)
    return gradient.double().mean(0).numpy() / max(trial.scale, 1e-12)


def _lost(trial: Trial) -> Tensor:
    """The output that is wanted less what it is with every edge replaced: the direction in which an edge counts.

    It stands for the difference of logits between the right answer and a wrong one, where there are no labels.
    """
    with torch.no_grad():
        none = torch.zeros(len(trial.x), len(trial.wiring.edges), dtype=torch.bool)
        gone = trial.patching.run(trial.x, none, trial.replacement)[OUTPUT]
    return trial.wanted - gone
