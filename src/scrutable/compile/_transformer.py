"""The module that programs are compiled into: a transformer without layer norm, with a start token of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from scrutable.errors import UserError

LARGEST = 2**16
MOST_BLOCKS = 1000


@final
class Attention(nn.Module):
    """Several heads, computed in one tensor.

    Arguments:
        width: of the residual stream. heads: how many. size: of the queries, keys and values of each.
        causal: whether a position sees only itself and earlier ones.
    """

    def __init__(self, width: int, heads: int, size: int, *, causal: bool) -> None:
        super().__init__()
        self.heads, self.size, self.causal = heads, size, causal
        self.query = nn.Linear(width, heads * size)
        self.key = nn.Linear(width, heads * size)
        self.value = nn.Linear(width, heads * size)
        self.out = nn.Linear(heads * size, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, length, width)` to what the heads add to it."""
        n, length, _ = x.shape
        query, key, value = (
            part(x).view(n, length, self.heads, self.size).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) / self.size**0.5
        if self.causal:
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        mixed = scores.softmax(-1) @ value
        return self.out(mixed.transpose(1, 2).reshape(n, length, self.heads * self.size))


@final
class Block(nn.Module):
    """Attention, then a ReLU layer, each adding to the residual stream. A part with nothing in it is left out."""

    def __init__(self, width: int, heads: int, size: int, hidden: int, *, causal: bool) -> None:
        super().__init__()
        self.attention = Attention(width, heads, size, causal=causal) if heads else None
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)) if hidden else None

    def forward(self, x: Tensor) -> Tensor:
        """`(n, length, width)` to the same shape."""
        if self.attention is not None:
            x = x + self.attention(x)
        if self.mlp is not None:
            x = x + self.mlp(x)
        return x


@final
class Transformer(nn.Module):
    """Tokens `(n, length)` to scores `(n, length, classes)`, or to numbers `(n, length)` with `classes=0`.

    A start token stands before each sequence; its output is dropped.

    Arguments:
        vocabulary: how many tokens. length: of the longest input. width: of the residual stream.
        blocks: (heads, head size, hidden units) of each.

    Attributes:
        settings: these arguments, as plain data.

    Raises:
        UserError: sizes that no compiled network has.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        length: int,
        width: int,
        classes: int,
        blocks: Sequence[Sequence[int]],
        causal: bool,
    ) -> None:
        super().__init__()
        _check((vocabulary, length, width), (classes, *(size for block in blocks for size in block)), blocks)
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(length, width)
        self.start = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(Block(width, *block, causal=causal) for block in blocks)
        self.unembed = nn.Linear(width, max(1, classes), bias=False)
        self.classes = classes
        self.settings = {
            "vocabulary": vocabulary,
            "length": length,
            "width": width,
            "classes": classes,
            "blocks": [list(block) for block in blocks],
            "causal": causal,
        }

    def forward(self, tokens: Tensor) -> Tensor:
        """`(n, length)` whole numbers to scores or numbers."""
        x = self.embedded(tokens)
        for block in self.blocks:
            x = block(x)
        scores = self.unembed(x[:, 1:])
        return scores if self.classes else scores[..., 0]

    def embedded(self, tokens: Tensor) -> Tensor:
        """The residual stream before the first block, the start token first: `(n, 1 + length, width)`."""
        tokens = tokens.long()
        x = self.token(tokens) + self.position(torch.arange(tokens.shape[1], device=tokens.device))
        return torch.cat([self.start.expand(len(tokens), 1, -1), x], dim=1)


def _check(positive: tuple[int, ...], sizes: tuple[int, ...], blocks: Sequence[Any]) -> None:
    whole = all(type(size) is int and size <= LARGEST for size in (*positive, *sizes))
    fits = whole and min(positive) >= 1 and min(sizes) >= 0 and len(blocks) <= MOST_BLOCKS
    if not fits or any(len(block) != 3 for block in blocks):
        raise UserError(f"got sizes {positive} and {sizes} of a transformer, expected whole numbers up to {LARGEST}")
