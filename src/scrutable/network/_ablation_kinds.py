"""The ways to take a value away. They answer different questions and are never mixed."""

from __future__ import annotations

from typing import Literal, get_args

Ablation = Literal["zero", "mean", "resample", "resample anywhere"]
"""By zero; by the mean over the rows, at each position; by the value of another row, at the same position; or of
another row at another position, since what depends on the position alone is the same in every row."""
ABLATIONS: tuple[Ablation, ...] = get_args(Ablation)
DRAWN: tuple[Ablation, ...] = ("resample", "resample anywhere")
"""The kinds that are drawn at random."""
