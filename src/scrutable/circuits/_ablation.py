"""What a replaced edge carries instead: nothing, the mean, or what it carries elsewhere. Results always say which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits._patching import Values
from scrutable.network.engine import partners


class Ablation(Protocol):
    """Interface: what takes the place of the values of sources, `(n, ...)` each, on `n` inputs."""

    @property
    def name(self) -> str:
        """How results call it."""
        ...

    @property
    def random(self) -> bool:
        """Whether draws differ."""
        ...

    def draw(self, values: Values, rng: np.random.Generator) -> dict[str, Tensor]:
        """One replacement for each input."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Zero:
    """Nothing: zero."""

    name: str = "zero"
    random: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> dict[str, Tensor]:
        """Zeros."""
        return {name: torch.zeros_like(value) for name, value in values.items()}


@final
@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over the inputs, at each position."""

    name: str = "mean"
    random: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> dict[str, Tensor]:
        """Means."""
        return {name: value.mean(0, keepdim=True).expand_as(value) for name, value in values.items()}


@final
@dataclass(frozen=True, slots=True)
class Resample:
    """The value on another input, one for all sources, at the same position."""

    name: str = "resample"
    random: bool = True

    def draw(self, values: Values, rng: np.random.Generator) -> dict[str, Tensor]:
        """Values on partners; no input is its own."""
        others = partners(len(next(iter(values.values()))), rng)
        return {name: value[others] for name, value in values.items()}


@final
@dataclass(frozen=True, slots=True)
class ResampleAnywhere:
    """The value on another input, one for all sources, at a position drawn for each position.

    What depends on the position alone is the same on every input, so resampling at the same position cannot show that
    anything reads it.
    """

    name: str = "resample anywhere"
    random: bool = True

    def draw(self, values: Values, rng: np.random.Generator) -> dict[str, Tensor]:
        """Values on partners, at positions that are the same for all sources of equal length."""
        n = len(next(iter(values.values())))
        others, where = partners(n, rng), rng.random((n, max(map(_length, values.values()))))
        return {name: _elsewhere(value[others], torch.from_numpy(where)) for name, value in values.items()}


def _length(value: Tensor) -> int:
    """How many positions there are, on the last axis but one."""
    return value.shape[-2] if value.ndim > 2 else 1


def _elsewhere(value: Tensor, where: Tensor) -> Tensor:
    """The values of each row at other positions: `where`, `(n, longest)`, has shares of the length."""
    if _length(value) == 1:
        return value
    at = (where[:, : value.shape[-2]] * value.shape[-2]).long()
    rows = torch.arange(len(value))[:, None]
    return value.movedim(-2, 1)[rows, at].movedim(1, -2)


ABLATIONS: dict[str, Ablation] = {a.name: a for a in (Zero(), Mean(), Resample(), ResampleAnywhere())}
