"""Pairs of inputs drawn from a re-used pool, for domains too small for disjoint pairs, and what they allow to be said.

With 64 inputs, half of them kept back, no more than 16 disjoint pairs can be drawn. Instead every kept-back input is
paired with every other. Such pairs are not independent, and the interval is the one for pairs that share inputs. When
all of them are right and the inputs kept back are a random part of a finite domain known completely, it is the exact
hypergeometric interval of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.hypothesis import Interval, finite_population, two_way

MOST_PAIRS = 4096


@dataclass(frozen=True, slots=True)
class Pool:
    """Which inputs the pairs are made of.

    Arguments:
        bases, sources: `(p,)` labels of the inputs, a label meaning the same input in both.
        population: how many inputs there are in all, when those of the pool are a random part of them; else None.
    """

    bases: np.ndarray
    sources: np.ndarray
    population: int | None

    def rows(self, index: np.ndarray) -> Pool:
        """Some of the pairs."""
        return Pool(self.bases[index], self.sources[index], self.population)

    @property
    def method(self) -> str:
        """How the interval is made, in words."""
        words = f"pairs from a re-used pool of {self.size} inputs kept back; interval for pairs that share inputs"
        if self.population is None:
            return words
        return f"{words}; when all are right, that of {self.size} of {self.population} inputs drawn without replacement"

    @property
    def size(self) -> int:
        """How many inputs there are in the pool."""
        return len(np.unique(np.concatenate([self.bases, self.sources])))

    def measured(self, right: np.ndarray) -> tuple[float, int, Interval]:
        """The share of pairs that are right, the number of inputs it rests on, and its interval."""
        n = self.size
        if self.population is not None and right.all():
            return 1.0, n, finite_population(n, n, max(n, self.population))
        return float(right.mean()), n, two_way(right, self.bases, self.sources)


def every_pair(among: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All ordered pairs of two different rows `among`, or 4096 of them at random."""
    base, source = (grid.reshape(-1) for grid in np.meshgrid(among, among, indexing="ij"))
    kept = rng.permutation(np.flatnonzero(base != source))[:MOST_PAIRS]
    return base[kept], source[kept]
