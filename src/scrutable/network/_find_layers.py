"""Finds out whether a network is a chain of layers, and checks the chain against the network.

The module's own operations are followed through `torch.fx`. Between two activations everything a chain may contain is
affine (linear and convolution layers, batch normalisation in evaluation mode, reshaping, sums of branches), so its
matrix is read off by running those operations on the unit vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.network._checks import close
from scrutable.network._follow import NoChain, follow
from scrutable.network._layers import Layer, run_layers
from scrutable.network._runner import Runner, out_of_memory


@dataclass(frozen=True, slots=True, eq=False)
class FoundLayers:
    """A chain of layers, or the reason why there is none."""

    layers: tuple[Layer, ...] | None
    reason: str


def find_layers(runner: Runner, x: np.ndarray, sites: frozenset[str]) -> FoundLayers:
    """The chain of layers of a network, verified on inputs `x`, or why it has none. Never an exception.

    Arguments:
        sites: the names that a layer's site may have.
    """
    try:
        return _verified(follow(runner, x, sites), runner, x)
    except NoChain as refusal:
        return FoundLayers(None, str(refusal))
    except Exception as error:  # the module is the user's, and may do anything when it is followed
        if out_of_memory(error):
            raise
        text = " ".join(str(error).split())[:120]
        return FoundLayers(None, f"its forward cannot be followed ({type(error).__name__}: {text})")


def _verified(layers: tuple[Layer, ...], runner: Runner, x: np.ndarray) -> FoundLayers:
    raw = runner.raw(x).reshape(len(x), -1)
    got = run_layers(layers, x)
    if got.shape != raw.shape:
        return FoundLayers(None, f"its layers give {got.shape[1]} numbers where the network gives {raw.shape[1]}")
    if not close(got, raw.astype(np.float64)):
        gap = float(np.abs(got - raw).max())
        return FoundLayers(None, f"its layers do not give the network's outputs (they differ by up to {gap:.2g})")
    return FoundLayers(layers, "")
