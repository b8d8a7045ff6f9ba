"""Which parts are exchanged together, and what exchanging them did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.verify.scrubbing._classes import Classes, everything
from scrutable.verify.scrubbing._measures import Measures

if TYPE_CHECKING:
    from scrutable.verify.scrubbing._runs import Runs

REST = "the rest"
"""Everything that no part names."""


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Everything at once, then each name alone, then all but one. The rest counts as a name."""
    every = (*names, REST)
    alone = [(name,) for name in every]
    but_one = [tuple(name for name in every if name != left) for left in every]
    return list(dict.fromkeys([every, *alone, *but_one]))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Exchanged:
    """What exchanging one subset did, `(references, resamples)` each, with the features as they are or permuted.

    Arguments:
        loss: of the outputs. moved: how far answers moved. divergence: of scores, or None. drawn: what each part below
            the root was given.
    """

    raw: np.ndarray
    loss: np.ndarray
    moved: np.ndarray
    divergence: np.ndarray | None
    drawn: Mapping[str, np.ndarray]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """References, each exchanged several times.

    Arguments:
        data: `(n, ...)` inputs. classes: of each name that a part with a feature has. rows: `(references,)`.
    """

    runs: Runs
    measures: Measures
    data: np.ndarray
    classes: Mapping[str, Classes]
    rows: np.ndarray
    resamples: int

    def right(self, names: tuple[str, ...], rng: np.random.Generator) -> Exchanged:
        """The parts of a subset exchanged for others that agree on their feature."""
        return self._exchanged({name: self._classes(name) for name in names}, rng)

    def broken(self, names: tuple[str, ...], rng: np.random.Generator) -> Exchanged:
        """The same with the features handed to other rows; the rest alone, which has none, as outputs of other rows."""
        if names == (REST,):
            return self.unrelated(rng)
        return self._exchanged({name: self._classes(name).permuted(rng) for name in names}, rng)

    def unrelated(self, rng: np.random.Generator) -> Exchanged:
        """The outputs of other rows."""
        again = self._again
        rows = everything(len(self.measures.raw)).drawn(again, rng)
        return self._measured(self.measures.raw[rows], again, {"output": rows})

    @property
    def _again(self) -> np.ndarray:
        return np.repeat(self.rows, self.resamples)

    def _classes(self, name: str) -> Classes:
        return everything(len(self.measures.raw)) if name == REST else self.classes[name]

    def _exchanged(self, classes: Mapping[str, Classes], rng: np.random.Generator) -> Exchanged:
        again = self._again
        raw, drawn = self.runs.scrubbed(again, classes, rng)
        return self._measured(raw, again, drawn)

    def _measured(self, raw: np.ndarray, again: np.ndarray, drawn: Mapping[str, np.ndarray]) -> Exchanged:
        shape = (len(self.rows), self.resamples)
        divergence = self.measures.divergences(raw, again)
        return Exchanged(
            raw=raw,
            loss=self.measures.losses(raw, again).reshape(shape),
            moved=self.measures.moved(raw, again).reshape(shape),
            divergence=None if divergence is None else divergence.reshape(shape),
            drawn=drawn,
        )
