"""Recurrent networks over whole sequences at once: what training spends its time on, written to be quick.

Inputs enter all at once, the last layer of f and the first are one matrix, g reads all states together, and the
gradient of the recurrence is written out: a third of the time that running the cell takes, and the same to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from scrutable.bench.recurrent._cells import Cell, linears


def unrolled(cell: Cell, x: Tensor) -> Tensor:
    """What the network says at every step of `x` `(L, n, channels)`: `(L, n, outputs)`."""
    first, *rest = linears(cell.f)
    hidden = first.in_features - x.shape[-1]
    inwards, weight = first.weight[:, hidden:], first.weight[:, :hidden]
    drive = torch.addmm(first.bias, x.flatten(0, 1), inwards.T).view(*x.shape[:2], -1)
    if not rest:
        return _apply(cell.g, _Linear.apply(drive, weight.T))
    *inner, last = rest
    back, shift = (weight @ last.weight).T, weight @ last.bias
    drive = torch.cat([drive[:1], drive[1:] + shift])
    return _apply(cell.g, _apply(last, _deep(drive, back, inner) if inner else _Rectified.apply(drive, back)))


def _apply(layers: nn.Module, values: Any) -> Tensor:
    return layers(values.flatten(0, 1)).view(*values.shape[:2], -1)


def _deep(drive: Tensor, back: Tensor, inner: list[nn.Linear]) -> Tensor:
    """States of an f of more than two layers."""
    states: list[Tensor] = []
    for given in drive.unbind(0):
        value = (torch.addmm(given, states[-1], back) if states else given).relu()
        for layer in inner:
            value = layer(value).relu()
        states.append(value)
    return torch.stack(states)


class _Rectified(torch.autograd.Function):
    """z_t = relu(drive_t + z_{t-1} back), z_0 = 0, for `drive` `(L, n, w)` and `back` `(w, w)`."""

    @staticmethod
    def forward(ctx: Any, drive: Tensor, back: Tensor) -> Tensor:
        """All z, `(L, n, w)`."""
        states = torch.empty_like(drive)
        torch.clamp_min(drive[0], 0, out=states[0])
        for t in range(1, len(drive)):
            torch.addmm(drive[t], states[t - 1], back, out=states[t]).relu_()
        ctx.save_for_backward(states, back)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        """For `drive` and `back`."""
        states, back = ctx.saved_tensors
        alive, there = states.sign(), back.T.contiguous()
        found = grads[0] * alive
        for t in range(len(states) - 2, -1, -1):
            found[t].addcmul_(found[t + 1] @ there, alive[t])
        return found, states[:-1].flatten(0, 1).T @ found[1:].flatten(0, 1)


class _Linear(torch.autograd.Function):
    """z_t = drive_t + z_{t-1} back, z_0 = 0, for `drive` `(L, n, w)` and `back` `(w, w)`."""

    @staticmethod
    def forward(ctx: Any, drive: Tensor, back: Tensor) -> Tensor:
        """All z, `(L, n, w)`."""
        states = drive.clone()
        for t in range(1, len(drive)):
            states[t].addmm_(states[t - 1], back)
        ctx.save_for_backward(states, back)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        """For `drive` and `back`."""
        states, back = ctx.saved_tensors
        there, found = back.T.contiguous(), grads[0].clone()
        for t in range(len(states) - 2, -1, -1):
            found[t].addmm_(found[t + 1], there)
        return found, states[:-1].flatten(0, 1).T @ found[1:].flatten(0, 1)
