"""A feed-forward network as plain numbers: affine maps and elementwise functions, one after the other.

`Network.layers` finds them, see `_find_layers.py`. Nothing here needs torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True, slots=True, eq=False)
class OneHot:
    """Labels become their one-hot code: `(n, entries)` whole numbers, `(n, entries * classes)` zeros and ones."""

    classes: int
    site: str = "input"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """`weight @ v + bias` of the values `v` before it.

    Arguments:
        weight: `(out, in)` float64. bias: `(out,)` float64.
        site: the submodule whose output this is, a name among `Network.sites`; "" when it is not one submodule's.
    """

    weight: np.ndarray
    bias: np.ndarray
    site: str = ""


@final
@dataclass(frozen=True, slots=True)
class Activation:
    """A function of each value by itself; "softmax" and "log_softmax", only at the end, are of the whole vector.

    Arguments:
        kind: a name among `ACTIVATIONS`.
        site: as for `Affine`.
        settings: what the function has besides its argument: the slope of "leaky_relu", the ends of "hardtanh".
    """

    kind: str
    site: str = ""
    settings: tuple[float, ...] = ()


Layer = OneHot | Affine | Activation


def _sigmoid(v: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * v))


def _log_softmax(v: np.ndarray) -> np.ndarray:
    shifted = v - v.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


_erf = np.vectorize(math.erf, otypes=[np.float64])

ACTIVATIONS: dict[str, Callable[..., np.ndarray]] = {
    "relu": lambda v: np.maximum(v, 0),
    "leaky_relu": lambda v, slope: np.where(v > 0, v, slope * v),
    "abs": np.abs,
    "hardtanh": lambda v, lo, hi: np.clip(v, lo, hi),
    "step": lambda v: (v > 0).astype(np.float64),
    "step_closed": lambda v: (v >= 0).astype(np.float64),
    "sign": np.sign,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda v: np.logaddexp(v, 0),
    "elu": lambda v, alpha: np.where(v > 0, v, alpha * np.expm1(np.minimum(v, 0))),
    "silu": lambda v: v * _sigmoid(v),
    "gelu": lambda v: 0.5 * v * (1 + _erf(v / math.sqrt(2))),
    "sin": np.sin,
    "cos": np.cos,
    "softmax": lambda v: np.exp(_log_softmax(v)),
    "log_softmax": _log_softmax,
}
"""What each kind of activation computes, from the values and its settings. "step" is 1 above zero, "step_closed" 1 from
zero on."""

PIECEWISE_LINEAR = frozenset({"relu", "leaky_relu", "abs", "hardtanh", "step", "step_closed", "sign"})
"""The kinds that are linear between finitely many corners or jumps."""


def run_layers(layers: tuple[Layer, ...], x: np.ndarray) -> np.ndarray:
    """The raw outputs of a chain, `(n, numbers)` in double precision, for data `x` of shape `(n, ...)`."""
    return after_each(layers, x)[-1]


def after_each(layers: tuple[Layer, ...], x: np.ndarray) -> list[np.ndarray]:
    """The values before the first layer and after each: `len(layers) + 1` arrays `(n, numbers)`."""
    values = [np.asarray(x).reshape(len(x), -1).astype(np.float64)]
    for layer in layers:
        v = values[-1]
        if isinstance(layer, OneHot):
            v = np.eye(layer.classes)[v.astype(np.int64)].reshape(len(v), -1)
        elif isinstance(layer, Affine):
            v = v @ layer.weight.T + layer.bias
        else:
            v = ACTIVATIONS[layer.kind](v, *layer.settings)
        values.append(v)
    return values
