"""A clock that is asked between runs: what would take longer than is left is given up early, and said to be missing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.circuits._trial import Trial, mean_damage
from scrutable.work import Clock

FIRST, STEP = 8, 0.1
"""How many sets of edges are run before the clock is asked again: at first, and twice as many when that took less than
so many seconds."""


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How much time is left for a search.

    Arguments:
        missing: what there was no time for so far, and why.
    """

    clock: Clock
    missing: list[str] = field(default_factory=list)

    def damage(self, made: Sequence[Trial], keep: np.ndarray) -> np.ndarray | None:
        """The mean damage of replacing all edges but some, `(sets,)`; None where there was no time for every set.

        Arguments:
            keep: `(sets, edges)` booleans.
        """
        started, found, done, more = time.monotonic(), [np.zeros(0)], 0, FIRST
        while done < len(keep):
            used = time.monotonic() - started
            if self.clock.over or used * (len(keep) - done) > self.clock.left * done > 0:
                return None
            found.append(mean_damage(made, keep[done : done + more]).mean(1))
            done += more
            more *= 2 if time.monotonic() - started - used < STEP else 1
        return np.concatenate(found)

    def lacked(self, what: str) -> None:
        """Say that there was no time for something."""
        self.missing.append(f"{what}: time ran out")

    def allows(self, what: str, seconds: float) -> bool:
        """Whether there is so much time left for something; if not, it is missing."""
        if self.clock.over:
            self.lacked(what)
        elif seconds > self.clock.left:
            self.missing.append(f"{what}: it would take about {in_words(seconds)}, which was not left")
        else:
            return True
        return False


def in_words(seconds: float) -> str:
    """A time that was foreseen, no more exactly than it can be."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1g} s"


UNHURRIED = Clock(float("inf"))
UNLIMITED = Pace(UNHURRIED)
