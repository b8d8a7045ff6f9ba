"""The transformer: a token at the front collects the answer, every head's result is a value of its own."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LENGTH = 16
WIDTH, HEADS, LAYERS = 24, 2, 3
HEAD = WIDTH // HEADS


@final
class Block(nn.Module):
    """Attention and a hidden layer, each added to what was there."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.look, self.heads, self.bring = nn.Linear(WIDTH, 3 * WIDTH), nn.Identity(), nn.Linear(WIDTH, WIDTH)
        self.hidden, self.back = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(3 * WIDTH, WIDTH)

    def forward(self, h: Tensor) -> Tensor:
        """`(n, steps, WIDTH)` to the same."""
        n, steps, _ = h.shape
        q, k, v = self.look(self.before(h)).reshape(n, steps, 3, HEADS, HEAD).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, steps, WIDTH)
        h = h + self.bring(self.heads(found))
        return h + self.back(torch.relu(self.hidden(self.between(h))))


@final
class Balance(nn.Module):
    """Scores of "not balanced" and "balanced" for 16 parentheses, 1 for an open one."""

    place: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.token, self.step = nn.Embedding(3, WIDTH), nn.Embedding(LENGTH + 1, WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
        self.last, self.answer = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2)
        self.register_buffer("place", torch.arange(LENGTH + 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, 16)` whole numbers to `(n, 2)`."""
        h = self.token(F.pad(x, (1, 0), value=2)) + self.step(self.place)
        for block in self.blocks:
            h = block(h)
        return self.answer(self.last(h[:, 0]))
