"""Candidate places for a program's values: fit on some rows, choose on others, score on rows never used.

A place is where activations are read and patched: the state of a recurrent network, or the output of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scrutable.verify._encoding import Encoding, fit_encodings
from scrutable.verify._pooled import Pool
from scrutable.verify._regression import Codes
from scrutable.work import Clock, generator

DECOYS = 19
CLOSE = 0.004


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs (base, source), disjoint where the inputs allow it: the base's activation is to carry the source's value.

    Arguments:
        base: base inputs. outputs: the network's on them. steps: `(p,)` at which step or position; 0 without steps.
        predicted: the program's outputs with the source's value there.
        changed: whether that differs from the program's outputs on the base.
        own, others: the two activations, `(p, d)`. codes: the source's values.
        where: `(p, m)`, which of m positions are exchanged; activations are then `(p, m, d)`, and codes likewise. None
            for activations without positions, and for one step each.
        pool: which inputs the pairs share, where they are not disjoint; else None.
    """

    base: np.ndarray
    outputs: np.ndarray
    steps: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray
    own: np.ndarray
    others: np.ndarray
    codes: Codes
    where: np.ndarray | None = None
    pool: Pool | None = None

    def __len__(self) -> int:
        return len(self.steps)

    def rows(self, index: np.ndarray) -> Pairs:
        """Some of the pairs, or some of them several times."""
        arrays = (self.base, self.outputs, self.steps, self.predicted, self.changed, self.own, self.others)
        pool = None if self.pool is None else self.pool.rows(index)
        where = None if self.where is None else self.where[index]
        return Pairs(*(array[index] for array in arrays), codes=self.codes.rows(index), where=where, pool=pool)

    def exchanged(self, activations: np.ndarray) -> np.ndarray:
        """Of activations shaped as `own`, those that are exchanged: `(q, d)`."""
        return activations if self.where is None else activations[self.where]

    def made(self, of_values: Callable[[Codes], np.ndarray]) -> np.ndarray:
        """Activations made from the values of the sources, shaped as `own`."""
        return of_values(self.codes.flat).reshape(self.own.shape)

    def at_most(self, count: int) -> Pairs:
        """`count` of the pairs, changed and unchanged ones in proportion."""
        return self if len(self) <= count else self.rows(np.linspace(0, len(self) - 1, count).astype(int))


@dataclass(frozen=True, slots=True)
class Place:
    """One candidate place.

    Arguments:
        name: of the site. axes: `(d, s)`, orthonormal columns: the site inside the activation.
        activations, codes: rows to fit on. first: how many of them come first, and are all that is fitted on while the
            choice is made. choosing: pairs to choose by, from other rows. testing: pairs to score on.
        run: patches pairs with activations, shaped as their own, and says for which the outputs are then as expected.
        effects: see `fit_encodings`.
    """

    name: str
    axes: np.ndarray
    activations: np.ndarray
    codes: Codes
    first: int
    choosing: Pairs
    testing: Pairs
    run: Callable[[Pairs, np.ndarray, np.ndarray], np.ndarray]
    effects: Callable[[], np.ndarray | None] | None = None

    def encodings(
        self, codes: Codes, rng: np.random.Generator, *, first: bool, names: Sequence[str] | None = None
    ) -> list[Encoding]:
        """The family fitted to values `codes` of the rows: on those that come first, or on all."""
        rows = np.arange(self.first if first else len(self.activations))
        return fit_encodings(
            self.activations[rows],
            codes.rows(rows),
            self.axes,
            rng,
            positions=self.positions,
            names=names,
            effects=self.effects,
        )

    @property
    def positions(self) -> bool:
        """Whether there are activations at each position of a sequence."""
        return self.testing.where is not None and self.testing.where.shape[1] > 1


@dataclass(frozen=True, slots=True)
class Scores:
    """What an encoding did on pairs, `(p,)` bools each.

    Arguments:
        swap: the part of the activation in the subspace taken from the source: did the network follow the program?
        rebuild: the same, from the program's value alone (a class mean, or a regression). Where nothing else that
            matters lives in the place, all of it is made from the value, not just the part in the subspace.
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
    """Apply the interventions to every pair. `alone`: nothing else that matters may live in the rest of the place.

    Cost: one run of the network on three rows for each pair.
    """
    tried = [
        (encoding.moved(pairs.own, pairs.others), pairs.predicted),
        (rebuilt(place, encoding, pairs, rng, alone=alone), pairs.predicted),
    ]
    if alone:
        tried.append((encoding.moved(pairs.others, pairs.own), pairs.outputs))
    activations, expected = (np.concatenate(parts) for parts in zip(*tried, strict=True))
    again = pairs.rows(np.tile(np.arange(len(pairs)), len(tried)))
    right = place.run(again, activations, expected).reshape(len(tried), -1)
    return Scores(pairs.changed, right[0], right[1], right[2] if alone else None)


def rebuilt(place: Place, encoding: Encoding, pairs: Pairs, rng: np.random.Generator, *, alone: bool) -> np.ndarray:
    """The base's activations with what the source's values alone say: all of the place, or the part in the subspace."""
    return exchanged(place, encoding, pairs, pairs.made(lambda codes: encoding.rebuilt(codes, rng)), alone=alone)


def exchanged(place: Place, encoding: Encoding, pairs: Pairs, towards: np.ndarray, *, alone: bool) -> np.ndarray:
    """The base's activations with all of the place taken from `towards`, or else the part in the subspace."""
    if alone:
        return pairs.own + (towards - pairs.own) @ place.axes @ place.axes.T
    return encoding.moved(pairs.own, towards)


def resampled(found: Found, rng: np.random.Generator) -> float:
    """Agreement, on changed test pairs, with the part in the subspace from an input that shares the value alone."""
    pairs, encoding = found.place.testing, found.encoding
    states = encoding.moved(pairs.own, pairs.made(lambda codes: encoding.resampled(codes, rng)))
    return float(found.place.run(pairs, states, pairs.predicted)[pairs.changed].mean())


def best_of(
    places: Sequence[Place], rng: np.random.Generator, *, alone: bool, decoy: np.random.Generator | None = None
) -> Found | None:
    """The encoding that does best on the pairs to choose by, over places and the family.

    Among those within 0.4% of the best, the one of the fewest dimensions, then the first; it is then fitted again on
    all rows. Fitting again may drop a direction that mattered, so it must do as well as before on the same pairs; if
    none of the good ones does, the first stays as it was fitted. With `decoy`, values are first handed to other rows.
    None when nothing can be fitted.
    """
    ranked: list[Tried] = []
    for place in places:
        codes = place.codes if decoy is None else place.codes.shuffled(decoy)
        for encoding in place.encodings(codes, rng, first=True):
            worst = scored(place, encoding, place.choosing, rng, alone=alone).worst
            ranked.append(Tried(worst, place, codes, encoding))
    if not ranked:
        return None
    best = max(each.score for each in ranked)
    good = sorted((e for e in ranked if e.score >= best - CLOSE), key=lambda each: each.encoding.dimension)
    again = next((e for e in _fitted_again(good, rng) if _kept(e, rng, alone=alone)), good[0])
    return Found(again.place, again.encoding, len(ranked))


@dataclass(frozen=True, slots=True)
class Tried:
    """An encoding at a place, and what it scored on the pairs to choose by."""

    score: float
    place: Place
    codes: Codes
    encoding: Encoding


def _fitted_again(good: Sequence[Tried], rng: np.random.Generator) -> Iterator[Tried]:
    """Each on all rows of its place, where the same member of the family can be fitted there."""
    for each in good:
        for encoding in each.place.encodings(each.codes, rng, first=False, names=(each.encoding.name,)):
            yield replace(each, encoding=encoding)


def _kept(each: Tried, rng: np.random.Generator, *, alone: bool) -> bool:
    """Whether it does as well on the pairs to choose by as it did before it was fitted again."""
    return scored(each.place, each.encoding, each.place.choosing, rng, alone=alone).worst >= each.score - CLOSE


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
