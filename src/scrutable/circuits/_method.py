"""What every way of finding circuits offers: a number for each edge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from scrutable.circuits._pace import UNLIMITED, Pace
from scrutable.circuits._trial import Trial


class Method(ABC):
    """Interface: scores the edges of a network."""

    @property
    @abstractmethod
    def name(self) -> str:
        """How results call it."""

    @abstractmethod
    def least_runs(self, edges: int) -> int:
        """About how many runs on every input it takes to see anything of that many edges."""

    @abstractmethod
    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """How much each edge matters, `(edges,)`, larger for those that matter more.

        Arguments:
            trials: of one wiring and one kind of ablation.
            pace: when time is over, edges count by what was seen until then; something is seen in any case. What was
                not is added to what is missing.
        """
