"""Subnetworks: some weights of a network kept, the others set to zero."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from math import lgamma, log
from typing import final

import numpy as np
import torch
from torch import nn

from scrutable.errors import UserError


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Which weights of a network are kept.

    Arguments:
        kept: the name of a weight tensor to an array of bools of its shape. Tensors that are not named are kept whole.
    """

    kept: Mapping[str, np.ndarray]

    @property
    def count(self) -> int:
        """How many of the weights chosen among are kept."""
        return sum(int(kept.sum()) for kept in self.kept.values())

    @property
    def bits(self) -> float:
        """What it costs to say which weights are kept, once it is said how many of each tensor: `log2 C(n, k)`."""
        return sum(choice_bits(kept.size, int(kept.sum())) for kept in self.kept.values())

    @property
    def rest(self) -> Mask:
        """The other weights."""
        return Mask({name: ~kept for name, kept in self.kept.items()})


def choice_bits(n: int, k: int) -> float:
    """The bits to say which `k` of `n` things were chosen."""
    return (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(2)


def masked(module: nn.Module, mask: Mask) -> nn.Module:
    """A copy of the module with the weights outside the mask at zero.

    Raises:
        UserError: the mask names a tensor that the module lacks, or has another shape.
    """
    smaller = copy.deepcopy(module)
    weights = dict(smaller.named_parameters())
    reasons = [
        f"got a mask of shape {kept.shape} for {name!r}, expected {tuple(weights[name].shape)}"
        if name in weights
        else f"got a mask for {name!r}, expected one of {', '.join(weights)}"
        for name, kept in mask.kept.items()
        if name not in weights or kept.shape != tuple(weights[name].shape)
    ]
    if reasons:
        raise UserError.of(reasons)
    with torch.no_grad():
        for name, kept in mask.kept.items():
            weights[name].mul_(torch.from_numpy(kept).to(weights[name]))
    return smaller
