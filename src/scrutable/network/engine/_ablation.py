"""What a value is replaced by when it is taken away. The kinds answer different questions and are never mixed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError

Ablation = Literal["zero", "mean", "resample"]


def ablated(kind: Ablation, natural: Tensor, rng: np.random.Generator) -> Tensor:
    """What stands in for each row of a value.

    Arguments:
        kind: "zero"; "mean" of the rows; "resample", that of another row, at random.
        natural: `(n, ...)`, at least two rows for "resample".

    Raises:
        UserError: another kind, or a single row has no other.
    """
    if kind == "zero":
        return torch.zeros_like(natural)
    if kind == "mean":
        return natural.mean(dim=0, keepdim=True).expand_as(natural)
    if kind != "resample":
        raise UserError(f"got the ablation {str(kind)[:40]!r}, expected zero, mean or resample")
    if len(natural) < 2:
        raise UserError(f"got {len(natural)} rows to resample among, expected at least 2")
    order = rng.permutation(len(natural))
    others = np.empty(len(order), int)
    others[order] = np.roll(order, 1)
    return natural[torch.from_numpy(others).to(natural.device)]
