"""Transformers with spare parts: several heads do the same work, and what reads them is saturated by any one of them.

Taking one head away changes nothing, so the heads that are in the circuit show only where the others are missing too.
Every network is written down, so that its edges are known; nothing else in it is read by the output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.circuits import Wiring

SHARP, LEAST = 30.0, 0.25


class Head(nn.Module):
    """One head of its own."""

    def __init__(self, width: int, positions: int, tokens: int) -> None:
        super().__init__()
        self.query, self.key = (nn.Linear(width, positions, bias=False) for _ in range(2))
        self.value, self.out = nn.Linear(width, tokens, bias=False), nn.Linear(tokens, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """What it adds to the stream."""
        return self.out((self.query(x) @ self.key(x).transpose(1, 2)).softmax(-1) @ self.value(x))


class Spares(nn.Module):
    """Tokens and positions one-hot; heads; a ReLU layer that gives 1 for a token that any head brought; answers."""

    def __init__(self, spare: Spare) -> None:
        super().__init__()
        tokens, positions = spare.tokens, spare.positions
        width = positions + 3 * tokens + 1
        self.token, self.position = nn.Embedding(tokens, width), nn.Parameter(torch.zeros(positions, width))
        self.heads = nn.ModuleList(Head(width, positions, tokens) for _ in range(spare.copies + spare.idle))
        self.mlp = nn.Sequential(nn.Linear(width, tokens), nn.ReLU(), nn.Linear(tokens, width))
        self.unembed = nn.Linear(width, tokens, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Scores of the answers at each position."""
        x = self.token(tokens) + self.position
        x = x + sum(head(x) for head in self.heads)
        return self.unembed(x + self.mlp(x))


@dataclass(frozen=True, slots=True)
class Spare:
    """A task: each position gives the token at another one.

    Arguments:
        name: of the task. source_of: for each position, the one whose token it gives. tokens: how many there are.
        copies: heads that do the work. idle: heads whose output nothing reads.
    """

    name: str
    source_of: tuple[int, ...]
    tokens: int
    copies: int
    idle: int

    @property
    def positions(self) -> int:
        """The length of the inputs."""
        return len(self.source_of)

    def network(self) -> Spares:
        """The network that does it."""
        module, rng = Spares(self), torch.Generator().manual_seed(self.copies)
        place = slice(0, self.positions)
        token, brought, answer = (
            slice(self.positions + k * self.tokens, self.positions + (k + 1) * self.tokens) for k in range(3)
        )
        eye = torch.eye(self.tokens)
        with torch.no_grad():
            for part in module.parameters():
                part.zero_()
            module.token.weight[:, token], module.position[:, place] = eye, torch.eye(self.positions)
            for number, head in enumerate(module.heads):
                if number < self.copies:
                    _bring(head, self.source_of, place=place, token=token, to=brought)
                else:
                    _idle(head, rng)
            first, last = module.mlp[0], module.mlp[2]
            first.weight[:, brought], first.bias[:] = -eye / LEAST, 1.0  # 1 where no head brought the token
            last.weight[answer], last.bias[answer] = -eye, 1.0
            module.unembed.weight[:, answer] = eye
        return module.eval()

    def known(self, wiring: Wiring) -> np.ndarray:
        """Which edges are in its circuit, `(edges,)` booleans."""
        working = {f"heads.{number}.0" for number in range(self.copies)} | {f"heads.{k}" for k in range(self.copies)}
        reads = {("token", "value"), ("position", "query"), ("position", "key")}
        return np.array(
            [
                (e.target in working and (e.source, e.port) in reads)
                or (e.source in working and e.target == "mlp")
                or (e.source, e.target) == ("mlp", "output")
                for e in wiring.edges
            ]
        )


def _idle(head: Any, rng: torch.Generator) -> None:
    """Random weights, and an output where nothing reads."""
    for part in (head.query, head.key, head.value):
        part.weight.copy_(torch.randn(part.weight.shape, generator=rng))
    head.out.weight[-1] = 1.0


def _bring(head: Any, source_of: tuple[int, ...], *, place: slice, token: slice, to: slice) -> None:
    """The token of another position."""
    head.query.weight[:, place] = SHARP * torch.eye(len(source_of))[list(source_of)].T
    head.key.weight[:, place] = torch.eye(len(source_of))
    head.value.weight[:, token], head.out.weight[to] = (
        torch.eye(head.value.out_features),
        torch.eye(head.value.out_features),
    )


def _moves(n: int) -> dict[str, tuple[int, ...]]:
    return {
        "reverse": tuple(range(n))[::-1],
        "previous": (0, *range(n - 1)),
        "first": (0,) * n,
        "rotate by two": tuple((at + 2) % n for at in range(n)),
    }


SPARES: tuple[Spare, ...] = tuple(
    Spare(f"{name}, {copies} heads", source_of, tokens, copies, idle=1)
    for copies, tokens, n in ((1, 3, 5), (2, 3, 5), (3, 2, 4))
    for name, source_of in _moves(n).items()
)
"""With one head, as a control: nothing is spare."""
