"""Trees whose questions are linear: `x @ weights > bound`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.propose._cart import Leaf
from scrutable.propose._oblique_separator import Separator


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows to fit to.

    Arguments:
        x: columns, `(n, k)`. y: labels 0 to `labels - 1`, `(n,)`. weight: `(n,)`.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    labels: int

    def __getitem__(self, chosen: np.ndarray) -> Rows:
        return Rows(self.x[chosen], self.y[chosen], self.weight[chosen], self.labels)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def counts(self) -> np.ndarray:
        """The weight of each label."""
        return np.bincount(self.y, self.weight, self.labels)

    @property
    def commonest(self) -> Leaf:
        """The label of most weight."""
        return Leaf(int(self.counts.argmax()))


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """`above` for the rows that the separator calls so, `below` for the rest."""

    separator: Separator
    below: Oblique
    above: Oblique


Oblique = Leaf | Cut


def oblique_answers(tree: Oblique, x: np.ndarray) -> np.ndarray:
    """The labels for rows `(n, k)`."""
    if isinstance(tree, Leaf):
        return np.full(len(x), tree.answer)
    above = tree.separator.above(x)
    answers = np.empty(len(x), dtype=np.int64)
    answers[above], answers[~above] = oblique_answers(tree.above, x[above]), oblique_answers(tree.below, x[~above])
    return answers


def cuts(tree: Oblique) -> Iterator[Cut]:
    """Every question of a tree."""
    if isinstance(tree, Cut):
        yield tree
        yield from cuts(tree.below)
        yield from cuts(tree.above)


def terms(tree: Oblique) -> int:
    """How many coefficients the questions have together."""
    return sum(cut.separator.terms for cut in cuts(tree))


def leaves(tree: Oblique) -> int:
    """How many leaves a tree has."""
    return 1 + sum(1 for _ in cuts(tree))


def wrong_weight(tree: Oblique, rows: Rows) -> float:
    """The weight of the rows that a tree gets wrong."""
    return float(rows.weight @ (oblique_answers(tree, rows.x) != rows.y))


def pruned(tree: Oblique, rows: Rows, *, price: float) -> Oblique:
    """The tree with the best label in every leaf, and without questions that are not worth their price: one gives way
    to either of its subtrees, or to a leaf, where the rows that this gets wrong weigh no more than what it saves.

    Arguments:
        price: of a coefficient, and of a leaf, in weight of wrong rows.
    """
    if isinstance(tree, Leaf) or not len(rows):
        return rows.commonest if len(rows) else tree
    above = tree.separator.above(rows.x)
    low, high = pruned(tree.below, rows[~above], price=price), pruned(tree.above, rows[above], price=price)
    options: list[Oblique] = [rows.commonest, low, high]
    if not above.all() and above.any():
        options.append(Cut(tree.separator, low, high))
    return min(options, key=lambda each: wrong_weight(each, rows) + price * (terms(each) + leaves(each)))
