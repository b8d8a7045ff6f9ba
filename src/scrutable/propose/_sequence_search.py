"""Which features settle the answers: small sets of them, by description length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, final

import numpy as np

from scrutable.propose._sequence_bank import MOST
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


BINS = 1_000_000
"""So many cells are counted at once."""


class Code(NamedTuple):
    """Values as numbers from 0, one for each position of each word, and how many different ones."""

    numbers: np.ndarray
    levels: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Settling:
    """A set of features, how long a description by it is, and the share of answers it settles."""

    features: tuple[Feature, ...]
    bits: float
    right: float


def settling(features: list[Feature], answers: np.ndarray, clock: Clock) -> list[Settling]:
    """The sets that settle the answers `(n, length)`, the shortest descriptions first.

    Cost: some 10 microseconds for each feature, and for each that is likely, set in the beam and size of the sets.
    """
    flat = np.unique(answers, return_inverse=True)[1].reshape(-1)
    codes = [_code(each) for each in features]
    likely, found, best = list(range(len(features))), dict[tuple[int, ...], Settling](), np.inf
    beam: list[tuple[int, ...]] = [()]
    for _ in range(LARGEST):
        tried: dict[tuple[int, ...], float] = {}
        for chosen in beam:
            if clock.over:
                break
            joint = _joint([codes[at] for at in chosen], flat.size)
            others = [at for at in likely if at not in chosen and tuple(sorted((*chosen, at))) not in tried]
            for at, bits, right in zip(others, *_described(joint, [codes[at] for at in others], flat), strict=True):
                key = tuple(sorted((*chosen, at)))
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


@lru_cache(maxsize=MOST)
def _code(feature: Feature) -> Code:
    levels, numbers = np.unique(feature.values, return_inverse=True)
    return Code(numbers.reshape(-1).astype(np.int16), len(levels))


def _length(features: list[Feature]) -> float:
    """Bits of some features, what they share counted once."""
    shared: dict[str, float] = {}
    for each in features:
        shared |= each.closure
    return sum(shared.values())


def _described(joint: np.ndarray, codes: list[Code], answers: np.ndarray) -> tuple[list[float], list[float]]:
    """For each code, bits of a table from its combinations with `joint` to answers and of what the table leaves open,
    and the share that it gets right."""
    width, cells = int(answers.max()) + 1, int(joint.max()) + 1
    bits, right = [], []
    for part in _parts(codes, BINS // (width * cells)):
        ends = np.cumsum([cells * code.levels for code in part])
        first = np.concatenate([[0], ends[:-1]])
        levels = np.array([code.levels for code in part])
        at = np.stack([code.numbers for code in part]) + joint * levels[:, None] + first[:, None]
        counts = np.bincount((at * width + answers).reshape(-1), minlength=int(ends[-1]) * width).reshape(-1, width)
        most, filled = counts.max(1), counts.any(1)
        wrong = len(answers) - np.add.reduceat(most, first)
        given = np.zeros((len(part), width), bool)
        given[np.repeat(np.arange(len(part)), np.diff([0, *ends]))[filled], counts.argmax(1)[filled]] = True
        rows, kinds = np.add.reduceat(filled.astype(np.int64), first), given.sum(1)
        left = [len(answers) * _surprise(w / len(answers)) + w * np.log2(width) for w in wrong.tolist()]
        bits += (np.where(rows > kinds, ROW * rows, kinds) + left).tolist()
        right += (1 - wrong / len(answers)).tolist()
    return bits, right


def _parts(codes: list[Code], levels: int) -> Iterator[list[Code]]:
    """Codes in order, in parts of no more than so many levels together, or of one code."""
    part, held = list[Code](), 0
    for code in codes:
        if part and held + code.levels > levels:
            yield part
            part, held = [], 0
        part.append(code)
        held += code.levels
    if part:
        yield part


def _surprise(share: float) -> float:
    return -share * np.log2(share) - (1 - share) * np.log2(1 - share) if 0 < share < 1 else 0.0


def _joint(codes: list[Code], size: int) -> np.ndarray:
    if not codes:
        return np.zeros(size, np.int64)
    return np.unique(np.stack([code.numbers for code in codes], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
