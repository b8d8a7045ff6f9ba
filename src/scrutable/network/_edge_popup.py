"""Edge-popup: a subnetwork that performs a task, found without changing a weight.

Every weight has a score. The weights of the highest scores are kept, the others are zero, and gradients go to the
scores as if all were kept (Ramanujan et al., "What's hidden in a randomly weighted neural network?", CVPR 2020, arXiv
1911.13299). Untrained networks that are wide enough hold subnetworks for many tasks: such a mask does the work, and the
weights know nothing of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from scrutable.errors import UserError
from scrutable.network._controls import untouched_random
from scrutable.network._domain import Domain
from scrutable.network._layout import first_tensor
from scrutable.network._masks import Mask
from scrutable.network._runner import Runner

BATCH = 256
RATE = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """How a subnetwork is looked for.

    Arguments:
        keep: the share of each weight matrix that is kept; biases and other vectors are kept whole.
        steps: of gradient descent on the scores.
    """

    keep: float = 0.5
    steps: int = 500


def edge_popup(
    runner: Runner, inputs: np.ndarray, answers: np.ndarray, choice: Choice, rng: np.random.Generator
) -> Mask:
    """See `Network.subnetwork`. Cost: `steps` forward and backward passes over at most 256 rows."""
    if runner.module is None:
        raise UserError("got a function as a network, expected a module with weights to choose from")
    if not 0 < choice.keep < 1:
        raise UserError(f"got a share of {choice.keep:g} to keep, expected one between 0 and 1")
    with untouched_random(runner.module):
        scored, chosen = _scored(runner.module, choice.keep, int(rng.integers(2**31)))
        trial = replace(runner, call=scored)
        optimiser = torch.optim.Adam([each.scores for each in chosen.values()], lr=RATE)
        rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, choice.steps)
        for _ in range(choice.steps):
            rows = rng.integers(0, len(inputs), size=min(BATCH, len(inputs)))
            optimiser.zero_grad()
            raw = trial.arranged(first_tensor(scored(trial.tensor(inputs[rows]))), inputs[rows])
            _loss(runner.outputs, raw, answers[rows]).backward()
            optimiser.step()
            rates.step()
    return Mask({name: each.kept().cpu().numpy() for name, each in chosen.items()})


class _Chosen(nn.Module):
    """A weight matrix with all but the entries of the highest scores at zero."""

    def __init__(self, weight: Tensor, keep: float, rng: torch.Generator) -> None:
        super().__init__()
        self.count = max(1, round(keep * weight.numel()))
        self.scores = nn.Parameter(torch.rand(weight.shape, generator=rng).to(weight))

    def kept(self) -> Tensor:
        """Which entries, as bools."""
        flat = self.scores.detach().flatten()
        chosen = torch.zeros_like(flat, dtype=torch.bool)
        chosen[flat.topk(self.count).indices] = True
        return chosen.view(self.scores.shape)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight times what is kept, with the gradient of the weight times its scores."""
        return weight * (self.kept() + self.scores - self.scores.detach())


def _scored(module: nn.Module, keep: float, seed: int) -> tuple[nn.Module, dict[str, _Chosen]]:
    """A copy of a module whose matrices are chosen from, and what chooses, by the matrix's name."""
    scored, rng = copy.deepcopy(module), torch.Generator().manual_seed(seed)
    chosen: dict[str, _Chosen] = {}
    for name, weight, owner, own_name in list(_matrices(scored)):
        weight.requires_grad_(False)
        chosen[name] = _Chosen(weight, keep, rng)
        parametrize.register_parametrization(owner, own_name, chosen[name])
    return scored, chosen


def _matrices(module: nn.Module) -> Iterator[tuple[str, Tensor, nn.Module, str]]:
    for name, weight in module.named_parameters():
        path, _, own_name = name.rpartition(".")
        if weight.ndim >= 2 and weight.is_floating_point():
            yield name, weight, module.get_submodule(path), own_name


def _loss(domain: Domain, raw: Tensor, answers: np.ndarray) -> Tensor:
    """How far raw outputs are from the answers: cross-entropy for labels and bits, squares for numbers."""
    wanted: Any = torch.from_numpy(np.ascontiguousarray(answers))
    if domain.classes is not None:
        return F.cross_entropy(raw.reshape(-1, raw.shape[-1]), wanted.reshape(-1).long())
    wanted = wanted.to(raw).reshape(raw.shape)
    if domain.kind == "Bits":
        return F.binary_cross_entropy_with_logits(raw - getattr(domain, "threshold", 0.0), wanted)
    return F.mse_loss(raw, wanted)
