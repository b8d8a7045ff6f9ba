"""Which exchanges test a claim: not those that ask for what none of the inputs for finding shows.

Where inputs never select several keys with different values, a network may do anything with several. An encoding that
was fitted without a value cannot say how it is held; a label that a network never gives has no output of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Usual
from scrutable.verify._encoding import FEWEST, MOST_CLASSES
from scrutable.verify._rows import lookup


@final
@dataclass(frozen=True, slots=True)
class Scope:
    """The values of a variable, and the answers, that the inputs for finding show.

    Arguments:
        values: `(m, k)`, different ones; None where there are too many to tell. labels: None where answers are none.
        usual: what happens in the program.
    """

    values: np.ndarray | None
    labels: np.ndarray | None
    usual: Usual

    @staticmethod
    def of(values: np.ndarray, outputs: np.ndarray, usual: Usual, *, labels: bool, stepwise: bool) -> Scope:
        """What is shown by values, one for each input or step, and by the network's outputs."""
        rows = _flat(values, stepwise=stepwise)
        known = np.unique(rows, axis=0)
        few = len(known) <= min(MOST_CLASSES, len(rows) // FEWEST)
        return Scope(known if few else None, np.unique(outputs) if labels else None, usual)

    def shown(self, values: np.ndarray, *, stepwise: bool) -> np.ndarray:
        """Which values are among those: `(n, L)`, or `(n, 1)` with one for each input."""
        positions = values.shape[1] if stepwise else 1
        if self.values is None:
            return np.ones((len(values), positions), dtype=bool)
        return (lookup(self.values, _flat(values, stepwise=stepwise)) >= 0).reshape(len(values), positions)

    def given(self, answers: np.ndarray) -> np.ndarray:
        """Whether all of the answers to each input are among those: `(n,)`."""
        if self.labels is None:
            return np.ones(len(answers), dtype=bool)
        return np.asarray(np.isin(answers, self.labels).reshape(len(answers), -1).all(1))


def _flat(values: np.ndarray, *, stepwise: bool) -> np.ndarray:
    count = values.shape[0] * values.shape[1] if stepwise else len(values)
    return values.astype(float).reshape(count, -1)
