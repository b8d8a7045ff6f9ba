"""One layer of attention and one of units over `a b =`, answered at the last token. No biases, no normalisation."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, HEADS, UNITS = 64, 4, 128


@final
class Adder(nn.Module):
    """Scores of all remainders for two tokens below a prime.

    Arguments:
        rate: how much of each token's attention is its own choice; the rest is the same for all tokens. 1 is an
            ordinary transformer, 0 one of constant attention (Zhong et al., "The Clock and the Pizza", 2023, arXiv
            2306.17844, section 4).
    """

    place: Tensor

    def __init__(self, prime: int, rate: float) -> None:
        super().__init__()
        self.prime, self.rate = prime, rate
        self.embed, self.step = nn.Embedding(prime + 1, WIDTH), nn.Embedding(3, WIDTH)
        self.query, self.key, self.value, self.bring = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.middle, self.hidden = nn.Identity(), nn.Linear(WIDTH, UNITS, bias=False)
        self.units, self.back = nn.ReLU(), nn.Linear(UNITS, WIDTH, bias=False)
        self.last, self.answer = nn.Identity(), nn.Linear(WIDTH, prime, bias=False)
        self.register_buffer("place", torch.arange(3), persistent=False)
        for weight in self.parameters():
            nn.init.normal_(weight, std=weight.shape[-1] ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, 2)` whole numbers to `(n, prime)`."""
        return self.scored(self.embedded(x))

    def embedded(self, x: Tensor) -> Tensor:
        """`(n, 3, WIDTH)`: both tokens and the one that asks for the answer."""
        return self.embed(F.pad(x, (0, 1), value=self.prime)) + self.step(self.place)

    def scored(self, h: Tensor) -> Tensor:
        """Embedded tokens to scores."""
        h = self.middle(h[:, -1] + self._attended(h))
        return self.answer(self.last(h + self.back(self.units(self.hidden(h)))))

    def _attended(self, h: Tensor) -> Tensor:
        """What the last token gathers, `(n, WIDTH)`."""
        n, steps, _ = h.shape
        size = WIDTH // HEADS
        query = self.query(h[:, -1]).reshape(n, HEADS, 1, size)
        key, value = (look(h).reshape(n, steps, HEADS, size).transpose(1, 2) for look in (self.key, self.value))
        chosen = torch.softmax(query @ key.transpose(2, 3) * size**-0.5, dim=-1)
        weights = self.rate * chosen + (1 - self.rate) / steps
        return self.bring((weights @ value).reshape(n, WIDTH))
