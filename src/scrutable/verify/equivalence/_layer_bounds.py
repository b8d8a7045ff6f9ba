"""What the values of a chain of layers can be on a box of inputs: intervals, and the rounding of the network's own run.

Intervals go forward layer by layer. Rounding follows the standard analysis of sums of products: a sum of k products in
any order is off by at most `k u / (1 - k u)` times the sum of their sizes, u being half the distance from 1 to the next
number (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.errors import UserError
from scrutable.network import Activation, Affine, Layer, OneHot

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
CAUTION = 4.0
"""How many times the bound is taken: layers folded into one round more often than one layer."""
OUTWARD = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """Values lie from `lo` to `hi`, and what the network computes is within `error` of them; each `(numbers,)`."""

    lo: np.ndarray
    hi: np.ndarray
    error: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """The largest size of each value."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))


def bounds_of(layers: tuple[Layer, ...], lo: np.ndarray, hi: np.ndarray, *, unit: float) -> list[Bounds]:
    """The bounds of the inputs and after each layer: `len(layers) + 1` of them.

    Arguments:
        lo, hi: the ends of each input number. unit: the unit roundoff of the network's arithmetic.
    """
    found = [Bounds(lo, hi, unit * np.maximum(np.abs(lo), np.abs(hi)))]
    for layer in layers:
        found.append(_after(layer, found[-1], unit))
    return found


def _after(layer: Layer, before: Bounds, unit: float) -> Bounds:
    if isinstance(layer, OneHot):
        return _one_hot(before, layer.classes)
    return _affine(layer, before, unit) if isinstance(layer, Affine) else _activation(layer, before, unit)


def _one_hot(before: Bounds, classes: int) -> Bounds:
    labels = np.arange(classes)
    inside = (labels >= before.lo[:, None]) & (labels <= before.hi[:, None])
    only = inside & (inside.sum(axis=1, keepdims=True) == 1)
    zero = np.zeros(inside.size)
    return Bounds(only.ravel().astype(float), inside.ravel().astype(float), zero)


def _affine(layer: Affine, before: Bounds, unit: float) -> Bounds:
    size = np.abs(layer.weight)
    middle, radius = (before.lo + before.hi) / 2, (before.hi - before.lo) / 2
    centre, reach = layer.weight @ middle + layer.bias, size @ radius
    reach = reach + OUTWARD * (size @ before.size + np.abs(layer.bias))
    terms = (layer.weight.shape[1] + 2) * unit
    rounding = CAUTION * terms / (1 - terms) * (size @ (before.size + before.error) + np.abs(layer.bias))
    return Bounds(centre - reach, centre + reach, size @ before.error + rounding)


def _activation(layer: Activation, before: Bounds, unit: float) -> Bounds:
    lo, hi, error = before.lo, before.hi, before.error
    match layer.kind:
        case "relu":
            return Bounds(np.maximum(lo, 0), np.maximum(hi, 0), error)
        case "leaky_relu":
            slope = layer.settings[0]
            ends = np.stack([np.where(v > 0, v, slope * v) for v in (lo, hi)])
            error = max(1.0, abs(slope)) * error + unit * before.size
            return Bounds(np.minimum(ends.min(axis=0), 0 if slope < 0 else np.inf), ends.max(axis=0), error)
        case "abs":
            low = np.where((lo < 0) & (hi > 0), 0, np.minimum(np.abs(lo), np.abs(hi)))
            return Bounds(low, before.size, error)
        case "hardtanh":
            low, high = layer.settings
            return Bounds(np.clip(lo, low, high), np.clip(hi, low, high), error)
        case "step" | "step_closed":
            # a step that rounding could move is left open by the terms, so no error remains
            return Bounds((lo - error > 0).astype(float), (hi + error >= 0).astype(float), np.zeros_like(error))
        case "sign":
            return Bounds(np.sign(lo - error), np.sign(hi + error), np.zeros_like(error))
        case "softmax" | "log_softmax":
            return Bounds(lo, hi, error + CAUTION * unit * (before.size.max(initial=0.0) + len(lo)))
    raise UserError(f"got the activation {layer.kind}, expected one that is linear in pieces")


def count_unsettled(layers: tuple[Layer, ...], bounds: list[Bounds]) -> int:
    """How many activations have a corner or a jump inside their interval."""
    found = 0
    for layer, before in zip(layers, bounds, strict=False):
        if not isinstance(layer, Activation) or layer.kind.endswith("softmax"):
            continue
        corners = layer.settings if layer.kind == "hardtanh" else (0.0,)
        sides = [(before.lo - before.error < at) & (before.hi + before.error > at) for at in corners]
        found += int(np.any(sides, axis=0).sum())
    return found
