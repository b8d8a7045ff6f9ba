"""From rows to trees of linear questions, from many coefficients to few, and the choice between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.propose import _cart
from scrutable.propose._oblique_alternating import alternated
from scrutable.propose._oblique_growth import Ground, from_cart, grown
from scrutable.propose._oblique_program import unscaled, written
from scrutable.propose._oblique_tree import Oblique, Rows, leaves, pruned, wrong_weight
from scrutable.work import Clock

MOST_LEAVES = 16
RIDGE = 1.0
PRICES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""What a coefficient costs, in weight of wrong rows."""
AXIS_LEAVES = (2, 3, 4, 6, 8, 12, 16)
FIRST_PASSES, PASSES = 4, 2


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What trees are fitted to: rows as they are, with their labels and weights, and what is known of the network."""

    rows: Rows
    ground: Ground


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One tree of a path, and the setting that makes it: its price, or the leaves of an axis-aligned tree."""

    setting: str
    tree: Oblique


def path(material: Material, *, seed: int, clock: Clock) -> Iterator[Step]:
    """Axis-aligned trees of every size, then trees of linear questions with ever fewer coefficients.

    A tree is grown in two ways, and taken over from CART; the one that after alternating optimisation leaves the least
    weight wrong, one for each leaf added, goes on. Then coefficients get dearer step by step, each step starting from
    the tree before it. All are written with short numbers.
    """
    rows = material.rows
    centre, unit = rows.x.mean(axis=0), rows.x.std(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    for size in AXIS_LEAVES:
        if clock.over:
            return
        tree = from_cart(_cart.fitted(rows.x, rows.y, leaves=size, seed=seed, weight=rows.weight), rows.x.shape[1])
        yield Step(f"{size} leaves", _finished(tree, rows, unit, price=0.0))
    scaled = Rows((rows.x - centre) / unit, rows.y, rows.weight, rows.labels)
    tree = _start(scaled, material.ground, seed=seed, clock=clock)
    for price in PRICES:
        if clock.over:
            return
        tree = alternated(tree, scaled, ridge=RIDGE, price=price, passes=PASSES, clock=clock)
        tree = pruned(tree, scaled, price=price)
        yield Step(f"price {price:g}", _finished(unscaled(tree, centre, unit), rows, unit, price=price))


def _start(rows: Rows, ground: Ground, *, seed: int, clock: Clock) -> Oblique:
    axis = from_cart(_cart.fitted(rows.x, rows.y, leaves=MOST_LEAVES, seed=seed, weight=rows.weight), rows.x.shape[1])
    found: list[Oblique] = [
        grown(rows, ground, most=MOST_LEAVES, ridge=RIDGE, every=every, seed=seed, clock=clock)
        for every in (False, True)
    ]
    better = [
        alternated(tree, rows, ridge=RIDGE, price=0.0, passes=FIRST_PASSES, clock=clock) for tree in (*found, axis)
    ]
    return min(better, key=lambda tree: wrong_weight(tree, rows) + leaves(tree))


def _finished(tree: Oblique, rows: Rows, unit: np.ndarray, *, price: float) -> Oblique:
    return pruned(written(tree, rows, unit, price=price), rows, price=price)
