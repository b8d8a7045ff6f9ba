"""The same network with weights that mean nothing: re-initialised, or shuffled within each tensor."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def untouched_random(module: Any) -> Iterator[None]:
    """PyTorch's global random state, on the processor and the module's accelerators, is put back afterwards."""
    weights = module.parameters() if isinstance(module, nn.Module) else ()
    devices = sorted({w.device.index for w in weights if w.device.type == "cuda" and w.device.index is not None})
    with torch.random.fork_rng(devices=devices):
        yield


def reinitialised(module: nn.Module, seed: int) -> nn.Module:
    """A copy with fresh weights: every submodule's own `reset_parameters`.

    Weights that this leaves as they were (plain `nn.Parameter`s) are redrawn from the normal distribution of their own
    mean and standard deviation. PyTorch's global random state is what it was before.
    """
    fresh = copy.deepcopy(module)
    before = [p.detach().clone() for p in fresh.parameters()]
    with untouched_random(module), torch.no_grad():
        torch.manual_seed(_number(seed, 1))
        for part in fresh.modules():
            reset = getattr(part, "reset_parameters", None)
            if callable(reset):
                reset()
        for parameter, old in zip(fresh.parameters(), before, strict=True):
            if torch.equal(parameter, old):
                _redraw(parameter)
    return fresh


def _redraw(parameter: Tensor) -> None:
    if not parameter.is_floating_point() or parameter.numel() == 0:
        return
    flat = parameter.detach().double()
    noise = torch.randn(parameter.shape, dtype=torch.float64) * flat.std(unbiased=False).cpu() + flat.mean().cpu()
    parameter.copy_(noise)


def permuted(module: nn.Module, seed: int) -> nn.Module:
    """A copy with the entries of each weight tensor shuffled: the same numbers in other places."""
    shuffled = copy.deepcopy(module)
    rng = np.random.default_rng((seed, 2))
    with torch.no_grad():
        for parameter in shuffled.parameters():
            order = torch.from_numpy(rng.permutation(parameter.numel())).to(parameter.device)
            parameter.copy_(parameter.detach().reshape(-1)[order].reshape(parameter.shape))
    return shuffled


def _number(seed: int, purpose: int) -> int:
    return int(np.random.default_rng((seed, purpose)).integers(2**63))
