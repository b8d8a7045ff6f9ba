"""Transformers written by hand, and GPT-2 with a readout of its own."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.bench.trained._form import Form


@final
class Attention(nn.Module):
    """Heads of ordinary attention."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.heads, self.causal = form.heads, form.causal
        self.query, self.key, self.value, self.back = (nn.Linear(form.width, form.width) for _ in range(4))

    def forward(self, h: Tensor) -> Tensor:
        """`(n, steps, width)` to the same."""
        n, steps, width = h.shape
        q, k, v = (
            part(h).reshape(n, steps, self.heads, -1).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        scores = q @ k.transpose(2, 3) / (width // self.heads) ** 0.5
        if self.causal:
            later = torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1)
            scores = scores.masked_fill(later, -1e9)
        return self.back((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, steps, width))


@final
class Units(nn.Module):
    """A hidden layer."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.hidden, self.back = nn.Linear(form.width, form.hidden), nn.Linear(form.hidden, form.width)
        self.gelu = form.bend == "gelu"

    def forward(self, h: Tensor) -> Tensor:
        """`(n, steps, width)` to the same."""
        held = self.hidden(h)
        return self.back(F.gelu(held) if self.gelu else torch.relu(held))


@final
class Block(nn.Module):
    """Attention and units, each added to the stream, normalised before, after or not at all."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.post = form.norm == "post"
        parts = [Attention(form), *([Units(form)] if form.hidden else [])]
        self.parts = nn.ModuleList(parts)
        normed = nn.Identity if form.norm == "none" else lambda: nn.LayerNorm(form.width)
        self.norms = nn.ModuleList([normed() for _ in parts])

    def forward(self, h: Tensor) -> Tensor:
        """`(n, steps, width)` to the same."""
        for part, norm in zip(self.parts, self.norms, strict=True):
            h = norm(h + part(h)) if self.post else h + part(norm(h))
        return h


@final
class Transformer(nn.Module):
    """Scores of each answer at each position.

    Arguments:
        length: of the longest words, where positions are learned.
    """

    def __init__(self, form: Form, *, tokens: int, answers: int, length: int) -> None:
        super().__init__()
        self.form = form
        self.token = nn.Embedding(tokens, form.width)
        self.place = nn.Embedding(length, form.width) if form.places == "learned" else None
        self.blocks = nn.ModuleList([Block(form) for _ in range(form.layers)])
        self.last = nn.LayerNorm(form.width) if form.norm == "pre" else nn.Identity()
        self.answer = nn.Linear(form.width, answers)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, steps)` whole numbers to `(n, steps, answers)`."""
        h = self.token(x)
        if self.place is not None:
            h = h + self.place.weight[: x.shape[1]]
        elif self.form.places == "sinusoidal":
            h = h + waves(x.shape[1], self.form.width)
        for block in self.blocks:
            h = block(h)
        return self.answer(self.last(h))


def waves(length: int, width: int) -> Tensor:
    """Sines and cosines of positions, `(length, width)` (Vaswani et al. 2017, arXiv 1706.03762)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(length, width)


@final
class Gpt2(nn.Module):
    """GPT-2 of the `transformers` package, with a linear readout."""

    def __init__(self, form: Form, *, tokens: int, answers: int, length: int) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2Model

        config = GPT2Config(
            vocab_size=tokens,
            n_positions=length,
            n_embd=form.width,
            n_layer=form.layers,
            n_head=form.heads,
            n_inner=form.hidden,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            use_cache=False,
            bos_token_id=None,
            eos_token_id=None,
        )
        config._attn_implementation = "eager"
        self.stack: Any = GPT2Model(config)
        self.answer = nn.Linear(form.width, answers)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, steps)` whole numbers to `(n, steps, answers)`."""
        return self.answer(self.stack(x).last_hidden_state)


def made(form: Form, *, tokens: int, answers: int, length: int, seed: int) -> nn.Module:
    """A fresh module; torch's own random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return (Gpt2 if form.library else Transformer)(form, tokens=tokens, answers=answers, length=length)
