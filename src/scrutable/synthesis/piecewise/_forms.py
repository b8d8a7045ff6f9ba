"""Piecewise-linear forms: planes, and a tree of maxima, minima, bends and choices over them.

Every form is linear in its planes as long as no row changes its piece, so one table of weights gives its value, its
derivative in every coefficient, and a least-squares step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrutable.synthesis.piecewise._spelling import Affine


@dataclass(frozen=True, slots=True)
class Leaf:
    """One plane, by its number."""

    plane: int


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest (`"max"`) or smallest (`"min"`) of several parts."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Bends:
    """A base plane and, for each bend, plus or minus the size of a plane: `base + sum of sign * |bend|`."""

    base: Leaf
    bends: tuple[tuple[int, Leaf], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two parts, by the sign of a cut that is not fitted: `yes` where it is above zero."""

    cut: Affine
    yes: Node
    no: Node


Node = Leaf | Extreme | Bends | Choice


@dataclass(frozen=True)
class Form:
    """A piecewise-linear function.

    Arguments:
        tree: how the planes are put together.
        planes: `(k, d + 1)`, the slopes and then the constant of each.
    """

    tree: Node
    planes: np.ndarray

    def weights(self, x: np.ndarray) -> np.ndarray:
        """How much each plane counts in each row, `(n, k)`; `x` is `(n, d)`."""
        heights = extended(x) @ self.planes.T
        return _weights(self.tree, heights, x)[1]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The value in each row, `(n,)`."""
        heights = extended(x) @ self.planes.T
        return _weights(self.tree, heights, x)[0]

    def with_planes(self, planes: np.ndarray) -> Form:
        """The same tree over other planes."""
        return replace(self, planes=planes)

    @property
    def used(self) -> tuple[int, ...]:
        """The planes that the tree reads, in order."""
        return tuple(sorted(set(_leaves(self.tree))))

    @property
    def compact(self) -> Form:
        """The same form without planes that it does not read."""
        used = self.used
        order = {plane: i for i, plane in enumerate(used)}
        return Form(_renumbered(self.tree, order), self.planes[list(used)])


def extended(x: np.ndarray) -> np.ndarray:
    """The rows with a one at their end, `(n, d + 1)`."""
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


def _weights(node: Node, heights: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(node, Leaf):
        one = np.zeros(heights.shape)
        one[:, node.plane] = 1.0
        return heights[:, node.plane], one
    if isinstance(node, Choice):
        above = node.cut.at(x) > 0
        (yes, yes_weights), (no, no_weights) = _weights(node.yes, heights, x), _weights(node.no, heights, x)
        return np.where(above, yes, no), np.where(above[:, None], yes_weights, no_weights)
    if isinstance(node, Bends):
        value, weights = _weights(node.base, heights, x)
        weights = weights.copy()
        for sign, leaf in node.bends:
            bend = heights[:, leaf.plane]
            value = value + sign * np.abs(bend)
            weights[:, leaf.plane] += sign * np.sign(bend)
        return value, weights
    parts = [_weights(part, heights, x) for part in node.parts]
    values = np.stack([value for value, _ in parts])
    chosen = values.argmax(axis=0) if node.op == "max" else values.argmin(axis=0)
    rows = np.arange(len(x))
    return values[chosen, rows], np.stack([weights for _, weights in parts])[chosen, rows]


def _leaves(node: Node) -> list[int]:
    if isinstance(node, Leaf):
        return [node.plane]
    if isinstance(node, Choice):
        return _leaves(node.yes) + _leaves(node.no)
    if isinstance(node, Bends):
        return [node.base.plane, *(leaf.plane for _, leaf in node.bends)]
    return [leaf for part in node.parts for leaf in _leaves(part)]


def _renumbered(node: Node, order: dict[int, int]) -> Node:
    if isinstance(node, Leaf):
        return Leaf(order[node.plane])
    if isinstance(node, Choice):
        return Choice(node.cut, _renumbered(node.yes, order), _renumbered(node.no, order))
    if isinstance(node, Bends):
        bends = tuple((sign, Leaf(order[leaf.plane])) for sign, leaf in node.bends)
        return Bends(Leaf(order[node.base.plane]), bends)
    return Extreme(node.op, tuple(_renumbered(part, order) for part in node.parts))
