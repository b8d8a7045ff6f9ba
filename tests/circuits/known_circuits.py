"""Transformers written by hand, whose edges are known, and one run head by head as an oracle for path patching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from scrutable.circuits import Edge

VOCABULARY, LENGTH = 3, 5
TOKEN = slice(0, VOCABULARY)
PLACE = slice(VOCABULARY, VOCABULARY + LENGTH)
ANSWER = slice(VOCABULARY + LENGTH, 2 * VOCABULARY + LENGTH)
SPARE = slice(2 * VOCABULARY + LENGTH, 2 * VOCABULARY + LENGTH + 2)
WIDTH = SPARE.stop


class Head(nn.Module):
    """One head of its own, as hand-written networks have them."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = (nn.Linear(WIDTH, LENGTH, bias=False) for _ in range(2))
        self.value = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.out = nn.Linear(VOCABULARY, WIDTH, bias=False)
        for part in self.parameters():
            nn.init.zeros_(part)

    def forward(self, x: Tensor, q: Tensor | None = None, k: Tensor | None = None, v: Tensor | None = None) -> Tensor:
        scores = self.query(x if q is None else q) @ self.key(x if k is None else k).transpose(1, 2)
        return self.out(scores.softmax(-1) @ self.value(x if v is None else v))


class Written(nn.Module):
    """Token and position one-hot; a head that works, one that nothing reads, a ReLU layer that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Parameter(torch.zeros(LENGTH, WIDTH))
        self.heads = nn.ModuleList([Head(), Head()])
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4), nn.ReLU(), nn.Linear(4, WIDTH))
        self.unembed = nn.Linear(WIDTH, VOCABULARY, bias=False)
        for part in (self.token.weight, self.unembed.weight, self.mlp[2].weight, self.mlp[2].bias):
            nn.init.zeros_(part)
        with torch.no_grad():
            self.token.weight[:, TOKEN] = torch.eye(VOCABULARY)
            self.position[:, PLACE] = torch.eye(LENGTH)
            self.unembed.weight[:, ANSWER] = torch.eye(VOCABULARY)
            generator = torch.Generator().manual_seed(5)
            for part in (self.heads[1].query, self.heads[1].key, self.heads[1].value):
                part.weight.copy_(torch.randn(part.weight.shape, generator=generator))
            self.heads[1].out.weight[SPARE] = 1.0
            self.mlp[2].weight[SPARE] = 1.0

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token(tokens) + self.position
        x = x + self.heads[0](x) + self.heads[1](x)
        x = x + self.mlp(x)
        return self.unembed(x)


def moving(source_of: list[int]) -> Written:
    """Each position gives the token of another one."""
    module = Written()
    head: Any = module.heads[0]
    with torch.no_grad():
        head.query.weight[:, PLACE] = 30 * torch.eye(LENGTH)[source_of].T
        head.key.weight[:, PLACE] = torch.eye(LENGTH)
        head.value.weight[:, TOKEN] = torch.eye(VOCABULARY)
        head.out.weight[ANSWER] = torch.eye(VOCABULARY)
    return module


def reverse() -> Written:
    return moving(list(range(LENGTH))[::-1])


def previous() -> Written:
    return moving([0, *range(LENGTH - 1)])


def share() -> Written:
    """Each position gives the share of each token among it and those before."""
    module = Written()
    head: Any = module.heads[0]
    with torch.no_grad():
        head.query.weight[:, PLACE] = 30 * torch.ones(LENGTH, LENGTH).triu()
        head.key.weight[:, PLACE] = torch.eye(LENGTH)
        head.value.weight[:, TOKEN] = torch.eye(VOCABULARY)
        head.out.weight[ANSWER] = torch.eye(VOCABULARY)
    return module


TRUE = (
    Edge("position", "heads.0.0", "query"),
    Edge("position", "heads.0.0", "key"),
    Edge("token", "heads.0.0", "value"),
    Edge("heads.0.0", "output", "input"),
)
"""What is read in all of them."""


def patched(module: Written, x: Tensor, replaced: Mapping[Edge, Tensor]) -> Tensor:
    """The output with some edges replaced by given contributions to the stream, computed head by head."""
    heads: Any = module.heads
    written = {"token": module.token(x), "position": module.position.expand(len(x), -1, -1)}

    def read(names: list[str], target: str, port: str) -> Tensor:
        return sum((replaced.get(Edge(name, target, port), written[name]) for name in names), torch.zeros(1))

    before = list(written)
    for number, head in enumerate(heads):
        name = f"heads.{number}.0"
        ports = {port[0]: read(before, name, port) for port in ("query", "key", "value")}
        written[name] = head(torch.zeros(1), **ports)
    written["mlp"] = module.mlp(read(list(written), "mlp", "input"))
    return module.unembed(read(list(written), "output", "input"))
