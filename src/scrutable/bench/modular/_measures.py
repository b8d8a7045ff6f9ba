"""The published measures that tell the clock from the pizza, by which the kind of a trained network is decided.

Zhong, Liu, Tegmark & Andreas, "The clock and the pizza: two stories in mechanistic explanation of neural networks"
(2023, arXiv 2306.17844), definitions 4.1 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch.nn import functional as F

from scrutable.bench.modular._network import Adder
from scrutable.bench.modular._training import pairs
from scrutable.work import generator

TRIPLES = 400
SYMMETRIC, ASYMMETRIC, IRRELEVANT = 0.9, 0.6, 0.4


@final
@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured.

    Arguments:
        right: the share of pairs added right.
        symmetry: gradient symmetricity: the mean cosine between the gradients of a score with respect to the embeddings
            of the two tokens, over 400 triples (a, b, c) at random. Published: pizza 0.99, clock 0.33.
        irrelevance: distance irrelevance: the spread of right scores among pairs of one distance, as a share of the
            spread of all. Published: pizza 0.17, clock 0.85, the border at 0.4.
    """

    right: float
    symmetry: float
    irrelevance: float

    @property
    def kind(self) -> str:
        """What both measures say; "neither" where they disagree, or the network does not add."""
        if self.right < 1:
            return "neither"
        if self.symmetry >= SYMMETRIC and self.irrelevance < IRRELEVANT:
            return "pizza"
        return "clock" if self.symmetry < ASYMMETRIC and self.irrelevance >= IRRELEVANT else "neither"


def measures(module: Adder) -> Measures:
    """Measure a network on all pairs."""
    prime = module.prime
    x = pairs(prime)
    sums, apart = x.sum(axis=1) % prime, (x[:, 0] - x[:, 1]) % prime
    with torch.no_grad():
        scores = module(torch.from_numpy(x)).double().numpy()
    table = np.zeros((prime, prime))
    table[sums, apart] = scores[np.arange(len(x)), sums]
    return Measures(
        right=float((scores.argmax(axis=1) == sums).mean()),
        symmetry=_symmetry(module),
        irrelevance=float(table.std(axis=0).mean() / table.std()),
    )


def _symmetry(module: Adder) -> float:
    triples = torch.from_numpy(generator(0, "triples").integers(0, module.prime, size=(TRIPLES, 3)))
    held = module.embedded(triples[:, :2]).detach().requires_grad_(True)
    scores = module.scored(held).gather(1, triples[:, 2:])
    (gradient,) = torch.autograd.grad(scores.sum(), held)
    return float(F.cosine_similarity(gradient[:, 0], gradient[:, 1], dim=1).mean())
