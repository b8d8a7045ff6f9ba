"""What values are replaced by when they are taken away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._ablation_kinds import ABLATIONS, Ablation


def ablated(kind: Ablation, natural: Mapping[str, Tensor], rng: np.random.Generator) -> dict[str, Tensor]:
    """What stands in for each row of some values. Where it is drawn, it is drawn once for all of them.

    Arguments:
        natural: `(n, ...)` each, positions on the last axis but one; at least two rows where other rows are drawn.

    Raises:
        UserError: another kind, or a single row has no other.
    """
    if kind not in ABLATIONS:
        raise UserError(f"got the ablation {str(kind)[:40]!r}, expected one of {', '.join(ABLATIONS)}")
    if kind == "zero":
        return {name: torch.zeros_like(value) for name, value in natural.items()}
    if kind == "mean":
        return {name: value.mean(0, keepdim=True).expand_as(value) for name, value in natural.items()}
    n, longest = len(next(iter(natural.values()))), max(map(_length, natural.values()))
    others = partners(n, rng)
    drawn = {name: value[others.to(value.device)] for name, value in natural.items()}
    if kind == "resample":
        return drawn
    where = torch.from_numpy(rng.random((n, longest)))
    return {name: _elsewhere(value, where) for name, value in drawn.items()}


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


def _length(value: Tensor) -> int:
    """How many positions there are."""
    return value.shape[-2] if value.ndim > 2 else 1


def _elsewhere(value: Tensor, where: Tensor) -> Tensor:
    """The values of each row at other positions: `where`, `(n, longest)`, has shares of the length."""
    if _length(value) == 1:
        return value
    at = (where[:, : value.shape[-2]] * value.shape[-2]).long().to(value.device)
    rows = torch.arange(len(value), device=value.device)[:, None]
    return value.movedim(-2, 1)[rows, at].movedim(1, -2)
