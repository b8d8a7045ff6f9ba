"""Intervals for ratios of means over references, and for many of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Interval, wilson

RESAMPLES = 2000
LEVEL = 0.95
FEW = 10


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A ratio of means over references and its bootstrap copies, `(RESAMPLES,)`."""

    value: float
    copies: np.ndarray
    n: int
    few: bool

    @property
    def interval(self) -> Interval:
        """Percentiles. Where so few references changed that a bootstrap knows too little, at least as wide as the
        Wilson interval of as many independent references."""
        low, high = np.quantile(self.copies, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return self._widened(float(low), float(high))

    def upper(self, reach: float) -> float:
        """The value and so many standard errors."""
        return self._widened(self.value, self.value + reach * float(self.copies.std())).high

    def _widened(self, low: float, high: float) -> Interval:
        if self.few and 0 <= self.value <= 1:
            alone = wilson(self.value * self.n, self.n)
            low, high = min(low, alone.low), max(high, alone.high)
        return Interval(low, high)


def weights(n: int, rng: np.random.Generator) -> np.ndarray:
    """How often each of n references is in each resample, `(RESAMPLES, n)`."""
    return rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)


def ratio(above: np.ndarray, below: np.ndarray, counts: np.ndarray) -> Ratio | None:
    """The mean of `above` over the mean of `below`, each `(references,)`; None where the latter is not positive.

    Arguments:
        counts: of `weights`: equal ones for ratios that are compared.
    """
    if below.mean() <= 0:
        return None
    bottom = counts @ below
    copies = (counts @ above)[bottom > 0] / bottom[bottom > 0]
    few = bool(min((above != 0).sum(), (above != below).sum()) < FEW)
    return Ratio(float(above.mean() / below.mean()), copies, len(above), few)


def lower_mean(values: np.ndarray, counts: np.ndarray) -> float:
    """The lower end of the interval of a mean over references, `(references,)`."""
    return float(np.quantile(counts @ values / counts.sum(axis=1), (1 - LEVEL) / 2))


def reach(ratios: list[Ratio]) -> float:
    """How many standard errors hold for all ratios at once: the 95% quantile of the largest of the studentised
    deviations (max-T; Westfall & Young, "Resampling-based multiple testing", 1993)."""
    known = [each for each in ratios if each.copies.std() > 0 and len(each.copies) == RESAMPLES]
    if not known:
        return 0.0
    deviations = np.stack([(each.copies - each.value) / each.copies.std() for each in known])
    return max(0.0, float(np.quantile(deviations.max(axis=0), LEVEL)))
