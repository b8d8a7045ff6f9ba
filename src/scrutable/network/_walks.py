"""Steps of a recurrent network that were taken lately, so that nothing before a patched step is run twice."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any, final

import numpy as np

from scrutable.network._recurrence import Recurrence

HELD_BYTES = 128 * 2**20


@final
class Walks:
    """States and raw outputs after the steps of some inputs; those used least recently are dropped first.

    Arguments:
        held: bytes to keep between calls.
    """

    def __init__(self, recurrence: Recurrence, held: int = HELD_BYTES) -> None:
        self.recurrence, self.held = recurrence, held
        self._kept: OrderedDict[bytes, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        return Walks, (self.recurrence, self.held)

    def upto(self, x: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """States `(n, steps, d)` and raw outputs `(n, steps, ...)` after the first steps; only missing ones are run."""
        key = hashlib.blake2b(np.ascontiguousarray(x).data, person=str((x.dtype.char, *x.shape)).encode()[:16]).digest()
        kept = self._kept.pop(key, None)
        if kept is None:
            kept = self.recurrence.walk(x[:, :steps])
        elif kept[0].shape[1] < steps:
            more = self.recurrence.walk(x[:, kept[0].shape[1] : steps], kept[0][:, -1])
            kept = np.concatenate([kept[0], more[0]], 1), np.concatenate([kept[1], more[1]], 1)
        self._kept[key] = kept
        while self._kept and sum(states.nbytes + raw.nbytes for states, raw in self._kept.values()) > self.held:
            self._kept.popitem(last=False)
        return kept[0][:, :steps], kept[1][:, :steps]
