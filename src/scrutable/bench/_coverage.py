"""How often intervals hold the truth: inputs and pairs drawn again and again from worlds in which it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.hypothesis import Interval, confidence_sequence, two_way, wilson
from scrutable.hypothesis._anytime import log_capital
from scrutable.work import generator

Chance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""The chance of a pair to be right, from a uniform number for each of its two inputs."""
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class World:
    """What makes pairs right or wrong.

    Arguments:
        name: in words. chance: of a pair. truth: the share of pairs that are right.
    """

    name: str
    chance: Chance
    truth: float


WORLDS = (
    World("every pair on its own", lambda u, v: np.full(len(u), 0.9), 0.9),
    World("the source decides", lambda u, v: (v < 0.9).astype(float), 0.9),
    World("both inputs must be good", lambda u, v: ((u < 0.8) & (v < 0.8)).astype(float), 0.64),
    World("both inputs matter, and chance", lambda u, v: 1 - 0.4 * u * v, 0.9),
    World("one input in fifty spoils its pairs", lambda u, v: ((u < 0.98) & (v < 0.98)).astype(float), 0.98**2),
)
SIZES = tuple((inputs, pairs) for inputs in (64, 256) for pairs in (1000, 4000))


@dataclass(frozen=True, slots=True)
class Pool:
    """Pairs drawn from one pool: `(n,)` right or wrong, and `(n,)` labels of their inputs."""

    right: np.ndarray
    bases: np.ndarray
    sources: np.ndarray


def drawn(world: World, inputs: int, pairs: int, rng: np.random.Generator) -> Pool:
    """Pairs of two different inputs of a pool."""
    bases = rng.integers(0, inputs, size=pairs)
    sources = (bases + rng.integers(1, inputs, size=pairs)) % inputs
    return _pool(world, inputs, bases, sources, rng)


def disjoint(world: World, inputs: int, rng: np.random.Generator) -> Pool:
    """Half as many pairs as inputs, no input used twice."""
    order = rng.permutation(inputs)
    return _pool(world, inputs, order[: inputs // 2], order[inputs // 2 : 2 * (inputs // 2)], rng)


def _pool(world: World, inputs: int, bases: np.ndarray, sources: np.ndarray, rng: np.random.Generator) -> Pool:
    own = rng.uniform(size=inputs)
    right = rng.uniform(size=len(bases)) < world.chance(own[bases], own[sources])
    return Pool(right, bases, sources)


def taken_for_independent(pool: Pool) -> Interval:
    """Wilson's interval, as if no two pairs shared an input."""
    return wilson(int(pool.right.sum()), len(pool.right))


def sharing_inputs(pool: Pool) -> Interval:
    """The library's interval for re-used pools."""
    return two_way(pool.right, pool.bases, pool.sources)


def pigeonhole(pool: Pool) -> Interval:
    """Inputs resampled, a pair weighing the product of how often its two were drawn (Owen, "The pigeonhole bootstrap",
    Annals of Applied Statistics 2007). Its seed is fixed."""
    rng, inputs = generator(0, "pigeonhole"), int(max(pool.bases.max(), pool.sources.max())) + 1
    often = rng.multinomial(inputs, np.full(inputs, 1 / inputs), size=RESAMPLES)
    weights = (often[:, pool.bases] * often[:, pool.sources]).astype(float)
    weights = weights[weights.sum(axis=1) > 0]
    low, high = np.quantile(weights @ pool.right / weights.sum(axis=1), [0.025, 0.975])
    return Interval(float(low), float(high))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of `trials` intervals held the truth, and how wide they were on average."""

    covered: int
    trials: int
    width: float

    @property
    def share(self) -> float:
        """Of the intervals."""
        return self.covered / self.trials

    @property
    def error(self) -> float:
        """The standard error of `share`, by Monte Carlo."""
        return float(np.sqrt(self.share * (1 - self.share) / self.trials))


def coverage(intervals: Iterator[Interval] | Sequence[Interval], truth: float) -> Coverage:
    """Count them."""
    held = list(intervals)
    covered = sum(each.low <= truth <= each.high for each in held)
    return Coverage(covered, len(held), float(np.mean([each.high - each.low for each in held])))


def of_pools(
    world: World, inputs: int, pairs: int | None, method: Callable[[Pool], Interval], *, trials: int
) -> Coverage:
    """The coverage of a method for pairs from a pool; for disjoint pairs where `pairs` is None."""

    def one(trial: int) -> Interval:
        rng = generator(trial, "coverage", world.name, inputs, pairs or 0)
        return method(disjoint(world, inputs, rng) if pairs is None else drawn(world, inputs, pairs, rng))

    return coverage(map(one, range(trials)), world.truth)


def of_units(method: Callable[[int, int], Interval], share: float, n: int, *, trials: int) -> Coverage:
    """The coverage of an interval for `n` independent units."""
    counts = generator(n, "coverage", str(share)).binomial(n, share, size=trials)
    intervals = {count: method(int(count), n) for count in np.unique(counts)}
    return coverage([intervals[count] for count in counts], share)


def of_sequences(share: float, most: int, *, trials: int) -> Coverage:
    """How many confidence sequences held the truth after every one of `most` units, and their width at the end."""
    units = generator(most, "sequences", str(share)).uniform(size=(trials, most)) < share
    sums, n = units.cumsum(axis=1), np.arange(1, most + 1)
    always = (log_capital(sums, n, share) < np.log(20)).all(axis=1)
    ends = [confidence_sequence(int(count), most) for count in sums[:50, -1]]
    return Coverage(int(always.sum()), trials, float(np.mean([each.high - each.low for each in ends])))


def looked_at_often(share: float, most: int, *, trials: int) -> Coverage:
    """The same for Wilson's interval, which promises this for one look only."""
    units = generator(most, "sequences", str(share)).uniform(size=(trials, most)) < share
    sums = units.cumsum(axis=1)
    held, widths = np.ones(trials, bool), []
    for n in range(1, most + 1):
        ends = {int(count): wilson(int(count), n) for count in np.unique(sums[:, n - 1])}
        held &= np.array([ends[count].low <= share <= ends[count].high for count in sums[:, n - 1]])
        widths = [ends[count].high - ends[count].low for count in sums[:, n - 1]]
    return Coverage(int(held.sum()), trials, float(np.mean(widths)))
