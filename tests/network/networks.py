"""One table of networks that the tests of this room share: each is a module as a user would bring it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.network import Bits, Category, Columns, Domain, Image, Integers, Network, Reals, Recurrent, Tokens


class EmbeddingGru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(3, 4)
        self.gru = nn.GRU(4, 5, batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(self.head(self.gru(self.embedding(x))[0]), dim=-1)


class DeepLstm(nn.Module):
    """Two layers, one answer for each sequence, a dictionary as output."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 4, num_layers=2, batch_first=True, dropout=0.3, **options)
        self.head = nn.Linear(options.get("proj_size") or 4, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        states, _ = self.lstm(x)
        return {"states": states, "logits": self.head(states[:, -1])}


class TimeMajor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(3, 6, nonlinearity="relu")
        self.head = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        states, last = self.rnn(x)
        return self.head(states), last


class CellLoop(nn.Module):
    """A loop over an LSTMCell and a GRUCell on top, from a learned state."""

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.LSTMCell(2, 3)
        self.high = nn.GRUCell(3, 4)
        self.start = nn.Parameter(torch.randn(3))
        self.head = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.start.expand(len(x), -1)
        c, top = torch.zeros_like(h), x.new_zeros(len(x), 4)
        outputs = []
        for t in range(x.shape[1]):
            h, c = self.low(x[:, t], (h, c))
            top = self.high(h, top)
            outputs.append(self.head(top))
        return torch.stack(outputs, 1)


class Around(nn.Module):
    """A recurrent layer with something around it."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__()
        self.kind = kind
        self.gru = nn.GRU(1, 4, batch_first=True, **options)
        self.head = nn.Linear(8 if options.get("bidirectional") else 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "reversed":
            x = x.flip(1)
        states, _ = self.gru(x)
        if self.kind == "twice":
            states, _ = self.gru(x + states[..., :1])
        if self.kind == "pooled":
            return self.head(states.mean(1))
        if self.kind == "window":
            states = states + F.pad(states, (0, 0, 1, 0))[:, :-1]
        return self.head(states)


class ReluCell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.f = nn.Sequential(nn.Linear(7, 8), nn.ReLU(), nn.Linear(8, 5))
        self.g = nn.Linear(5, 1)

    def forward(self, state: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        state = self.f(torch.cat([state, x], -1))
        return state, self.g(state)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 8)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        e = self.embedding(x)
        return self.head(self.mix(e, e, e)[0] + e)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(inplace=True), nn.Linear(8, 1))


def cnn() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Linear(12, 4))


def cell() -> Recurrent:
    return Recurrent(ReluCell(), torch.zeros(5))


def counting(state: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    after = (state + F.one_hot(x, 3)).remainder(2)
    return after, after


def numpy_cell(state: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = state + x
    return total // 2, total % 2


def summed(x: np.ndarray) -> np.ndarray:
    assert isinstance(x, np.ndarray)
    return x.sum(axis=1).astype(float)


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], Any]
    inputs: Domain
    outputs: Domain
    state: int | None = None  # numbers in the state; None when not recurrent

    def network(self, seed: int = 0) -> Network:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return Network(self.make(), inputs=self.inputs, outputs=self.outputs, name=self.name)


CASES = [
    Case("mlp", mlp, Columns(["a", "b"], lo=0, hi=9, integer=True), Integers()),
    Case("mlp64", lambda: mlp().double(), Reals(-1, 1, channels=2), Reals()),
    Case("flat", lambda: nn.Linear(4, 1), Bits(length=4), Bits()),
    Case("cnn", cnn, Image(2, 4, 4), Category(4)),
    Case("gru", EmbeddingGru, Tokens(3, length=6), Category(2, length=6), state=5),
    Case("lstm", DeepLstm, Reals(-1, 1, length=5, channels=2), Category(3), state=16),
    Case("lstm64", lambda: DeepLstm().double(), Reals(-1, 1, length=5, channels=2), Category(3), state=16),
    Case("projected", lambda: DeepLstm(proj_size=3), Reals(length=5, channels=2), Category(3), state=14),
    Case("time_major", TimeMajor, Integers(0, 3, length=7, channels=3), Reals(length=7), state=6),
    Case("one_hot_rnn", lambda: nn.RNN(3, 4, batch_first=True), Tokens(3, length=5), Category(4, length=5), state=4),
    Case("cells", CellLoop, Bits(length=6, channels=2), Bits(length=6), state=10),
    Case("recurrent", cell, Bits(length=8, channels=2), Bits(length=8), state=5),
    Case("recurrent_last", cell, Bits(length=8, channels=2), Bits(), state=5),
    Case(
        "tensor_cell", lambda: Recurrent(counting, [0.0] * 3), Tokens(3, length=5), Bits(length=5, channels=3), state=3
    ),
    Case(
        "numpy_cell", lambda: Recurrent(numpy_cell, np.zeros(1)), Integers(0, 5, length=4), Integers(length=4), state=1
    ),
    Case("attention", Attention, Tokens(4, length=5), Category(4, length=5)),
    Case("function", lambda: summed, Integers(0, 5, length=4), Integers()),
]
RECURRENT = [case for case in CASES if case.state is not None]
LAYERED = [case for case in CASES if case.state is None]


def inputs_of(case: Case, n: int, *, length: int | None = None, seed: int = 1) -> np.ndarray:
    """Sampled inputs; an open range is closed at -1 and 1."""
    domain = Reals(-1, 1, length=5, channels=2) if case.name == "projected" else case.inputs
    return (domain if length is None else domain.with_length(length)).sample(n, np.random.default_rng(seed))
