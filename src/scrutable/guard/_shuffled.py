"""The worry that the search fits anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scrutable.guard._base import Guard, GuardCase, compared_everywhere
from scrutable.guard._nulls import NullItem, compared_with_nulls
from scrutable.hypothesis import Result, silent
from scrutable.work import flat_rows, generator

if TYPE_CHECKING:
    from scrutable.network import Domain

SLACK, FEW = 1.25, 16


class ShuffledOutputs(Guard):
    """The search on functions whose outputs have nothing to do with their inputs.

    Proposers query the network on inputs of their own, so shuffling the rows at hand would not do. The null is a
    function that answers every input, always in the same way, with an output drawn from the network's own outputs by a
    hash of the input; for a recurrent network, a recurrent one whose state is a hash of the word so far.

    On a small domain something is found for any outputs at all. A program that is only a little shorter than that is no
    short program, so candidates of up to a quarter more bits than the hypothesis count as doing as well.
    """

    name = "guard.shuffled_outputs"
    weight = 1.5  # no null ends early: there is nothing to find

    def apply(self, case: GuardCase) -> Result:
        """See `Guard.apply`. Cost: up to 19 searches. Not applicable to domains of at most `FEW` inputs."""
        if compared_everywhere(case, FEW):
            size = case.network.inputs.size
            return silent(
                self.name, "guard", f"there are only {size} inputs, all compared: any answers to so few are soon said"
            )
        item = NullItem(case, shuffled_network, with_interchange=False, least_bits=0.0, slack=SLACK)
        return compared_with_nulls(self.name, item, what="networks with outputs shuffled across inputs")


def shuffled_network(case: GuardCase, index: int) -> Any:
    """A network that answers with the outputs of the real one, each input always with the same, chosen by a hash."""
    from scrutable.network import Network, Recurrent

    network = case.network
    rng = generator(case.seed, "shuffled", index)
    if network.recurrence is None:
        function: Any = _Hashed(network.outputs, case.find.outputs, rng)
    else:
        channels = int(np.prod(case.find.inputs.shape[2:]))
        function = Recurrent(_HashedCell(network.outputs, _pool(case), rng, channels), np.zeros(_HashedCell.size))
    return Network(function, inputs=network.inputs, outputs=network.outputs, name=f"{network.name} (shuffled)")


def _pool(case: GuardCase) -> np.ndarray:
    """Single outputs: those of every step, or one for each sequence."""
    outputs = case.find.outputs
    return outputs.reshape(-1, *outputs.shape[2:]) if case.network.each_step else outputs


def _raw(domain: Domain, outputs: np.ndarray) -> np.ndarray:
    """Raw outputs that decode to `outputs`."""
    if domain.classes is None:
        return outputs.astype(np.float32)
    return np.eye(domain.classes, dtype=np.float32)[outputs]


def _fraction(x: np.ndarray) -> np.ndarray:
    """A number from 0 to 1 that hardly depends on `x` in any way one could guess."""
    x = np.sin(x) * 43758.5453
    return x - np.floor(x)


def _mixed(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`x @ weights`, in an order of adding that does not depend on how many rows there are."""
    total = np.zeros((len(x), weights.shape[1]))
    for column, row in zip(x.T, weights, strict=True):
        total += column[:, None] * row
    return total


class _Hashed:
    """Outputs picked by a hash of the whole input."""

    def __init__(self, domain: Domain, outputs: np.ndarray, rng: np.random.Generator) -> None:
        self.domain, self.outputs, self.seed = domain, outputs, int(rng.integers(2**31))

    def __call__(self, x: Any) -> Any:
        import torch

        flat = flat_rows(np.asarray(x, dtype=np.float64))
        weights = np.random.default_rng(self.seed).normal(size=(flat.shape[1], 2))
        share = _fraction(_fraction(_mixed(flat, weights)).sum(axis=1) * 97.0)
        picked = self.outputs[(share * len(self.outputs)).astype(int)]
        return torch.from_numpy(_raw(self.domain, picked))


class _HashedCell:
    """A state that is a hash of the word so far, and outputs picked by it."""

    size = 4

    def __init__(self, domain: Domain, pool: np.ndarray, rng: np.random.Generator, channels: int) -> None:
        self.domain, self.pool = domain, pool
        self.mix = rng.normal(size=(self.size, self.size)) * 3
        self.into = rng.normal(size=(channels, self.size)) * 3
        self.shift = rng.normal(size=self.size)

    def __call__(self, state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = flat_rows(np.asarray(x_t, dtype=np.float64))
        spread = _mixed(state.astype(np.float64), self.mix) + _mixed(x, self.into)
        state = np.round(_fraction(spread + self.shift), 4)
        place = (_fraction(state.sum(axis=1) * 131.0) * len(self.pool)).astype(int)
        return state, _raw(self.domain, self.pool[np.minimum(place, len(self.pool) - 1)])
