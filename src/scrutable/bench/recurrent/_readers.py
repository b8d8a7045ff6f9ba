"""PyTorch's own recurrent layers as readers of words: one answer after every letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.bench.recurrent._languages import Language
from scrutable.bench.recurrent._tested import Answer

LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
KINDS = tuple(LAYERS)
HIDDEN = 16


@final
class Reader(nn.Module):
    """A recurrent layer on letters and a linear readout: `(n, L)` long to logits `(n, L, answers)`."""

    def __init__(self, kind: str, language: Language, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.layer = LAYERS[kind](language.letters, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, language.answers)

    def forward(self, x: Tensor) -> Tensor:
        """Logits after every letter."""
        return self.readout(self.layer(self.letters(x))[0])

    def letters(self, x: Tensor) -> Tensor:
        """What the layer reads of words: `(n, L, letters)`."""
        return F.one_hot(x, self.layer.input_size).to(self.readout.weight.dtype)


def answering(reader: nn.Module) -> Answer:
    """A reader as a function: words to answers, `(n, L)` both."""

    def answer(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return reader(torch.tensor(x)).argmax(-1).numpy()

    return answer
