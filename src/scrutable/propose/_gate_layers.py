"""Layers of a network whose units are true or false in effect: two levels each, and nothing else matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import UserError

if TYPE_CHECKING:
    from scrutable.network import Network
    from scrutable.work import Clock

MOST_UNITS = 128
FLAT = 1e-9

Judge = Callable[[np.ndarray], bool]
"""Whether the answers are what they were with the layer's values replaced by these."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Units of a layer that are true on the same rows, or on the complementary ones.

    Arguments:
        site: their place in the network. truth: `(n,)` bools on the rows asked about.
    """

    site: str
    truth: np.ndarray


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that may be replaced by truth values: all that the rest of the network takes from it.

    Arguments:
        values: `(n, k)`, its numbers on the rows asked about.
    """

    name: str
    units: tuple[Unit, ...]
    values: np.ndarray


def binary_layers(network: Network, x: np.ndarray, clock: Clock) -> list[Layer]:
    """The layers, from the input on, that are true or false in effect.

    A layer is, when every unit of it can be set to the mean of its upper or its lower values, whichever it is nearer
    to, for all inputs and all units at once, without changing one answer. Units that change no answer whichever way
    they are set are left out, unless they say what another unit says. A layer whose units rise and fall with those of
    the one before (an activation function after a linear layer) takes its place.

    Arguments:
        x: the inputs to ask about, `(n, ...)`.

    Cost: a few runs of the network on `x` for each unit.
    """
    found: list[Layer] = []
    for name in network.sites:
        if clock.over:
            break
        if name in ("input", "output") or network.width(name) > MOST_UNITS:
            continue
        layer = _layer(network, x, name, clock)
        if layer is not None:
            if found and _follows(found[-1], layer):
                found.pop()
            found.append(layer)
    return found


def _follows(one: Layer, other: Layer) -> bool:
    """Whether each unit of the other layer is a non-decreasing function of the same unit of the first."""
    if one.values.shape != other.values.shape:
        return False
    order = np.argsort(one.values, axis=0, kind="stable")
    steps = np.diff(np.take_along_axis(other.values, order, axis=0), axis=0)
    return bool((steps >= -FLAT).all())


def _key(truth: np.ndarray) -> bytes:
    """The same for a truth and its complement."""
    return np.packbits(truth ^ truth[0]).tobytes()


def _layer(network: Network, x: np.ndarray, name: str, clock: Clock) -> Layer | None:
    site = network.site(name)
    values = network.read(x, [site])[site].reshape(len(x), -1)
    said, raw = network.predict(x), network.raw(x).reshape(len(x), -1)
    if raw.shape == values.shape and np.allclose(raw, values):
        return None

    def unchanged(new: np.ndarray) -> bool:
        try:
            return bool((network.patched(x, {site: new}) == said).all())
        except UserError:
            return False

    idle = _idle(values, unchanged)
    chosen: dict[int, np.ndarray] = {}
    for unit in range(values.shape[1]):
        if unit in idle:
            continue
        truth = None if clock.over else _truth(values, unit, unchanged)
        if truth is None:
            return None
        chosen[unit] = truth
    chosen |= _alike(values, idle, chosen)
    replaced = values.copy()
    for unit, truth in chosen.items():
        replaced[:, unit] = _levels(values[:, unit], truth)
    if not chosen or not unchanged(replaced):
        return None
    return Layer(name, tuple(_grouped(name, chosen)), values)


def _idle(values: np.ndarray, unchanged: Judge) -> set[int]:
    """Units that may be set to their mean, least or greatest value, all of them together, without any effect."""
    idle: set[int] = set()
    for unit in np.argsort(values.std(axis=0), kind="stable").tolist():
        columns = sorted({*idle, unit})
        settings = (values.mean(axis=0), values.min(axis=0), values.max(axis=0))
        if values[:, unit].std() <= FLAT or all(unchanged(_set(values, columns, each)) for each in settings):
            idle.add(unit)
    return idle


def _alike(values: np.ndarray, idle: set[int], chosen: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Units without an effect of their own that say the same as one that has, or the opposite."""
    known = {_key(truth) for truth in chosen.values()}
    found = {}
    for unit in sorted(idle):
        column = values[:, unit]
        truths = [column > cut for cut in _cuts(column)] if column.std() > FLAT else []
        same = next((truth for truth in truths if _key(truth) in known), None)
        if same is not None:
            found[unit] = same
    return found


def _set(values: np.ndarray, columns: Sequence[int], levels: np.ndarray) -> np.ndarray:
    new = values.copy()
    new[:, columns] = levels[columns]
    return new


def _truth(values: np.ndarray, unit: int, unchanged: Judge) -> np.ndarray | None:
    """Where the unit is on; None when no two levels do for it."""
    column = values[:, unit]
    for cut in _cuts(column):
        truth = column > cut
        if truth.all() or not truth.any():
            continue
        new = values.copy()
        new[:, unit] = _levels(column, truth)
        if unchanged(new):
            return truth
    return None


def _cuts(column: np.ndarray) -> list[float]:
    """Where to part the values: at the widest gap, halfway, at zero."""
    distinct = np.unique(column)
    widest = int(np.argmax(np.diff(distinct)))
    return [float(distinct[widest : widest + 2].mean()), float(distinct[[0, -1]].mean()), 0.0]


def _levels(column: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.where(truth, column[truth].mean(), column[~truth].mean())


def _grouped(name: str, chosen: dict[int, np.ndarray]) -> list[Unit]:
    groups: dict[bytes, list[int]] = {}
    for unit, truth in chosen.items():
        groups.setdefault(_key(truth), []).append(unit)
    found = []
    for units in map(sorted, groups.values()):
        index = str(units[0]) if len(units) == 1 else f"[{', '.join(map(str, units))}]"
        found.append(Unit(f"{name}[{index}]", chosen[units[0]]))
    return found
