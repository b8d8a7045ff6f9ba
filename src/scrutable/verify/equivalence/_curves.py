"""Functions of one number between two parallel lines: what a value can be when its argument lies in an interval.

A line `slope * x` is laid along the function, and how far the function goes above and below it on the interval is
worked out exactly: at the ends and corners of functions that are linear in pieces, and at the ends alone where the
slope is the least that the function has on the interval, because what is left then never falls.

References: H. Zhang et al., Efficient neural network robustness certification with general activation functions
(CROWN), NeurIPS 2018 (arXiv:1811.00866); G. Singh et al., Fast and effective robustness certification (DeepZ), NeurIPS
2018.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

Number = Callable[[Tensor], Tensor]
Lines = tuple[Tensor, Tensor, Tensor]
"""A slope, and the least and greatest value of the function less `slope * x`."""


class Curve(ABC):
    """A function of one number."""

    @abstractmethod
    def lines(self, lo: Tensor, hi: Tensor) -> Lines:
        """Two parallel lines that hold the function on `[lo, hi]`; not a number where there are none."""

    @abstractmethod
    def steepest(self, lo: Tensor, hi: Tensor) -> Tensor:
        """The largest size of the slope on `[lo, hi]`."""


@final
@dataclass(frozen=True, slots=True)
class Broken(Curve):
    """Continuous and linear between its corners."""

    value: Number
    corners: tuple[float, ...]
    steep: float = 1.0

    def lines(self, lo: Tensor, hi: Tensor) -> Lines:
        """The chord from end to end, and how far the corners lie off it."""
        low, high = self.value(lo), self.value(hi)
        slope = torch.where(hi > lo, (high - low) / torch.where(hi > lo, hi - lo, 1.0), 0.0)
        at = [lo, hi, *(lo.clamp(min=corner).minimum(hi) for corner in self.corners)]
        off = torch.stack([self.value(x) - slope * x for x in at])
        return slope, off.amin(0), off.amax(0)

    def steepest(self, lo: Tensor, hi: Tensor) -> Tensor:
        """See `Curve.steepest`."""
        return torch.full_like(lo, self.steep)


@final
@dataclass(frozen=True, slots=True)
class Smooth(Curve):
    """Differentiable.

    Arguments:
        least: the least slope on an interval. steep: the largest size of a slope there.
    """

    value: Number
    least: Callable[[Tensor, Tensor], Tensor]
    steep: Callable[[Tensor, Tensor], Tensor]

    def lines(self, lo: Tensor, hi: Tensor) -> Lines:
        """Along the least slope: what is left over never falls."""
        slope = self.least(lo, hi)
        return slope, self.value(lo) - slope * lo, self.value(hi) - slope * hi

    def steepest(self, lo: Tensor, hi: Tensor) -> Tensor:
        """See `Curve.steepest`."""
        return self.steep(lo, hi)


@final
@dataclass(frozen=True, slots=True)
class Square(Curve):
    """The number times itself."""

    def lines(self, lo: Tensor, hi: Tensor) -> Lines:
        """Along the chord; the square is farthest below it in the middle."""
        slope = lo + hi
        return slope, -slope * slope / 4, -lo * hi

    def steepest(self, lo: Tensor, hi: Tensor) -> Tensor:
        """See `Curve.steepest`."""
        return 2 * lo.abs().maximum(hi.abs())


@final
@dataclass(frozen=True, slots=True)
class Stepped(Curve):
    """Constant between jumps that all go the same way."""

    value: Number

    def lines(self, lo: Tensor, hi: Tensor) -> Lines:
        """Level lines."""
        low, high = self.value(lo), self.value(hi)
        return torch.zeros_like(lo), low.minimum(high), low.maximum(high)

    def steepest(self, lo: Tensor, hi: Tensor) -> Tensor:
        """Nothing, provided that `lo` and `hi` hold whatever the value is taken for."""
        return torch.zeros_like(lo)


def relu() -> Curve:
    """The larger of the value and zero."""
    return Broken(torch.relu, (0.0,))


def leaky(slope: float) -> Curve:
    """The value, below zero times a slope."""
    return Broken(lambda x: torch.where(x > 0, x, slope * x), (0.0,), max(1.0, abs(slope)))


def clamp(low: float, high: float) -> Curve:
    """The value, but never below `low` nor above `high`."""
    return Broken(lambda x: x.clamp(low, high), (low, high))


def elu(alpha: float) -> Curve:
    """The value, below zero `alpha * (exp(x) - 1)`."""
    return _smooth(
        lambda x: torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0))),
        lambda x: torch.where(x > 0, 1.0, alpha * torch.exp(x.clamp(max=0))),
        steepest=max(1.0, alpha),
    )


def _smooth(value: Number, slope: Number, *, steepest: float | None = None, turns: tuple[float, ...] = ()) -> Smooth:
    """A function whose slope has its least value at an end of the interval, or at one of the `turns` inside it.

    Arguments:
        steepest: the largest size of the slope; None where it is at an end.
    """

    def least(lo: Tensor, hi: Tensor) -> Tensor:
        ends = slope(lo).minimum(slope(hi))
        for turn in turns:
            inside = (lo <= turn) & (hi >= turn)
            ends = torch.where(inside, slope(torch.full_like(lo, turn)).minimum(ends), ends)
        return ends

    def steep(lo: Tensor, hi: Tensor) -> Tensor:
        return slope(lo).abs().maximum(slope(hi).abs()) if steepest is None else torch.full_like(lo, steepest)

    return Smooth(value, least, steep)


def _wave(value: Number, slope: Number, turn: float) -> Smooth:
    """A wave whose slope has its least value, -1, at `turn` and a whole turn further, again and again."""

    def least(lo: Tensor, hi: Tensor) -> Tensor:
        next_turn = turn + 2 * math.pi * torch.ceil((lo - turn) / (2 * math.pi))
        return torch.where(next_turn <= hi + 1e-6, -1.0, slope(lo).minimum(slope(hi)))

    return Smooth(value, least, lambda lo, hi: torch.ones_like(lo))


def _within(curve: Smooth, allowed: Callable[[Tensor, Tensor], Tensor]) -> Smooth:
    """Not a number where the interval leaves what the function is defined on."""

    def least(lo: Tensor, hi: Tensor) -> Tensor:
        return torch.where(allowed(lo, hi), curve.least(lo, hi), math.nan)

    return Smooth(curve.value, least, curve.steep)


def _positive(lo: Tensor, hi: Tensor) -> Tensor:
    return lo > 0


_normal = math.sqrt(2 / math.pi) / 2


def _silu_slope(x: Tensor) -> Tensor:
    s = torch.sigmoid(x)
    return s + x * s * (1 - s)


def _gelu_slope(x: Tensor) -> Tensor:
    return torch.special.ndtr(x) + x * _normal * torch.exp(-0.5 * x * x)


CURVES: dict[str, Curve] = {
    "relu": relu(),
    "square": Square(),
    "abs": Broken(torch.abs, (0.0,)),
    "relu6": clamp(0.0, 6.0),
    "tanh": _smooth(torch.tanh, lambda x: 1 - torch.tanh(x) ** 2, steepest=1.0),
    "sigmoid": _smooth(torch.sigmoid, lambda x: torch.sigmoid(x) * torch.sigmoid(-x), steepest=0.25),
    "erf": _smooth(torch.erf, lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x), steepest=1.13),
    "softplus": _smooth(lambda x: torch.logaddexp(x, torch.zeros_like(x)), torch.sigmoid, steepest=1.0),
    "silu": _smooth(lambda x: x * torch.sigmoid(x), _silu_slope, steepest=1.1, turns=(-2.399357280520548,)),
    "gelu": _smooth(lambda x: x * torch.special.ndtr(x), _gelu_slope, steepest=1.13, turns=(-math.sqrt(2.0),)),
    "exp": _smooth(torch.exp, torch.exp),
    "sin": _wave(torch.sin, torch.cos, math.pi),
    "cos": _wave(torch.cos, lambda x: -torch.sin(x), math.pi / 2),
    "log": _within(_smooth(torch.log, torch.reciprocal), _positive),
    "sqrt": _within(_smooth(torch.sqrt, lambda x: 0.5 * torch.rsqrt(x)), _positive),
    "rsqrt": _within(_smooth(torch.rsqrt, lambda x: -0.5 * x**-1.5), _positive),
    "reciprocal": _within(_smooth(torch.reciprocal, lambda x: -(x**-2)), lambda lo, hi: (lo > 0) | (hi < 0)),
    "sign": Stepped(torch.sign),
    "floor": Stepped(torch.floor),
}
"""By the name of the operation, as PyTorch and the solver call it."""
