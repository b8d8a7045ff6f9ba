"""From the scores of an encoding to results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scrutable.hypothesis import Interval, Result, Status, silent, wilson
from scrutable.verify._places import Found, Scores, rebuilt, resampled, scored
from scrutable.verify._pooled import Pool

LEAST = 0.9
ENOUGH = 35
INTERCHANGE, UNMAPPED, REBUILT = "interchange", "unmapped", "interchange.rebuilt"


@dataclass(frozen=True, slots=True)
class Aligned:
    """An encoding with its scores on the test pairs."""

    found: Found
    scores: Scores
    patched: np.ndarray
    resampled: float

    @staticmethod
    def on_test_pairs(found: Found, rng: np.random.Generator, *, alone: bool) -> Aligned:
        """Score `found` on the pairs never used."""
        pairs, encoding = found.place.testing, found.encoding
        scores = scored(found.place, encoding, pairs, rng, alone=alone)
        source = pairs.made(lambda codes: encoding.rebuilt(codes, rng)) if encoding.whole else pairs.others
        patched = pairs.exchanged(encoding.moved(pairs.own, source))
        return Aligned(found, scores, patched, resampled(found, rng))

    @property
    def right(self) -> np.ndarray:
        """The headline outcome of each pair: the swap; where the subspace is the whole place, the rebuild."""
        return self.scores.rebuild if self.found.encoding.whole else self.scores.swap

    @property
    def method(self) -> str:
        """How the headline was measured."""
        whole = self.found.encoding.whole
        source = "what the program's value alone says (class mean or regression)" if whole else "those of the source"
        why = "; the subspace is all of the place, where a plain swap would only rejoin inputs" if whole else ""
        pool = self.found.place.testing.pool
        pairs = "disjoint pairs; Wilson interval" if pool is None else pool.method
        where = self.found.place.testing.where
        if where is not None and where.shape[1] > 1:
            pairs = f"half of them at one position, half at all positions; {pairs}"
        return (
            f"activations patched in a linear subspace with {source}; pairs whose program answer changes; "
            f"every output after the patch equal; {pairs}{why}"
        )

    def details(self) -> tuple[tuple[str, Any], ...]:
        """Everything else that was measured."""
        changed, swap, rebuild = self.scores.changed, self.scores.swap, self.scores.rebuild
        encoding, axes, pairs = self.found.encoding, self.found.place.axes, self.found.place.testing
        natural = np.concatenate([pairs.exchanged(pairs.own), pairs.exchanged(pairs.others)])
        return (
            ("site", self.found.place.name),
            ("changed pairs", int(changed.sum())),
            ("unchanged pairs", int((~changed).sum())),
            ("swap, changed", share(swap[changed])),
            ("swap, unchanged", share(swap[~changed])),
            ("rebuild, changed", share(rebuild[changed])),
            ("rebuild, unchanged", share(rebuild[~changed])),
            ("resampled, changed", self.resampled),
            ("encoding", encoding.name),
            ("encodings tried", self.found.tried),
            ("dimension of the subspace", encoding.dimension),
            ("dimension of the site", axes.shape[1]),
            ("dimension of the activation", axes.shape[0]),
            ("share of variance in the subspace", encoding.share),
            ("off-manifold share", off_manifold(self.patched, self.found.place.activations, natural)),
        )


def interchange_result(aligned: Aligned) -> Result:
    """The headline: agreement on the pairs whose program answer changes.

    The rebuilt activation must do as well. Swapping alone proves too little: any subspace that holds all the network
    remembers passes it, even where that is the whole word.
    """
    pool, changed = aligned.found.place.testing.pool, aligned.scores.changed
    status, reason = judged_pairs(aligned.right, changed, pool)
    rebuild, words = judged_pairs(aligned.scores.rebuild, changed, pool)
    if status == "pass" and rebuild != "pass":
        status, reason = rebuild, f"{reason}; but rebuilt from the program's value alone, {words}"
    value, n, interval = measured(aligned.right, changed, pool)
    return Result(
        name=INTERCHANGE,
        kind="causal",
        status=status,
        value=value,
        n=n,
        interval=interval,
        method=aligned.method,
        reason=reason,
        details=aligned.details(),
    )


def rebuilt_result(aligned: Aligned, rng: np.random.Generator) -> Result:
    """The state made of the program's values and current output alone, put in the place of the network's own.

    What it is made by (class means, means of clusters within a class, regression on numbers and one-hot codes) is the
    encoding chosen for `interchange`. The null hands the values to other pairs; R2 is of the states the values should
    give, on the same pairs. A failure says that none of these codes was good enough, not that the values are not there.
    """
    place, encoding, changed = aligned.found.place, aligned.found.encoding, aligned.scores.changed
    pairs, right = place.testing, aligned.scores.rebuild
    status, words = judged_pairs(right, changed, pairs.pool)
    value, n, interval = measured(right, changed, pairs.pool)
    others = replace(pairs, codes=pairs.codes.rows(rng.permutation(len(pairs))))
    shuffled = rebuilt(place, encoding, others, rng, alone=True)
    null, as_it_was = (float(place.run(pairs, each, pairs.predicted)[changed].mean()) for each in (shuffled, pairs.own))
    status = "fail" if interval.low <= null else status
    wrong = f": no such code was found among the {aligned.found.tried} tried, which leaves open whether there is one"
    return Result(
        name=REBUILT,
        kind="causal",
        status=status,
        value=value,
        n=n,
        interval=interval,
        method="the whole state made from the program's values alone; pairs whose program answer changes; every output "
        "after the patch equal; disjoint pairs; Wilson interval",
        reason=f"with states made from {encoding.name} {words} ({null:.3f} with the values of other pairs)"
        + (wrong if status == "fail" else ""),
        details=(
            ("rebuilt by", encoding.name),
            ("unchanged", share(right[~changed])),
            ("null, values of other pairs", null),
            ("null, no patch", as_it_was),
            ("R2", explained(pairs.others, encoding.expected(pairs.codes))),
        ),
    )


def explained(activations: np.ndarray, expected: np.ndarray) -> float:
    """The share of the variance of activations, `(p, d)`, that the expected ones account for."""
    total = float(((activations - activations.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((activations - expected) ** 2).sum()) / total if total > 0 else 1.0


def unmapped_result(aligned: Aligned) -> Result:
    """Whatever lies outside the subspace must have no effect."""
    right = aligned.scores.unmapped
    if right is None:
        return silent(UNMAPPED, "causal", "the rest of the place may carry other values of the program")
    if aligned.found.encoding.dimension == aligned.found.place.axes.shape[0]:
        return silent(UNMAPPED, "causal", "the subspace is all of the place: nothing is left over")
    pool = aligned.found.place.testing.pool
    value, n, interval = measured(right, np.ones(len(right), bool), pool)
    passed = interval.low >= LEAST
    how = "Wilson interval" if pool is None else pool.method
    return Result(
        name=UNMAPPED,
        kind="causal",
        status="pass" if passed else "fail",
        value=value,
        n=n,
        interval=interval,
        method=f"what lies outside the subspace taken from the source input, outputs as before; {how}",
        reason="the rest has no effect" if passed else "the rest also changes the outputs",
    )


def measured(right: np.ndarray, kind: np.ndarray, pool: Pool | None) -> tuple[float, int, Interval]:
    """The share of the pairs of one kind that are right, how many units it rests on, and its interval."""
    some = right[kind]
    if pool is None:
        return float(some.mean()), len(some), wilson(int(some.sum()), len(some))
    return pool.rows(np.flatnonzero(kind)).measured(some)


def judged_pairs(right: np.ndarray, changed: np.ndarray, pool: Pool | None = None) -> tuple[Status, str]:
    """The rule: on changed and on unchanged pairs, each on its own, the interval must lie above 0.9.

    Fewer than 35 unchanged pairs cannot reach that: their interval must not lie below 0.9. A pool too small to reach it
    even when everything is right is "unknown".
    """
    first, second = right[changed], right[~changed]
    good = measured(right, changed, pool)[2].low >= LEAST
    stayed = wilson(int(second.sum()), len(second)) if len(second) else None
    calm = stayed is None or (stayed.low if len(second) >= ENOUGH else stayed.high) >= LEAST
    words = f"the network follows the program in {int(first.sum())} of {len(first)} pairs whose answer changes"
    words += f" and {int(second.sum())} of {len(second)} whose answer stays"
    if not good and calm and first.all():
        return "unknown", f"{words}, but these are made of too few inputs to be sure of 0.9"
    return ("pass" if good and calm else "fail"), words


def share(right: np.ndarray) -> float | None:
    """The mean, or None where there is nothing to measure."""
    return float(right.mean()) if len(right) else None


def off_manifold(patched: np.ndarray, natural: np.ndarray, others: np.ndarray) -> float:
    """The share of patched activations farther from the nearest natural one than 95% of other natural ones are."""
    natural = natural[np.linspace(0, len(natural) - 1, min(len(natural), 2000)).astype(int)]
    usual = np.quantile(_nearest(others, natural), 0.95)
    return float((_nearest(patched, natural) > usual + 1e-9).mean())


def _nearest(points: np.ndarray, natural: np.ndarray) -> np.ndarray:
    squares = (points**2).sum(axis=1)[:, None] + (natural**2).sum(axis=1)[None] - 2 * points @ natural.T
    return np.sqrt(np.maximum(squares, 0).min(axis=1))
