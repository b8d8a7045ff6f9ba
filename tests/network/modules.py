"""Kinds of module that the intervention engine is tested on, each as a user would bring it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Lstm(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.layer, self.head = kind(3, 4, num_layers=2, batch_first=True), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0])


class TimeFirst(nn.Module):
    """Rows on the second axis inside."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.head = nn.MultiheadAttention(4, 2), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        t = x.transpose(0, 1)
        return self.head(self.attention(t, t, t)[0] + t).transpose(0, 1)


class Shared(nn.Module):
    """Tied weights: the output layer reads the embedding's."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.mix = nn.Embedding(7, 5), nn.Linear(5, 5)
        self.out = nn.Linear(5, 7, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(self.mix(self.embedding(x))))


class Dict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.heads = nn.Linear(3, 6), nn.ModuleDict({"a": nn.Linear(6, 2), "b": nn.Linear(6, 1)})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = torch.relu(self.trunk(x))
        return {"aside": self.heads["b"](h), "logits": self.heads["a"](h)}


class Pair(NamedTuple):
    value: Tensor
    gate: Tensor


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(3, 4), nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Pair:
        return Pair(self.value(x), torch.sigmoid(self.gate(x)))


class Tuple(nn.Module):
    """Submodules, and the whole, give tuples."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.head = Gate(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        value, gate = self.gate(x)
        return self.head(value * gate), gate


class Loop(nn.Module):
    """A loop over the items of a sequence, with a state made for as many rows as there are."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.GRUCell(3, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h, outputs = torch.zeros(x.shape[0], 4), []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            outputs.append(self.head(h))
        return torch.stack(outputs, 1)


class InPlace(nn.Module):
    """Writes into slices, activations in place, and a buffer made on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu, self.second = nn.Linear(3, 6), nn.ReLU(inplace=True), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.relu(self.first(x))
        h[:, 1:3] *= 2.0
        total = torch.zeros(len(x), 6)
        total += h
        total[:, 0] = h[:, -1]
        h.sub_(total.mean(1, keepdim=True))
        return self.second(h + total)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(torch.relu(self.layer(x))) + x)


class Fused(nn.Module):
    """Attention as one operation, with a mask made from the length."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out, self.norm = nn.Linear(8, 24), nn.Linear(8, 8), nn.LayerNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        n, length, _ = x.shape
        q, k, v = (t.view(n, length, 2, 4).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + self.out(mixed.transpose(1, 2).reshape(n, length, 8))


class Branching(nn.Module):
    """Goes on in a way that depends on what it has computed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        if float(h.mean()) > 0:
            h = torch.relu(h)
        return self.second(h)


class ByWay(nn.Module):
    """Leaves PyTorch on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(abs(self.first(x).detach().numpy()))


class Noisy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


class Centred(nn.Module):
    """Rows influence each other."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


class Counting(nn.Module):
    """Writes into a buffer of its own."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * 2


def gpt2() -> nn.Module:
    transformers = pytest.importorskip("transformers")
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    config = transformers.GPT2Config(
        n_layer=2, n_head=2, n_embd=8, vocab_size=11, n_positions=8, use_cache=False, **ends
    )
    return transformers.GPT2LMHeadModel(config)


def encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.Sequential(nn.Linear(3, 8), nn.TransformerEncoder(layer, 2), nn.Linear(8, 2))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(), nn.Flatten(), nn.Linear(12, 2)
    )


@dataclass(frozen=True)
class Kind:
    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    labels: int | None = None

    def module(self) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module = self.make().eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):  # as after training
                part.running_mean = torch.tensor([0.3, -0.2, 0.1])
                part.running_var = torch.tensor([1.5, 0.5, 2.0])
        return module

    def rows(self, n: int, seed: int = 1) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        if self.labels is not None:
            return torch.randint(0, self.labels, (n, *self.shape), generator=generator)
        return torch.randn(n, *self.shape, generator=generator)


KINDS = [
    Kind("mlp", lambda: nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True), nn.Linear(6, 2)), (3,)),
    Kind("cnn", cnn, (1, 6, 6)),
    Kind("rnn", lambda: Lstm(nn.RNN), (5, 3)),
    Kind("gru", lambda: Lstm(nn.GRU), (5, 3)),
    Kind("lstm", lambda: Lstm(nn.LSTM), (5, 3)),
    Kind("encoder", encoder, (5, 3)),
    Kind("gpt2", gpt2, (5,), labels=11),
    Kind("time_first", TimeFirst, (5, 4)),
    Kind("shared_weights", Shared, (4,), labels=7),
    Kind("dict", Dict, (3,)),
    Kind("tuple", Tuple, (3,)),
    Kind("loop", Loop, (4, 3)),
    Kind("in_place", InPlace, (3,)),
    Kind("called_twice", Twice, (3,)),
    Kind("fused_attention", Fused, (5, 8)),
]

REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("branching", Branching, "depends on a computed number"),
    ("out_of_torch", ByWay, "cannot be followed|outside of tensor operations"),
    ("noisy", Noisy, "random numbers"),
    ("centred", Centred, "rows influence each other|depends on the number of rows"),
    ("counting", Counting, "cannot be followed|writes into"),
    ("training_batch_norm", lambda: nn.BatchNorm1d(3).train(), "batch norm in training mode|writes into"),
    ("training_dropout", lambda: nn.Dropout().train(), "random numbers"),
]
