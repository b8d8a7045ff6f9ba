"""Subnetwork probing: a mask over edges, trained to keep the output while few edges are kept.

References: Cao et al., "Low-Complexity Probing via Finding Subnetworks", arXiv:2104.03514; Louizos et al., "Learning
Sparse Neural Networks through L0 Regularization", arXiv:1712.01312 (the hard concrete distribution).
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
from scrutable.circuits._trial import Trial, distance
from scrutable.network.engine._graph import OUTPUT
from scrutable.work import generator

TEMPERATURE, LOW, HIGH = 2 / 3, -0.1, 1.1


@final
@dataclass(frozen=True, slots=True)
class SubnetworkProbing(Method):
    """The log-odds that an edge is kept, after training.

    Arguments:
        steps: of Adam. rate: its learning rate. sparsity: what keeping every edge costs, in damage.

    Cost: a run and a gradient for each step.
    """

    steps: int = 150
    rate: float = 0.1
    sparsity: float = 0.5
    name: str = "SP"

    def least_runs(self, edges: int) -> int:
        """See the interface."""
        return 4

    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """See the interface."""
        rng = generator(seed, "subnetwork probing")
        odds = torch.full((len(trials[0].wiring.edges),), 2.0, requires_grad=True)
        optimizer = torch.optim.Adam([odds], lr=self.rate)
        for step in range(self.steps):
            trial = trials[step % len(trials)]
            noise = torch.from_numpy(rng.uniform(1e-6, 1 - 1e-6, (len(trial.x), len(odds)))).float()
            loss = _damage(trial, _kept(odds, noise)) + self.sparsity * _expected(odds).mean()
            (odds.grad,) = torch.autograd.grad(loss, odds)  # and none of the network's weights
            optimizer.step()
            if pace.clock.over and step + 1 < self.steps:
                pace.lacked(f"{self.steps - step - 1} of {self.steps} steps under {trial.ablation} ablation")
                break
        return odds.detach().double().numpy()


def _kept(odds: Tensor, noise: Tensor) -> Tensor:
    """Shares drawn from the hard concrete distribution."""
    soft = torch.sigmoid((odds + torch.logit(noise)) / TEMPERATURE)
    return (soft * (HIGH - LOW) + LOW).clamp(0, 1)


def _expected(odds: Tensor) -> Tensor:
    """The probability that an edge is not replaced altogether."""
    return torch.sigmoid(odds - TEMPERATURE * float(np.log(-LOW / HIGH)))


def _damage(trial: Trial, keep: Tensor) -> Tensor:
    found = trial.patching.run(trial.x, keep, trial.replacement)[OUTPUT]
    return distance(found, trial.wanted, trial.metric).mean() / max(trial.scale, 1e-12)
