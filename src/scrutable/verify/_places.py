"""Candidate places for a program's values: fit on some rows, choose on others, score on rows never used.

A place is where activations are read and patched: the state of a recurrent network, or the output of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.verify._encoding import Encoding, fit_encodings
from scrutable.verify._regression import Codes
from scrutable.work import Clock, generator

DECOYS = 19
CLOSE = 0.01


@dataclass(frozen=True, slots=True)
class Pairs:
    """Disjoint pairs (base, source): the base's activation is to carry the source's value.

    Arguments:
        base: base inputs. outputs: the network's on them. steps: `(p,)` at which step or position; 0 without steps.
        predicted: the program's outputs with the source's value there.
        changed: whether that differs from the program's outputs on the base.
        own, others: the two activations, `(p, d)`. codes: the source's values.
    """

    base: np.ndarray
    outputs: np.ndarray
    steps: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray
    own: np.ndarray
    others: np.ndarray
    codes: Codes

    def __len__(self) -> int:
        return len(self.steps)

    def at_most(self, count: int) -> Pairs:
        """`count` of the pairs, changed and unchanged ones in proportion."""
        if len(self) <= count:
            return self
        rows = np.linspace(0, len(self) - 1, count).astype(int)
        arrays = (self.base, self.outputs, self.steps, self.predicted, self.changed, self.own, self.others)
        return Pairs(*(array[rows] for array in arrays), codes=self.codes.rows(rows))


@dataclass(frozen=True, slots=True)
class Place:
    """One candidate place.

    Arguments:
        name: of the site. axes: `(d, s)`, orthonormal columns: the site inside the activation.
        activations, codes: rows to fit on. first: how many of them come first, and are all that is fitted on while the
            choice is made. choosing: pairs to choose by, from other rows. testing: pairs to score on.
        run: patches pairs with activations `(p, d)` and says for which the outputs are then as expected.
    """

    name: str
    axes: np.ndarray
    activations: np.ndarray
    codes: Codes
    first: int
    choosing: Pairs
    testing: Pairs
    run: Callable[[Pairs, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Scores:
    """What an encoding did on pairs, `(p,)` bools each.

    Arguments:
        swap: the part of the activation in the subspace taken from the source: did the network follow the program?
        rebuild: the same, from the program's value alone (a class mean, or a regression).
        unmapped: the part outside the subspace taken from the source: did the network stay with the base? None where
            other values of the program may live in that part.
    """

    changed: np.ndarray
    swap: np.ndarray
    rebuild: np.ndarray
    unmapped: np.ndarray | None

    @property
    def worst(self) -> float:
        """The smallest of the shares; what the choice among encodings and places goes by."""
        changed = self.changed
        parts = [part[kind] for part in (self.swap, self.rebuild) for kind in (changed, ~changed)]
        parts += [] if self.unmapped is None else [self.unmapped]
        return min((float(part.mean()) for part in parts if len(part)), default=0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """The encoding chosen, where it is, and out of how many."""

    place: Place
    encoding: Encoding
    tried: int


def scored(place: Place, encoding: Encoding, pairs: Pairs, rng: np.random.Generator, *, alone: bool) -> Scores:
    """Apply the interventions to every pair. `alone`: nothing else that matters may live in the rest of the place."""
    rest = place.run(pairs, encoding.moved(pairs.others, pairs.own), pairs.outputs) if alone else None
    return Scores(
        pairs.changed,
        place.run(pairs, encoding.moved(pairs.own, pairs.others), pairs.predicted),
        place.run(pairs, encoding.moved(pairs.own, encoding.rebuilt(pairs.codes, rng)), pairs.predicted),
        rest,
    )


def resampled(found: Found, rng: np.random.Generator) -> float:
    """Agreement, on changed test pairs, with the part in the subspace from an input that shares the value alone."""
    pairs, encoding = found.place.testing, found.encoding
    states = encoding.moved(pairs.own, encoding.resampled(pairs.codes, rng))
    return float(found.place.run(pairs, states, pairs.predicted)[pairs.changed].mean())


def best_of(
    places: Sequence[Place], rng: np.random.Generator, *, alone: bool, decoy: np.random.Generator | None = None
) -> Found | None:
    """The encoding that does best on the pairs to choose by, over places and the family.

    Among those within 1% of the best, the one of the fewest dimensions, then the first; it is then fitted again on all
    rows. With `decoy`, values are first handed to other rows. None when nothing can be fitted.
    """
    ranked: list[tuple[float, Place, Codes, Encoding]] = []
    for place in places:
        codes = place.codes if decoy is None else place.codes.shuffled(decoy)
        rows = np.arange(place.first)
        for encoding in fit_encodings(place.activations[rows], codes.rows(rows), place.axes, rng):
            ranked.append((scored(place, encoding, place.choosing, rng, alone=alone).worst, place, codes, encoding))
    if not ranked:
        return None
    best = max(score for score, *_ in ranked)
    good = [each[1:] for each in ranked if each[0] >= best - CLOSE]
    place, codes, chosen = min(good, key=lambda each: each[2].dimension)
    again = fit_encodings(place.activations, codes, place.axes, rng)
    return Found(place, next((e for e in again if e.name == chosen.name), chosen), len(ranked))


def decoy_scores(places: Sequence[Place], *, seed: int, clock: Clock, alone: bool) -> list[float]:
    """What the same procedure reaches for variables that mean nothing (values handed to other rows).

    There are 19 of them, or as many as the clock allows; for the statistic see `resampled`.
    """
    nulls: list[float] = []
    for index in range(DECOYS):
        if clock.over:
            break
        rng = generator(seed, "decoy", index)
        found = best_of(places, rng, alone=alone, decoy=rng)
        if found is None:
            nulls.append(0.0)
            continue
        nulls.append(resampled(found, rng))
    return nulls
