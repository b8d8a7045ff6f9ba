"""What exchanging did to the outputs: the loss, and how far each answer moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.network import Domain


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Outputs are compared with the network's own and with labels.

    Arguments:
        raw: `(n, ...)`, the network's own raw outputs. labels: `(n, ...)`, what the answers should be.
    """

    outputs: Domain
    raw: np.ndarray
    labels: np.ndarray

    @property
    def loss_name(self) -> str:
        """How the loss is reckoned."""
        if self.outputs.classes is not None:
            return "cross-entropy"
        return "squared error" if self.outputs.dtype.kind == "f" else "share of wrong answers"

    def losses(self, raw: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The loss of raw outputs `(m, ...)` for the inputs `rows`, `(m,)`."""
        labels = self.labels[rows]
        if self.outputs.classes is not None:
            scores = np.take_along_axis(_log_softmax(raw), labels[..., None].astype(int), axis=-1)
            return -_mean(scores[..., 0])
        if self.outputs.dtype.kind == "f":
            return _mean((self.outputs.decode(raw) - labels) ** 2)
        return _mean(self.outputs.decode(raw) != labels)

    def moved(self, raw: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How far the answers are from the network's own, `(m,)`: for real numbers the mean distance, else the share
        of single answers that are others."""
        return self.apart(self.outputs.decode(raw), self.outputs.decode(self.raw[rows]))

    def apart(self, got: np.ndarray, own: np.ndarray) -> np.ndarray:
        """The same of answers, `(m, ...)` each."""
        return _mean(np.abs(got - own) if self.outputs.dtype.kind == "f" else got != own)

    def divergences(self, raw: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
        """The Kullback-Leibler divergence of scores from the network's own, `(m,)`; None where there are none."""
        if self.outputs.classes is None:
            return None
        own, got = _log_softmax(self.raw[rows]), _log_softmax(raw)
        return _mean((np.exp(own) * (own - got)).sum(axis=-1))


def _log_softmax(raw: np.ndarray) -> np.ndarray:
    raw = np.asarray(raw, float)
    shifted = raw - raw.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _mean(values: np.ndarray) -> np.ndarray:
    """For each row, `(m,)`."""
    return np.asarray(values, float).reshape(len(values), -1).mean(axis=1)
