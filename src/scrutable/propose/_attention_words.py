"""The inputs that a transformer is read on: words of every length it takes."""

from __future__ import annotations

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.network import Network
from scrutable.work import generator

MOST_WORDS = 1500
"""Of each length. All of them where there are no more."""


LENGTHS = 7
"""The longest ones: the length of the words is then told apart from everything else."""


def words(network: Network, given: np.ndarray, seed: int) -> dict[int, np.ndarray]:
    """Inputs by length, shortest first, the network's own length last.

    Arguments:
        given: rows that must be among those of their length: examples and counter-examples.
    """
    longest = given.shape[1]
    found = {}
    for length in range(max(1, longest + 1 - LENGTHS), longest + 1):
        domain = network.inputs.with_length(length)
        size = domain.size
        if size is not None and size <= MOST_WORDS:
            rows = domain.enumerate()
        else:
            drawn = domain.sample(MOST_WORDS, generator(seed, "attention", str(length)))
            rows = np.unique(np.concatenate([given, drawn]) if length == longest else drawn, axis=0)
        if length == longest or _takes(network, rows[:3]):
            found[length] = rows
    return found


def _takes(network: Network, rows: np.ndarray) -> bool:
    try:
        network.raw(rows)
    except ScrutableError:
        return False
    except Exception:  # noqa: BLE001 - a module of somebody else may raise anything at another length
        return False
    return True
