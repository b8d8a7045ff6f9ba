"""Where a transformer holds the variables of a program: each place tried by exchanging what it holds.

A place is the output of a submodule at one position, or a third of it where queries, keys and values come out of one;
or two of the three together, in one layer or in all. It is also a sum of two values of the network: what attention adds
to the stream may miss a part of what it computes that the stream had before, such as a token's own share in a count.
What a variable's value changes there is a linear subspace: that of the means by value, or the slope of a number. To
put there what is expected for a value must do as well as what another word gives.
A place that holds all that the network takes from a position proves nothing, since to exchange it is to exchange the
input; nor do the answers themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal, final

import numpy as np
import torch

from scrutable.network import Network, Site
from scrutable.network.engine import Graph, NotCaptured
from scrutable.program import Program, Setting, Usual, exchanged_at, varying
from scrutable.propose._sequence_subspaces import NEGLIGIBLE, expected, linear_share, subspaces
from scrutable.work import Clock

PAIRS, FIT = 300, 400
LEAST = 30
"""So many pairs whose answer changes are needed."""
FIRST, HOPELESS = 24, 0.6
"""A place that fails on so many pairs is not tried on the others."""
SURE, FOLLOWED = 0.97, 0.9
Order = Literal["first", "last"]


@final
@dataclass(frozen=True, eq=False)
class Swaps:
    """Pairs of words: the base's value is to become the source's, at one position or at all.

    Arguments:
        base, source: row numbers. where: `(p, length)`, at which positions. predicted: the program's answers then.
        changed: whether they differ from those to the base.
    """

    base: np.ndarray
    source: np.ndarray
    where: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray

    def few(self, count: int) -> Swaps:
        """Some of them, changed and unchanged ones in proportion."""
        rows = np.linspace(0, len(self.base) - 1, count).astype(int)
        return Swaps(*(each[rows] for each in (self.base, self.source, self.where, self.predicted, self.changed)))


@final
@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a variable, and the share of exchanges there after which the network does what the program does."""

    site: str
    followed: float

    @property
    def sure(self) -> bool:
        """Whether no doubt is left."""
        return self.followed >= SURE


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
        places = {name: graph.names[name] for name in names} | _sums(graph, self.x.shape[1], names)
        ordered = sorted(places, key=places.__getitem__)
        given = self.network.read(self.x, ordered)
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
        once = {found[name].tobytes(): name for name in sorted(reversed(found), key=names.__contains__)}
        found = {name: values for name, values in found.items() if once[values.tobytes()] == name}
        return {name: v for name, v in found.items() if not self._is_output(v) and not self._is_input(name, v)}

    @cached_property
    def together(self) -> dict[str, np.ndarray]:
        """What each two of queries, keys and values hold together in one layer, then each and each two in all layers.

        Three places are taken for such if all three are computed from the same and nothing else of their width is.
        """
        if not self.read:
            return {}
        layers, two = self._threes(), list(combinations(range(3), 2))
        chosen = [[three[at] for at in pair] for three in layers for pair in two]
        if len(layers) > 1:
            chosen += [[three[at] for three in layers for at in which] for which in (*((at,) for at in range(3)), *two)]
        held = {_text(names): np.concatenate([self.read[name] for name in names], axis=2) for names in chosen}
        return {name: values for name, values in held.items() if not self._is_input(name, values)}

    def _threes(self) -> list[list[str]]:
        graph, groups = self.network.captured.graph, dict[tuple[frozenset[str], int], list[str]]()
        names = set(self.network.sites) & set(graph.names)
        for text, values in self.read.items():
            above = _nearest(graph, Site.parse(text).name, names)
            groups.setdefault((above, values.shape[2]), []).append(text)
        return [three for three in groups.values() if len(three) == 3]

    def site(self, program: Program, name: str, clock: Clock, *, order: Order) -> Spot | None:
        """The first or last place at which the network follows the program when the variable is exchanged, if any.

        What attention computes is to be found where it is computed: further on, a position holds its own answer, and to
        exchange that says little. What attention reads is to be found where it is read.
        """
        values = np.asarray(program.run(self.x)[name])
        swaps = self._swaps(program, name, values)
        if swaps is None:
            return None
        fair: list[Spot] = []
        single = list(self.read)[:: 1 if order == "first" else -1]
        for site in (*single, *(self.together if order == "last" else ())):
            if clock.over:
                break
            onto = list(subspaces(self._held(site), values))
            if self._followed(site, onto, swaps.few(FIRST)) < HOPELESS:
                continue
            followed = self._followed(site, onto, swaps, expected(self._held(site), values))
            if followed >= SURE:
                return Spot(site, followed)
            fair += [Spot(site, followed)] if followed >= FOLLOWED else []
        return fair[0] if fair else None

    def _held(self, site: str) -> np.ndarray:
        return self.read[site] if site in self.read else self.together[site]

    def _swaps(self, program: Program, name: str, values: np.ndarray) -> Swaps | None:
        varies = varying(values)
        if not varies.any():
            return None
        base, source = self._rng.integers(0, len(self.x), size=(2, 6 * PAIRS))
        where = exchanged_at(varies, len(base), self._rng)
        setting = {name: Setting(values[source], where.reshape(*where.shape, *(1,) * (values.ndim - 2)))}
        said = np.asarray(program.run(self.x[base], set=setting)[program.outputs[0]])
        changed = (said != np.asarray(program(self.x[base]))).any(1)
        usual = Usual.of(program, self.x).covers(self.x[base], setting)
        if (changed & usual).sum() < LEAST:
            return None
        rows = np.flatnonzero(changed & usual)[: 2 * PAIRS // 3], np.flatnonzero(~changed & usual)[: PAIRS // 3]
        chosen = np.concatenate(rows)
        return Swaps(base[chosen], source[chosen], where[chosen], said[chosen], changed[chosen])

    def _followed(self, site: str, onto: list[np.ndarray], swaps: Swaps, means: np.ndarray | None = None) -> float:
        """The share of pairs for which the network follows, in the best subspace; changed and unchanged ones apart.

        Arguments:
            means: what the place is expected to hold, `(n, length, numbers)`: that in the place of what the source
                holds must do as well.
        """
        held = self._held(site)
        own, where = held[swaps.base], swaps.where[..., None]
        towards = [each[swaps.source] for each in (held, means) if each is not None]
        moved = np.concatenate([np.where(where, own + (other - own) @ p, own) for p in onto for other in towards])
        base = np.tile(self.x[swaps.base], (len(onto) * len(towards), 1))
        said = self.network.patched(base, {site: moved})
        right = (said.reshape(len(onto), len(towards), *swaps.predicted.shape) == swaps.predicted).all(-1)
        kinds = [right[..., kind].mean(-1).min(1) for kind in (swaps.changed, ~swaps.changed) if kind.any()]
        return float(np.min(kinds, axis=0).max())

    @cached_property
    def _said(self) -> np.ndarray:
        """The network's scores of the answers."""
        return self.network.raw(self.x)

    def _is_output(self, held: np.ndarray) -> bool:
        """Whether the scores of the answers are read off what a place holds, as it stands or normalised, by a linear
        map and nothing else."""
        rows = held.reshape(-1, held.shape[2])
        said = self._said.reshape(len(rows), -1)
        normed = (rows - rows.mean(1, keepdims=True)) / (rows.std(1, keepdims=True) + 1e-5)
        return any(linear_share(each, said) > 1 - NEGLIGIBLE for each in (rows, normed))

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


def _sums(graph: Graph, length: int, names: Iterable[str]) -> dict[str, int]:
    """Sums at each position of values of submodules, of constants, and of other such sums, and where they are."""
    known, found = set(names), dict[str, int]()
    for name in graph.sites:
        node, live = graph.node(name), [part.name for part in graph.inputs(name) if part.live]
        if node.call is torch.add and len(node.shape) == 2 and node.shape[0] == length and known.issuperset(live):
            known.add(name)
            found[f"{name}[t, :]"] = node.index
    return found


def _text(names: list[str]) -> str:
    first, *others = map(Site.parse, names)
    return str(replace(first, beside=tuple(others)))


def _nearest(graph: Graph, name: str, among: set[str]) -> frozenset[str]:
    """The nearest values of a graph, `among` some, that one is computed from."""
    waiting, seen, found = [name], set[str](), set[str]()
    while waiting:
        for node in graph.inputs(waiting.pop()):
            if node.name in among:
                found.add(node.name)
            elif node.name not in seen:
                seen.add(node.name)
                waiting.append(node.name)
    return frozenset(found)
