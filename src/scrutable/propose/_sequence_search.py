"""Which features settle the answers: small sets of them, by description length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.propose._sequence_features import Feature
from scrutable.work import Clock

BEAM, LARGEST = 12, 4
LIKELY = 300
"""So many features join others: those that say most by themselves for their length."""
RIGHT = 0.99
"""The least share of answers that a set of features must settle: networks make mistakes of their own."""
ENOUGH = 130.0
"""No larger sets are tried beside a description of so few bits."""
ROW = 15.0
"""Bits for a row of the table from features to answers."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Settling:
    """A set of features, how long a description by it is, and the share of answers it settles."""

    features: tuple[Feature, ...]
    bits: float
    right: float


def settling(features: list[Feature], answers: np.ndarray, clock: Clock) -> list[Settling]:
    """The sets that settle the answers `(n, length)`, the shortest descriptions first.

    Cost: some 20 microseconds for each feature, and for each that is likely, set in the beam and size of the sets.
    """
    flat = np.unique(answers, return_inverse=True)[1].reshape(-1)
    codes = [np.unique(each.values, return_inverse=True)[1].reshape(-1) for each in features]
    likely, found, best = range(len(features)), dict[tuple[int, ...], Settling](), np.inf
    beam: list[tuple[int, ...]] = [()]
    for _ in range(LARGEST):
        tried: dict[tuple[int, ...], float] = {}
        for chosen in beam:
            joint = _joint([codes[at] for at in chosen], flat.size)
            for at in likely:
                key = tuple(sorted((*chosen, at)))
                if at in chosen or key in tried or clock.over:
                    continue
                bits, right = _described(joint, codes[at], flat)
                tried[key] = bits + _length([features[k] for k in key])
                if right >= RIGHT:
                    found[key] = Settling(tuple(features[k] for k in key), tried[key], right)
        ranked = sorted(tried, key=lambda key: tried[key])
        likely = [key[0] for key in ranked[:LIKELY]] if beam == [()] else likely
        beam = [key for key in ranked if key not in found][:BEAM]
        settled = min((each.bits for each in found.values()), default=np.inf)
        if clock.over or not beam or tried[beam[0]] >= best or settled < ENOUGH:
            break
        best = tried[beam[0]]
    return sorted(found.values(), key=lambda each: each.bits)


def _length(features: list[Feature]) -> float:
    """Bits of some features, what they share counted once."""
    shared: dict[str, float] = {}
    for each in features:
        shared |= each.closure
    return sum(shared.values())


def _described(joint: np.ndarray, code: np.ndarray, answers: np.ndarray) -> tuple[float, float]:
    """Bits of a table from combinations to answers and of what it leaves open, and the share it gets right."""
    width = int(answers.max()) + 1
    cells = joint * (int(code.max()) + 1) + code
    if cells.max() * width > 4 * len(cells):
        cells = np.unique(cells, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(cells * width + answers)
    counts = np.concatenate([counts, np.zeros(-len(counts) % width, counts.dtype)]).reshape(-1, width)
    counts = counts[counts.any(1)]
    most, total = counts.max(1), counts.sum(1)
    wrong = int((total - most).sum())
    share = wrong / len(answers)
    left = 0.0 if wrong == 0 else len(answers) * _surprise(share) + wrong * np.log2(width)
    kinds = len(np.unique(counts.argmax(1)))
    return (ROW * len(counts) if len(counts) > kinds else kinds) + left, 1 - share


def _surprise(share: float) -> float:
    return -share * np.log2(share) - (1 - share) * np.log2(1 - share) if 0 < share < 1 else 0.0


def _joint(codes: list[np.ndarray], size: int) -> np.ndarray:
    if not codes:
        return np.zeros(size, np.int64)
    return np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
