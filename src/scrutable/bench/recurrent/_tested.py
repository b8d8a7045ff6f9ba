"""How right a trained network is, on fresh sequences at T and at 2T."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scrutable.bench.recurrent._languages import Language
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.work import generator

Answer = Callable[[np.ndarray], np.ndarray]
"""What a network says: inputs `(n, L)` or `(n, L, channels)` to answers `(n, L)` or `(n, L, outputs)`."""
TESTED = 65_536
"""Fresh sequences at each length on which a finished network is tested."""
LARGE = 262_144
"""As many, for one that was trained further because few of `TESTED` were wrong, or none."""
CHUNK = 8_192


def accuracy(answer: Answer, about: SequenceTask | Language, n: int = TESTED) -> dict[str, Any]:
    """The fields of `NetworkFacts` that are measured on a finished network. Cost: some seconds."""
    right, whole = shares(answer, about, about.length, n)
    beyond, whole_beyond = shares(answer, about, 2 * about.length, n)
    found = {"right": right, "whole": whole, "beyond": beyond, "whole_beyond": whole_beyond}
    return {**found, "tested": n, "imperfect": right < 1}


def shares(
    answer: Answer, about: SequenceTask | Language, length: int, n: int, *, name: str = "final"
) -> tuple[float, float]:
    """The share of answers that are right on n fresh sequences, and of sequences where all are.

    Arguments:
        name: of the draw: another name, other sequences.
    """
    rng, right, whole = generator(0, "bench", name, about.name, length), [], []
    for start in range(0, n, CHUNK):
        x = about.sample(min(CHUNK, n - start), length, rng)
        same = (answer(x) == about.rule(x)).reshape(*x.shape[:2], -1)
        right.append(same.mean())
        whole.append(same.all(axis=(1, 2)).mean())
    return float(np.mean(right)), float(np.mean(whole))
