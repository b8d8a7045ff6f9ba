"""Confidence intervals for fractions: independent units, and pairs drawn from a re-used pool.

Pairs that share inputs are not independent. With 64 inputs and 4000 pairs a nominal 95% Wilson interval holds the truth
about one time in three, so headline numbers come from disjoint pairs; `two_way` is for pools.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np

from scrutable.hypothesis._evidence import Interval

RESAMPLES = 1000


def wilson(successes: float, n: int, *, level: float = 0.95) -> Interval:
    """The score interval for a fraction of `n` independent units.

    Chosen by exact coverage, nominally 95%, over 16 to 500 units and truths from 0.50 to 0.99 (`bench/coverage.py`): it
    lies between 93% and 97% on 94% of that grid, more than for Clopper-Pearson (71%), mid-P and Agresti-Coull (89%),
    Jeffreys (90%), the likelihood ratio (88%) and Blaker (88%; with mid-P 94%, but its lower end leaves 3.6% instead of
    2.5% where each of 40 units is a success). No interval can do so on more than 97%: with 16 units and a truth of 0.99
    the counts are too coarse. From 32 units and five expected failures on it is between 92.4% and 97.5%, and outside
    93-97% on one truth in 150.

    Reference: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Raises:
        ValueError: no units, or more successes than units.
    """
    checked(successes, n)
    return _score(successes / n, n, NormalDist().inv_cdf(0.5 + level / 2), level)


def _score(share: float, n: float, z: float, level: float) -> Interval:
    """Every share that is at most `z` of its own standard errors from the one found in `n` units."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return Interval(low, high, level)


def clopper_pearson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """The exact (conservative) binomial interval, by inverting the binomial tail.

    Reference: Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 1934.

    Raises:
        ValueError: no units, or more successes than units.
    """
    from scipy.stats import beta

    checked(successes, n)
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

    checked(successes, n)
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


def two_way(values: np.ndarray, bases: np.ndarray, sources: np.ndarray, *, level: float = 0.95) -> Interval:
    """The interval for a share of pairs (base, source) drawn from one pool of inputs, so that pairs share inputs.

    The variance of the share counts every two pairs with an input in common (Aronow, Samii & Assenova, "Cluster-robust
    variance estimation for dyadic data", Political Analysis 2015). The interval is the score interval for as many
    independent pairs as would vary so much, with Student's t for the number of inputs (as for clustered surveys: Korn &
    Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from survey
    data", Survey Methodology 1998). Equal values have no variance to go by: the pool then counts as the disjoint pairs
    that it would make.

    Arguments:
        values: `(n,)`, right or wrong. bases, sources: `(n,)` labels of the inputs, a label meaning the same in both.

    Raises:
        ValueError: no pairs, or fewer than three inputs.
    """
    from scipy.stats import t

    values = np.asarray(values, float)
    names, index = np.unique(np.concatenate([bases, sources]), return_inverse=True)
    inputs, n = len(names), len(values)
    if n < 1 or inputs < 3:
        raise ValueError(f"got {n} pairs of {inputs} inputs, expected at least one pair and three inputs")
    share = float(values.mean())
    spread = share * (1 - share)
    variance = _shared_variance(values - share, index[:n], index[n:]) * inputs / (inputs - 2)
    units = min(n, spread / variance) if variance > 0 else n if spread else inputs // 2
    return _score(share, units, float(t.ppf(0.5 + level / 2, inputs - 1)), level)


def _shared_variance(errors: np.ndarray, base: np.ndarray, source: np.ndarray) -> float:
    """The variance of a mean of errors, `(n,)`, that are independent unless they have an input in common."""
    apart = base != source
    low, high = np.minimum(base, source)[apart], np.maximum(base, source)[apart]
    count = int(max(base.max(), source.max())) + 1
    by_input = np.bincount(base, errors, count) + np.bincount(source[apart], errors[apart], count)
    _, both = np.unique(low * count + high, return_inverse=True)
    by_both = np.bincount(both, errors[apart])  # pairs with both inputs in common were counted twice
    return float((by_input**2).sum() - (by_both**2).sum()) / len(errors) ** 2


def _percentiles(means: np.ndarray, level: float) -> Interval:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def checked(successes: float, n: int) -> None:
    if not 0 <= successes <= n or n < 1:
        raise ValueError(
            f"got {successes} successes of {n}, expected at least one unit and no more successes than units"
        )
