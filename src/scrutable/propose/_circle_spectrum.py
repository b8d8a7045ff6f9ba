"""Two ways to add on circles, and which frequencies the scores of a network are made of under each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.propose._circle_program import BETWEEN, TURNED, Meeting, averaged, multiplied

LEAST_SHARE, FEW = 0.5, 6
HEAVY = 0.05
SMALLEST = 1e-3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to add, seen on pairs of tokens.

    Arguments:
        name: of the way. meeting: how the points of two tokens become one of the answer.
        variable: the one that sets it apart. points: `(n, 2, frequencies)`, its values for all frequencies from 1.
        amplitudes: `(n, frequencies)`, the size of the waves.
    """

    name: str
    meeting: Meeting
    variable: str
    points: np.ndarray
    amplitudes: np.ndarray


def ways(tokens: np.ndarray, prime: int) -> tuple[Way, Way]:
    """The clock and the pizza on pairs of tokens, `(n, 2)`."""
    angles = 2 * np.pi * np.arange(1, (prime + 1) // 2) / prime * tokens[:, :, None]
    a, b = np.exp(1j * angles).transpose(1, 0, 2)
    return (
        Way("clock", multiplied, TURNED, _plane(a * b), np.ones(a.shape)),
        Way("pizza", averaged, BETWEEN, _plane(a + b), np.abs(a + b) / 2),
    )


def _plane(points: np.ndarray) -> np.ndarray:
    return np.stack([np.real(points), np.imag(points)], axis=1)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The scores as a sum over frequencies k of `weight * amplitude * cos(2 pi k (a + b - c) / prime)`.

    Arguments:
        weights: `(frequencies,)`, from frequency 1. share: of the variance of the scores that the six largest make up.
    """

    weights: np.ndarray
    share: float

    @property
    def clear(self) -> bool:
        """Whether the scores are made of few waves."""
        return self.share >= LEAST_SHARE

    @property
    def order(self) -> np.ndarray:
        """Places of frequencies, that of the largest weight first."""
        return np.argsort(-self.weights, kind="stable")

    @property
    def heavy(self) -> np.ndarray:
        """Places of frequencies of at least 5% of the largest weight."""
        return self.order[self.weights[self.order] >= HEAVY * self.weights.max()]

    def of(self, places: np.ndarray) -> dict[int, float]:
        """Some frequencies with their weights, the largest 1."""
        kept = np.maximum(self.weights[places] / self.weights.max(), SMALLEST)
        return {int(place) + 1: round(float(weight), 3) for place, weight in zip(places, kept, strict=True)}


def spectrum(way: Way, tokens: np.ndarray, scores: np.ndarray) -> Spectrum:
    """What the scores, `(n, prime)`, are made of.

    Waves of different frequencies are orthogonal over all labels, so that each weight is a projection of its own.
    """
    prime = scores.shape[1]
    scores = scores - scores.mean(axis=1, keepdims=True)
    far = 2 * np.pi / prime * (tokens.sum(axis=1)[:, None] - np.arange(prime))
    waves = range(1, (prime + 1) // 2)
    found = np.stack([(scores * np.cos(k * far)).sum(axis=1) for k in waves], axis=1)
    sizes = (way.amplitudes**2).sum(axis=0) * prime / 2
    weights = np.maximum((found * way.amplitudes).sum(axis=0) / sizes, 0.0)
    largest = np.sort(weights**2 * sizes)[-FEW:].sum()
    spread = float((scores**2).sum())
    return Spectrum(weights, float(largest) / spread if spread > 0 else 0.0)
