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
    return natural[partners(len(natural), rng).to(natural.device)]


def partners(n: int, rng: np.random.Generator) -> Tensor:
    """Another row for each of `n`, every row for one.

    Raises:
        UserError: a single row has no other.
    """
    if n < 2:
        raise UserError(f"got {n} rows to resample among, expected at least 2")
    order = rng.permutation(n)
    others = np.empty(n, dtype=int)
    others[order] = np.roll(order, 1)
    return torch.from_numpy(others)
