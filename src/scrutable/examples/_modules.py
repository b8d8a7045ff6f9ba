"""The architectures of the example networks: plain PyTorch, as a user would bring them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scrutable.network import Recurrent


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class ReluCell(nn.Module):
    """A recurrent cell made of two ReLU networks: `state = f([state, x])`, `output = g(state)`.

    The form used by the recurrent benchmark of Michaud et al., "Opening the AI black box: program synthesis via
    mechanistic interpretability" (2024, arXiv 2402.05110).
    """

    def __init__(self, *, inputs: int, hidden: int, width: int) -> None:
        super().__init__()
        self.f = mlp(hidden + inputs, width, hidden)
        self.g = mlp(hidden, width, 1)

    def forward(self, state: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        state = self.f(torch.cat([state, x], dim=-1))
        return state, self.g(state)


def relu_rnn(*, inputs: int = 2, hidden: int = 8, width: int = 32) -> Recurrent:
    """A recurrent network of ReLU layers with a regression output, starting from a state of zeros."""
    return Recurrent(ReluCell(inputs=inputs, hidden=hidden, width=width), torch.zeros(hidden))


class Tagger(nn.Module):
    """Embedding, GRU and a linear head: two logits after every symbol."""

    def __init__(self, *, vocab: int = 2, hidden: int = 12) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, 4)
        self.gru = nn.GRU(4, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(x))
        return self.head(states)


class Acceptor(nn.Module):
    """Embedding, LSTM and a linear head: two logits for the whole word."""

    def __init__(self, *, vocab: int = 2, hidden: int = 12) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, 4)
        self.lstm = nn.LSTM(4, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(x))
        return self.head(states[:, -1])


def distance_mlp() -> nn.Sequential:
    """Two numbers in, one number out."""
    return mlp(2, 16, 16, 1)


def digits_mlp() -> nn.Sequential:
    """64 pixels in, ten logits out."""
    return nn.Sequential(nn.Flatten(), *mlp(64, 32, 10))
