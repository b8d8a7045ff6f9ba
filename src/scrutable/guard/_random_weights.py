"""The worry that any network of this shape shows the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.guard._base import Guard, GuardCase, compared_everywhere
from scrutable.guard._nulls import COMPARABLE, NullItem, compared_with_nulls
from scrutable.hypothesis import Result, silent

FEW = 64


class RandomWeights(Guard):
    """Search and tests on copies of the network with re-initialised and with permuted weights, in turn.

    A null counts when its best candidate, at between three quarters and all of the found program's bits, reaches the
    found statistic. Cheaper candidates are simple mechanisms that untrained networks really have (a constant, a copy of
    the input) and no evidence that a richer program was matched by luck; dearer ones are not comparable.
    """

    name = "guard.random_weights"

    def apply(self, case: GuardCase) -> Result:
        """See `Guard.apply`. Cost: up to 19 searches. Not applicable to domains of at most `FEW` inputs: what a random
        network does with so few has a short program of its own, rightly."""
        if compared_everywhere(case, FEW):
            size = case.network.inputs.size
            return silent(
                self.name, "guard", f"all {size} inputs were compared: random networks have short programs on so few"
            )
        item = NullItem(
            case, _random_network, with_interchange=True, least_bits=COMPARABLE * case.hypothesis.program.bits
        )
        return compared_with_nulls(self.name, item, what="networks with random weights")


def _random_network(case: GuardCase, index: int) -> Any:
    """Re-initialised for even indices, permuted for odd ones, unless permuting small tensors changed nothing."""
    seed = case.seed + 7919 * (index + 1)
    if index % 2 == 0:
        return case.network.reinitialised(seed)
    network = case.network.permuted(seed)
    if network is None or not _same(case, network):
        return network
    return case.network.reinitialised(seed)


def _same(case: GuardCase, network: Any) -> bool:
    try:
        return bool(np.array_equal(network.predict(case.find.inputs), case.find.outputs))
    except UserError:
        return False
