"""Programs for networks that make a few mistakes: searches on small samples, most of which hold no mistake.

An exact search explains every mistake or finds nothing. A search on a few dozen rows meets none of them with a fair
chance; what it finds is then judged on all rows. Rows on which it fails too often join the sample.

Reference: M. Fischler, R. Bolles, Random sample consensus (RANSAC, CACM 1981), with counter-examples inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import FLOOR
from scrutable.program import Program
from scrutable.work import Clock

SAMPLE = 32
GROWN = 12
TRIALS, ROUNDS, SUCCESSES = 24, 8, 3
FEW = 4

Searched = Callable[[np.ndarray, Clock], Sequence[Program]]
"""From the places of some rows to programs right on all of them, shortest first."""
Judged = Callable[[Program], np.ndarray]
"""Where a program is wrong, `(n,)`, for all rows."""


@dataclass(frozen=True, slots=True)
class Nearly:
    """A program and the share of the rows on which it is right."""

    program: Program
    agreement: float


def differing(agreement: float, of: str) -> str:
    """A note on a program right on a share of what it was asked; rounding never turns some into none."""
    share = 100 * (1 - agreement)
    said = "none" if share == 0 else f"{share:.2g}%"
    return f"differs from the network on {said} of {of}"


def consensus(search: Searched, wrong: Judged, n: int, *, clock: Clock, rng: np.random.Generator) -> tuple[Nearly, ...]:
    """Programs right on at least 95% of `n` rows; empty when no sample led to one.

    Cost: at most 24 samples with 8 searches each; it ends after three samples that led somewhere.
    """
    found: dict[Program, Nearly] = {}
    successes = 0
    for trial in range(TRIALS):
        if clock.over or successes == SUCCESSES or n <= SAMPLE:
            break
        good = _trial(search, wrong, rng.choice(n, SAMPLE, replace=False), clock.part(1 / (2 + trial)), rng)
        successes += bool(good)
        found |= {each.program: each for each in good}
    return tuple(found.values())


def _trial(
    search: Searched, wrong: Judged, rows: np.ndarray, clock: Clock, rng: np.random.Generator
) -> tuple[Nearly, ...]:
    """From one sample, which grows until a program is nearly right, nothing is found, or the time is over."""
    for _ in range(ROUNDS):
        programs = search(rows, clock.part(0.5))[:FEW]
        failing = [wrong(program) for program in programs]
        nearly = (Nearly(*each) for each in zip(programs, (1 - float(bad.mean()) for bad in failing), strict=True))
        good = tuple(each for each in nearly if each.agreement >= FLOOR)
        if good or not programs or clock.over:
            return good
        bad = np.flatnonzero(failing[0])
        rows = np.union1d(rows, rng.choice(bad, min(GROWN, len(bad)), replace=False))
    return ()


def wrong_places(program: Program, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Where a program does not say `y`, in its shape; everywhere when it cannot be run."""
    try:
        said = np.asarray(program(x))
    except ScrutableError:
        return np.ones(y.shape, dtype=bool)
    if said.ndim < y.ndim:  # a constant, the same at every step
        said = said.reshape(*said.shape, *(1 for _ in range(y.ndim - said.ndim)))
    return np.asarray(said != y)
