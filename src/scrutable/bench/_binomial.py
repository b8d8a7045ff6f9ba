"""Intervals for a fraction of independent units, compared by their exact coverage: sums over what may be counted.

Wilson and Clopper-Pearson are the library's own. The others are those of L. Brown, T. Cai & A. DasGupta, "Interval
estimation for a binomial proportion", Statistical Science 2001 (Agresti-Coull, Jeffreys, likelihood ratio, mid-P), and
H. Blaker, "Confidence curves and improved exact confidence intervals for discrete distributions", Canadian Journal of
Statistics 2000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import final

import numpy as np

from scrutable.hypothesis import clopper_pearson, wilson

LEVEL, LOWEST, HIGHEST = 0.95, 0.93, 0.97
GRID = 2000
Ends = tuple[np.ndarray, np.ndarray]
Method = Callable[[int], Ends]
"""The lower and the upper ends for 0 to n successes of n units, `(n + 1,)` each."""


@final
@dataclass(frozen=True, slots=True)
class Exact:
    """How often the intervals of one method hold the truth, over a grid of `n` and of truths.

    Arguments:
        inside: the share of the grid on which that is between 93% and 97%. below, above: the shares outside.
        least, most: over the grid. width: the mean width, all counts alike.
    """

    inside: float
    below: float
    above: float
    least: float
    most: float
    width: float


def held(ends: Ends, n: int, truths: np.ndarray) -> np.ndarray:
    """The chance that the interval holds each truth, `(t,)`."""
    low, high = (end[:, None] for end in ends)
    return (chances(n, truths) * ((low <= truths) & (truths <= high))).sum(axis=0)


def attainable(n: int, truths: np.ndarray) -> np.ndarray:
    """For which truths any interval at all can hold them between 93% and 97% of the time, `(t,)` bools.

    The counts whose intervals hold a truth lie side by side, so that there must be neighbours of such a chance.
    """
    sums = np.concatenate([np.zeros((1, len(truths))), chances(n, truths).cumsum(axis=0)])
    runs = sums[None] - sums[:, None]
    return np.asarray(((runs >= LOWEST) & (runs <= HIGHEST)).any(axis=(0, 1)))


def compared(method: Method, sizes: tuple[int, ...], truths: np.ndarray) -> Exact:
    """A method on a grid."""
    ends = [method(n) for n in sizes]
    chance = np.concatenate([held(each, n, truths) for each, n in zip(ends, sizes, strict=True)])
    below, above = float((chance < LOWEST).mean()), float((chance > HIGHEST).mean())
    width = float(np.mean([(high - low).mean() for low, high in ends]))
    return Exact(1 - below - above, below, above, float(chance.min()), float(chance.max()), width)


def chances(n: int, truths: np.ndarray) -> np.ndarray:
    """The chance of each count from 0 to n, `(n + 1, t)`."""
    from scipy.stats import binom

    return np.asarray(binom.pmf(np.arange(n + 1)[:, None], n, truths))


def own(interval: Callable[..., object]) -> Method:
    """An interval of the library's, for every count."""

    def ends(n: int) -> Ends:
        found = [interval(k, n, level=LEVEL) for k in range(n + 1)]
        return np.array([each.low for each in found]), np.array([each.high for each in found])  # type: ignore[attr-defined]

    return ends


def _jeffreys(n: int) -> Ends:
    from scipy.stats import beta

    k, tail = np.arange(n + 1), (1 - LEVEL) / 2
    low, high = (np.asarray(beta.ppf(q, k + 0.5, n - k + 0.5)) for q in (tail, 1 - tail))
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)


def _agresti_coull(n: int) -> Ends:
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    share = (np.arange(n + 1) + z * z / 2) / (n + z * z)
    half = z * np.sqrt(share * (1 - share) / (n + z * z))
    return np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)


def _mid_p(n: int) -> Ends:
    likely = _table(n)
    at_most = likely.cumsum(axis=0) - likely / 2
    return _accepted(np.minimum(at_most, 1 - at_most) > (1 - LEVEL) / 2)


def _likelihood(n: int) -> Ends:
    likely = _table(n)
    best = np.diag(chances(n, np.arange(n + 1) / n))
    most = NormalDist().inv_cdf(0.5 + LEVEL / 2) ** 2
    return _accepted(2 * np.log(best[:, None] / np.maximum(likely, 1e-300)) <= most)


def _blaker(n: int, *, own_share: float = 0.0) -> Ends:
    likely = _table(n)
    at_most = likely.cumsum(axis=0)
    order = np.argsort(np.minimum(at_most, 1 - at_most + likely), axis=0)
    ranked = np.take_along_axis(likely, order, axis=0)
    value = np.empty_like(likely)
    np.put_along_axis(value, order, ranked.cumsum(axis=0) - own_share * ranked, axis=0)
    return _accepted(value > 1 - LEVEL)


def _table(n: int) -> np.ndarray:
    return chances(n, (np.arange(GRID) + 0.5) / GRID)


def _accepted(kept: np.ndarray) -> Ends:
    """From which truth to which one each count is accepted, to the next point of the grid outside."""
    k = np.arange(len(kept))
    low, high = kept.argmax(axis=1) / GRID, 1 - kept[:, ::-1].argmax(axis=1) / GRID
    return np.where(k == 0, 0.0, low), np.where(k == len(kept) - 1, 1.0, high)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "Wilson": own(wilson),
        "Clopper-Pearson": own(clopper_pearson),
        "mid-P": _mid_p,
        "Jeffreys": _jeffreys,
        "Agresti-Coull": _agresti_coull,
        "likelihood ratio": _likelihood,
        "Blaker": _blaker,
        "Blaker, mid-P": lambda n: _blaker(n, own_share=0.5),
    }
)
