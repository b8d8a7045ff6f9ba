"""A feed-forward chain with piecewise-linear activations as a list of units, pruned without changing the function.

Every value of the chain is an affine function of the inputs and of the units kept so far. A unit that is linear on the
whole box becomes such a function, one that is a multiple of an earlier unit, or of its mirror image, uses that one, and
what no output reads is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scrutable.network import Activation, Affine

if TYPE_CHECKING:
    from scrutable.network._layers import Layer

KINDS = ("relu", "leaky_relu", "abs", "hardtanh")
PROPORTIONAL = 1e-9
SURE = 1e-9


@dataclass(frozen=True, eq=False)
class Unit:
    """One unit that is not linear on the box.

    Arguments:
        kind, settings: its activation. row: its argument: the constant, the inputs' and the earlier units' weights.
        site: where its value is in the network; "" when that has no name.
        lo, hi: bounds of its argument on the box.
    """

    kind: str
    settings: tuple[float, ...]
    row: np.ndarray
    site: str
    lo: float
    hi: float

    def at(self, argument: np.ndarray) -> np.ndarray:
        """Its value."""
        if self.kind == "relu":
            return np.maximum(argument, 0)
        if self.kind == "abs":
            return np.abs(argument)
        if self.kind == "leaky_relu":
            return np.where(argument > 0, argument, self.settings[0] * argument)
        least, most = self.settings
        return np.clip(argument, least, most)


@dataclass(frozen=True, eq=False)
class Units:
    """The whole function.

    Arguments:
        inputs: how many there are. kept: the units, each reading only earlier ones.
        outputs: `(m, 1 + inputs + units)`: what each output is of the constant, the inputs and the units.
    """

    inputs: int
    kept: tuple[Unit, ...]
    outputs: np.ndarray

    @property
    def numbers(self) -> int:
        """How many weights and constants it takes."""
        return int(sum(np.count_nonzero(unit.row) for unit in self.kept) + np.count_nonzero(self.outputs))

    def run(self, x: np.ndarray) -> np.ndarray:
        """The outputs for rows `(n, inputs)`: `(n, m)`."""
        return self.values(x) @ self.outputs.T

    def values(self, x: np.ndarray) -> np.ndarray:
        """One, the inputs and every unit: `(n, 1 + inputs + units)`."""
        columns = [np.ones(len(x)), *x.T]
        for unit in self.kept:
            row = unit.row
            columns.append(unit.at(sum((w * c for w, c in zip(row, columns, strict=False) if w), np.zeros(len(x)))))
        return np.stack(columns, axis=1)

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """The exact gradients of the outputs inside the piece that each row lies in, `(n, inputs, m)`."""
        values = self.values(x)
        turns = np.zeros((len(x), self.inputs, values.shape[1]))
        turns[:, :, 1 : 1 + self.inputs] = np.eye(self.inputs)
        for i, unit in enumerate(self.kept):
            width = len(unit.row)
            argument = values[:, :width] @ unit.row
            turns[:, :, 1 + self.inputs + i] = _slope(unit, argument)[:, None] * (turns[:, :, :width] @ unit.row)
        return turns @ self.outputs.T


def _slope(unit: Unit, argument: np.ndarray) -> np.ndarray:
    if unit.kind == "relu":
        return (argument > 0).astype(np.float64)
    if unit.kind == "abs":
        return np.sign(argument)
    if unit.kind == "leaky_relu":
        return np.where(argument > 0, 1.0, unit.settings[0])
    lo, hi = unit.settings
    return ((argument > lo) & (argument < hi)).astype(np.float64)


def pruned(layers: Sequence[Layer], lo: np.ndarray, hi: np.ndarray) -> Units | None:
    """The chain on the box from `lo` to `hi`, `(d,)` each; None when a layer is of another kind.

    Cost: two small linear programs for each unit behind the first layer of units.
    """
    d = len(lo)
    total = sum(len(layer.bias) for layer in layers if isinstance(layer, Affine))
    rows = np.concatenate([np.zeros((d, 1)), np.eye(d), np.zeros((d, total))], axis=1)
    kept: list[Unit] = []
    for layer in layers:
        if isinstance(layer, Affine):
            rows = layer.weight @ rows
            rows[:, 0] += layer.bias
        elif isinstance(layer, Activation) and followed(layer):
            rows = _activated(rows, layer, kept, lo, hi)
        else:
            return None
    return _read(Units(d, tuple(kept), rows[:, : 1 + d + len(kept)]))


def followed(layer: Activation) -> bool:
    """Whether the activation is one of `KINDS`, a leaky one convex and rising."""
    return layer.kind in KINDS and (layer.kind != "leaky_relu" or 0 <= layer.settings[0] < 1)


def _activated(rows: np.ndarray, layer: Activation, kept: list[Unit], lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    from scrutable.propose._relu_bounds import bounds_of

    first = 1 + len(lo)
    earlier = tuple(kept)
    found = np.zeros_like(rows)
    for i, row in enumerate(rows):
        low, high = bounds_of(row[: first + len(earlier)], earlier, lo, hi)
        linear = _linear(layer, row, low, high)
        if linear is not None:
            found[i] = linear
            continue
        again = _again(row, layer, kept, first)
        if again is not None:
            found[i] = again
            continue
        site = f"{layer.site}[{i}]" if layer.site else ""
        kept.append(Unit(layer.kind, layer.settings, row[: first + len(kept)].copy(), site, low, high))
        found[i, first + len(kept) - 1] = 1.0
    return found


def _linear(layer: Activation, row: np.ndarray, low: float, high: float) -> np.ndarray | None:
    """What the activation is of an argument within these bounds, when that is affine."""
    if layer.kind == "hardtanh":
        least, most = layer.settings
        if low >= least - SURE and high <= most + SURE:
            return row
        constant = least if high <= least else most if low >= most else None
        return None if constant is None else _constant(row, constant)
    if low >= -SURE:
        return row
    if high > SURE:
        return None
    return {"relu": 0.0, "abs": -1.0, "leaky_relu": layer.settings[0] if layer.settings else 0.0}[layer.kind] * row


def _constant(row: np.ndarray, value: float) -> np.ndarray:
    found = np.zeros_like(row)
    found[0] = value
    return found


def _again(row: np.ndarray, layer: Activation, kept: list[Unit], first: int) -> np.ndarray | None:
    """The unit as a multiple of one that is there already, or of its mirror image: `relu(-z) = relu(z) - z`."""
    if layer.kind not in ("relu", "abs"):
        return None
    for i, unit in enumerate(kept):
        if unit.kind != layer.kind:
            continue
        other = np.zeros_like(row)
        other[: len(unit.row)] = unit.row
        factor = float(row @ other) / float(other @ other)
        if np.abs(row - factor * other).max() > PROPORTIONAL * np.abs(row).max():
            continue
        found = np.zeros_like(row)
        found[first + i] = abs(factor)
        return found - abs(factor) * other if factor < 0 and layer.kind == "relu" else found
    return None


def _read(units: Units) -> Units:
    """Without the units that no output reads, directly or through others."""
    first = 1 + units.inputs
    wanted = set(np.flatnonzero(np.any(units.outputs[:, first:] != 0, axis=0)).tolist())
    for i in range(len(units.kept) - 1, -1, -1):
        if i in wanted:
            wanted |= set(np.flatnonzero(units.kept[i].row[first:]).tolist())
    order = sorted(wanted)
    columns = [*range(first), *(first + i for i in order)]
    kept = []
    for place, i in enumerate(order):
        row = np.zeros(first + len(units.kept))
        row[: len(units.kept[i].row)] = units.kept[i].row
        kept.append(replace(units.kept[i], row=row[columns][: first + place]))
    return Units(units.inputs, tuple(kept), units.outputs[:, columns])
