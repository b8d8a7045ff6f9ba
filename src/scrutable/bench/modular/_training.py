"""Training: full batches of all pairs, with weight decay. What is shown is the mechanism, not generalisation."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch.nn import functional as F

from scrutable.bench.modular._network import Adder
from scrutable.hypothesis import read_as
from scrutable.network import Category, Network, Tokens
from scrutable.work import generator, write_atomically

FOLDER = Path(__file__).parent / "weights"
RATE, WARM = 3e-3, 10


@final
@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    Arguments:
        name: of the recipe; what kind of network comes of it is measured, not taken from here.
        rate: of attention, see `Adder`. decay: of the weights. steps: of AdamW on all pairs at once.
        shuffled: whether the answers are handed to other pairs, which leaves only learning by heart.
    """

    name: str
    rate: float
    decay: float
    steps: int
    shuffled: bool = False


RECIPES = (
    Recipe("attention", 1.0, 1.0, 600),
    Recipe("attention long", 1.0, 1.0, 1000),
    Recipe("constant", 0.0, 0.5, 600),
    Recipe("constant early", 0.0, 0.5, 400),
    Recipe("between", 0.5, 0.6, 600),
    Recipe("by heart", 1.0, 0.0, 500, shuffled=True),
)
PRIMES = (31, 29, 37, 31, 29, 37, 31, 29, 31, 31, 31, 31)
"""The prime for each seed."""


@final
@dataclass(frozen=True, slots=True)
class Trained:
    """What is known of a trained network: recipe, seed, prime, and the share of pairs that it adds right."""

    recipe: str
    seed: int
    prime: int
    rate: float
    right: float

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.recipe.replace(' ', '-')}.{self.seed}.safetensors"


def pairs(prime: int) -> np.ndarray:
    """All pairs of numbers below a prime, `(prime ** 2, 2)`."""
    return np.stack(np.meshgrid(range(prime), range(prime), indexing="ij"), axis=-1).reshape(-1, 2)


def train(recipe: Recipe, seed: int) -> Trained:
    """Train a network and write it, weights in half precision, which its facts refer to."""
    torch.manual_seed(seed)
    prime = PRIMES[seed]
    x = pairs(prime)
    answers = x.sum(axis=1) % prime
    if recipe.shuffled:
        answers = generator(seed, "shuffled answers").permutation(answers)
    module, inputs, targets = Adder(prime, recipe.rate), torch.from_numpy(x), torch.from_numpy(answers)
    optimiser = torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=recipe.decay, betas=(0.9, 0.98))
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / WARM, 2.02 - 2 * step / recipe.steps)
        loss = F.cross_entropy(module(inputs), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = {name: value.half().contiguous() for name, value in module.state_dict().items()}
    module.load_state_dict(weights)
    right = float((module(inputs).argmax(dim=1) == targets).float().mean())
    facts = Trained(recipe.name, seed, prime, recipe.rate, right)
    write_atomically(FOLDER / facts.file, save(weights, metadata={"facts": json.dumps(asdict(facts))}))
    return facts


def stored() -> list[Trained]:
    """The networks that come with the library."""
    return [_facts(path) for path in sorted(FOLDER.glob("*.safetensors"))]


def _facts(path: Path) -> Trained:
    with safe_open(path, "pt") as file:
        return read_as(Trained, json.loads(file.metadata()["facts"]))


def module_of(facts: Trained) -> Adder:
    """A stored network's module."""
    module = Adder(facts.prime, facts.rate)
    module.load_state_dict(load_file(FOLDER / facts.file))
    return module.eval()


def network_of(module: torch.nn.Module, prime: int) -> Network:
    """A module that adds, under a name that says nothing."""
    return Network(module, inputs=Tokens(prime, length=2), outputs=Category(prime))
