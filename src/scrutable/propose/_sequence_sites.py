"""Where a transformer holds the variables of a program: each place tried by exchanging what it holds.

A place is the output of a submodule at one position, or a third of it where queries, keys and values come out of one.
What a variable's value changes there is a linear subspace: that of the means by value, or the slope of a number.
A place that holds all that the network takes from a position proves nothing, since to exchange it is to exchange the
input; nor do the answers themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import numpy as np

from scrutable.network import Network
from scrutable.network.engine import NotCaptured
from scrutable.program import Program, Setting
from scrutable.work import Clock

PAIRS, FIT = 120, 400
FIRST, HOPELESS = 24, 0.6
"""A place that fails on so many pairs is not tried on the others."""
SURE, FOLLOWED = 0.97, 0.93
MOST_VALUES = 40
NEGLIGIBLE = 1e-3
Order = Literal["first", "last"]


@final
@dataclass(frozen=True, eq=False)
class Swaps:
    """Pairs of words and a position: the base's value there is to become the source's.

    Arguments:
        base, source: row numbers. steps: positions. predicted: the program's answers then. changed: whether they differ
            from those to the base.
    """

    base: np.ndarray
    source: np.ndarray
    steps: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray

    def few(self, count: int) -> Swaps:
        """Some of them, changed and unchanged ones in proportion."""
        rows = np.linspace(0, len(self.base) - 1, count).astype(int)
        return Swaps(*(each[rows] for each in (self.base, self.source, self.steps, self.predicted, self.changed)))


@final
class Places:
    """The places of a network, read on some words.

    Arguments:
        x: words `(n, length)`.
    """

    def __init__(self, network: Network, x: np.ndarray, rng: np.random.Generator) -> None:
        self.network, self.x, self._rng = network, x[:FIT], rng

    @cached_property
    def read(self) -> dict[str, np.ndarray]:
        """What places hold, `(n, length, numbers)` each, in the order in which the network computes them."""
        try:
            graph = self.network.captured.graph
        except NotCaptured:
            return {}
        names = [name for name in self.network.sites if name in graph.names]
        names.sort(key=lambda name: graph.names[name])
        given = self.network.read(self.x, names)
        held = {str(s): v.astype(np.float64) for s, v in given.items() if v.ndim == 3 and v.shape[1] == self.x.shape[1]}
        found = {}
        for name, values in held.items():
            width = values.shape[2]
            third = width // 3
            if width % 3 == 0 and third > 3 and any(other.shape[2] == third for other in held.values()):
                parts = {f"{name}[:, {at * third}:{(at + 1) * third}]": at for at in range(3)}
                found |= {n: values[:, :, at * third : (at + 1) * third] for n, at in parts.items()}
            else:
                found[name] = values
        once = {values.tobytes(): name for name, values in reversed(found.items())}
        found = {name: values for name, values in found.items() if once[values.tobytes()] == name}
        return {name: v for name, v in found.items() if not self._is_output(v) and not self._is_input(name, v)}

    def site(self, program: Program, name: str, clock: Clock, *, order: Order) -> str | None:
        """The first or last place at which the network follows the program when the variable is exchanged, if any.

        What attention computes is to be found where it is computed: further on, a position holds its own answer, and to
        exchange that says little. What attention reads is to be found where it is read.
        """
        values = np.asarray(program.run(self.x)[name])
        swaps = self._swaps(program, name, values)
        if swaps is None:
            return None
        fair: list[str] = []
        for site in list(self.read)[:: 1 if order == "first" else -1]:
            if clock.over:
                break
            onto = list(_subspaces(self.read[site], values))
            followed = self._followed(site, onto, swaps.few(FIRST))
            if followed >= HOPELESS:
                followed = self._followed(site, onto, swaps)
                if followed >= SURE:
                    return site
                fair += [site] if followed >= FOLLOWED else []
        return fair[0] if fair else None

    def _swaps(self, program: Program, name: str, values: np.ndarray) -> Swaps | None:
        n, length = self.x.shape
        base, source = self._rng.integers(0, n, size=(2, 6 * PAIRS))
        steps = self._rng.integers(0, length, size=len(base))
        mask = np.arange(length) == steps[:, None]
        put = np.broadcast_to(values[source], (len(base), length))
        said = np.asarray(program.run(self.x[base], set={name: Setting(put, mask)})[program.outputs[0]])
        changed = (said != np.asarray(program(self.x[base]))).any(1)
        if changed.sum() < PAIRS // 4:
            return None
        rows = np.concatenate([np.flatnonzero(changed)[: 2 * PAIRS // 3], np.flatnonzero(~changed)[: PAIRS // 3]])
        return Swaps(base[rows], source[rows], steps[rows], said[rows], changed[rows])

    def _followed(self, site: str, subspaces: list[np.ndarray], swaps: Swaps) -> float:
        """The share of pairs for which the network follows, in the best subspace; changed and unchanged ones apart."""
        held, times = self.read[site], len(subspaces)
        own, other = (held[rows, swaps.steps] for rows in (swaps.base, swaps.source))
        moved = np.concatenate([own + (other - own) @ onto for onto in subspaces])
        base, steps = np.tile(self.x[swaps.base], (times, 1)), np.tile(swaps.steps, times)
        said = self.network.patched(base, {site: moved}, steps=steps).reshape(times, *swaps.predicted.shape)
        right = (said == swaps.predicted).all(2)
        kinds = [right[:, kind].mean(1) for kind in (swaps.changed, ~swaps.changed) if kind.any()]
        return float(np.min(kinds, axis=0).max())

    def _is_output(self, held: np.ndarray) -> bool:
        said = self.network.raw(self.x)
        return said.shape == held.shape and bool(np.allclose(said, held, rtol=1e-3, atol=1e-3))

    def _is_input(self, site: str, held: np.ndarray) -> bool:
        """Whether what a place holds at a position is all that the network takes from there."""
        base, other = np.arange(32), np.arange(32, 64)
        if len(self.x) < 64:
            return False
        steps = self._rng.integers(0, self.x.shape[1], size=32)
        exchanged = self.x[base].copy()
        exchanged[base, steps] = self.x[other, steps]
        said = self.network.patched_raw(self.x[base], {site: held[other, steps]}, steps=steps)
        return bool(np.allclose(said, self.network.raw(exchanged), rtol=1e-3, atol=1e-3))


def _subspaces(held: np.ndarray, values: np.ndarray) -> Iterator[np.ndarray]:
    """Projections `(numbers, numbers)` onto everything, the differences of means by value and the slope of a number.

    The last two both orthogonal and such that what varies apart from the value stays (orthogonal in the metric of the
    covariance).
    """
    rows = held.reshape(-1, held.shape[2])
    centred, flat = rows - rows.mean(0), values.reshape(-1).astype(np.float64)
    levels, place = np.unique(np.round(flat, 6), return_inverse=True)
    yield np.eye(held.shape[2])
    inverse = np.linalg.pinv(centred.T @ centred / len(rows), rcond=NEGLIGIBLE**2, hermitian=True)
    spread = flat - flat.mean()
    kinds = [(spread @ centred)[None]]
    if 2 < len(levels) <= MOST_VALUES:
        sums = np.zeros((len(levels), rows.shape[1]))
        np.add.at(sums, place.reshape(-1), centred)
        kinds.insert(0, sums / np.sqrt(np.bincount(place.reshape(-1)))[:, None])
    for directions in kinds:
        axes = _span(directions)
        yield axes @ axes.T
        read = inverse @ axes
        yield read @ np.linalg.pinv(axes.T @ read) @ axes.T


def _span(directions: np.ndarray) -> np.ndarray:
    _, sizes, axes = np.linalg.svd(directions, full_matrices=False)
    return axes[sizes > max(NEGLIGIBLE * sizes[0], 1e-9)].T
