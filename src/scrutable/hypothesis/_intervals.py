"""Confidence intervals for fractions: independent units, and pairs drawn from a re-used pool.

Pairs that share inputs are not independent. With 64 inputs and 4000 pairs a nominal 95% Wilson interval holds the truth
about one time in three, so headline numbers come from disjoint pairs; `two_way_bootstrap` is for pools.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np

from scrutable.hypothesis._evidence import Interval

RESAMPLES = 1000


def wilson(successes: float, n: int, *, level: float = 0.95) -> Interval:
    """The score interval for a fraction of `n` independent units.

    Reference: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Raises:
        ValueError: no units, or more successes than units.
    """
    _check(successes, n)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high, level)


def clopper_pearson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """The exact (conservative) binomial interval, by inverting the binomial tail.

    Reference: Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 1934.

    Raises:
        ValueError: no units, or more successes than units.
    """
    from scipy.stats import beta

    _check(successes, n)
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes == n else float(beta.ppf(1 - tail, successes + 1, n - successes))
    return Interval(low, high, level)


def finite_population(successes: int, n: int, size: int, *, level: float = 0.95) -> Interval:
    """The exact interval for a fraction of a population of `size`, `n` of which were drawn without replacement.

    By inverting the tails of the hypergeometric distribution. Cost: one tail for each possible number of successes.

    Raises:
        ValueError: no units, more successes than units, or more units than the population has.
    """
    from scipy.stats import hypergeom

    _check(successes, n)
    if n > size:
        raise ValueError(f"got {n} units of a population of {size}, expected no more than there are")
    tail = (1 - level) / 2
    counts = np.arange(successes, size - (n - successes) + 1)
    at_least, at_most = (
        hypergeom.sf(successes - 1, size, counts, n),
        hypergeom.cdf(successes, size, counts, n),
    )
    low, high = counts[at_least > tail].min(), counts[at_most > tail].max()
    return Interval(float(low) / size, float(high) / size, level)


def cluster_bootstrap(
    values: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, *, level: float = 0.95
) -> Interval:
    """Percentile interval for the mean of `values`, `(n,)`, resampling whole clusters (`clusters`, `(n,)` labels).

    Use it when several values come from one input. Cost: 1000 resamples of the clusters.
    """
    _, index = np.unique(clusters, return_inverse=True)
    count = int(index.max()) + 1
    sums = np.bincount(index, weights=np.asarray(values, float), minlength=count)
    sizes = np.bincount(index, minlength=count).astype(float)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return _percentiles((weights @ sums) / (weights @ sizes), level)


def two_way_bootstrap(
    values: np.ndarray, bases: np.ndarray, sources: np.ndarray, rng: np.random.Generator, *, level: float = 0.95
) -> Interval:
    """Percentile interval for the mean of `values`, `(n,)`, over pairs (base, source) drawn from one pool of inputs.

    Inputs are resampled, and a pair weighs the product of how often its two inputs were drawn (the pigeonhole bootstrap
    of Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007). Arguments `bases`, `sources`: `(n,)` labels
    of the inputs, a label meaning the same input in both.
    """
    names, index = np.unique(np.concatenate([bases, sources]), return_inverse=True)
    base, source = index[: len(bases)], index[len(bases) :]
    values = np.asarray(values, float)
    means = []
    for _ in range(RESAMPLES):
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))
        weights = drawn[base] * drawn[source]
        if weights.sum():
            means.append(float(weights @ values) / float(weights.sum()))
    return _percentiles(np.array(means), level)


def _percentiles(means: np.ndarray, level: float) -> Interval:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def _check(successes: float, n: int) -> None:
    if not 0 <= successes <= n or n < 1:
        raise ValueError(
            f"got {successes} successes of {n}, expected at least one unit and no more successes than units"
        )
