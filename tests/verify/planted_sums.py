"""Networks of two sums and a rule of both, of which everything is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.network import Category, Columns, Integers, Network, Reals
from scrutable.work import generator

Feature = Callable[[np.ndarray], np.ndarray]
HIGH = 3


class Sums(nn.Module):
    """Two sums of two inputs each, beside the inputs' differences (which nothing reads), then a rule of both sums."""

    def __init__(self, rule: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> None:
        super().__init__()
        self.left, self.right, self.idle = (nn.Linear(5, 2, bias=False) for _ in range(3))
        self.total, self.other, self.last = nn.Identity(), nn.Identity(), nn.Identity()
        self.rule = rule
        scale = 1.0 + generator(seed, "planted sums").uniform(size=2)
        with torch.no_grad():
            self.left.weight.copy_(torch.tensor([[1.0, 1, 0, 0, 0], [1, -1, 0, 0, 0]]) * float(scale[0]))
            self.right.weight.copy_(torch.tensor([[0.0, 0, 1, 1, 0], [0, 0, 1, -1, 0]]) * float(scale[1]))
            self.idle.weight.copy_(torch.tensor([[0.0, 0, 0, 0, 1], [1, 0, 0, 0, 1]]))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        total, other = self.total(self.left(x)), self.other(self.right(x))
        self.idle(x)
        u, v = total[:, 0] / float(self.scale[0]), other[:, 0] / float(self.scale[1])
        return self.last(self.rule(torch.round(u), torch.round(v)))


def product(u: Tensor, v: Tensor) -> Tensor:
    return u * (1 + v)


def parity(u: Tensor, v: Tensor) -> Tensor:
    return (u + v) % 2


def remainder(u: Tensor, v: Tensor) -> Tensor:
    return (u + v) % 3


def larger(u: Tensor, v: Tensor) -> Tensor:
    """Scores of two labels."""
    return torch.stack([u - v, v - u], dim=1)


RULES = {
    "product": (product, Reals()),
    "remainder": (remainder, Integers(0, 2)),
    "larger": (larger, Category(2)),
}


@cache
def network(rule: str, seed: int = 0) -> Network:
    names = ("a", "b", "c", "d", "e")
    made, outputs = (parity, Integers(0, 1)) if rule == "parity" else RULES[rule]
    return Network(Sums(made, seed), inputs=Columns(names, lo=0, hi=HIGH, integer=True), outputs=outputs)


def data(n: int = 400, seed: int = 0) -> np.ndarray:
    return generator(seed, "rows").integers(0, HIGH, size=(n, 5), endpoint=True)


def u(x: np.ndarray) -> np.ndarray:
    return x[:, 0] + x[:, 1]


def v(x: np.ndarray) -> np.ndarray:
    return x[:, 2] + x[:, 3]
