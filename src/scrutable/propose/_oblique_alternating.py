"""Tree alternating optimisation (TAO): each question in turn becomes the best one for the rows that it can help.

Given its two subtrees, a question matters only for rows that one subtree gets right and the other wrong: which question
is best is then a weighted classification of these rows. Improving one question at a time, over and over, never makes
the tree worse on its rows.

Reference: M. A. Carreira-Perpinan and P. Tavallali, Alternating optimization of decision trees, with application to
learning sparse oblique trees, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrutable.propose._cart import Leaf
from scrutable.propose._oblique_separator import Separator, separator, sparse_separator
from scrutable.propose._oblique_tree import Cut, Oblique, Rows, oblique_answers, wrong_weight
from scrutable.work import Clock

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], Separator]


def alternated(tree: Oblique, rows: Rows, *, ridge: float, price: float, passes: int, clock: Clock) -> Oblique:
    """The tree after at most `passes` rounds over its questions; it stops when a round changes nothing.

    Arguments:
        price: what a coefficient costs, in weight of wrong rows. With 0 the tree gets no worse on `rows`; otherwise
            that weight together with the price of the coefficients gets no larger.
    """

    def fit(x: np.ndarray, above: np.ndarray, weight: np.ndarray) -> Separator:
        if price == 0:
            return separator(x, above, weight, ridge=ridge)
        return sparse_separator(x, above, weight, ridge=ridge, price=price)

    now = _worth(tree, rows, price)
    for _ in range(passes):
        if clock.over:
            break
        tree = _improved(tree, rows, fit, price)
        before, now = now, _worth(tree, rows, price)
        if now >= before - 1e-9:
            break
    return tree


def _worth(tree: Oblique, rows: Rows, price: float) -> float:
    from scrutable.propose._oblique_tree import terms

    return wrong_weight(tree, rows) + price * terms(tree)


def _improved(tree: Oblique, rows: Rows, fit: Fit, price: float) -> Oblique:
    if not len(rows):
        return tree
    if isinstance(tree, Leaf):
        return rows.commonest
    above = tree.separator.above(rows.x)
    low, high = _improved(tree.below, rows[~above], fit, price), _improved(tree.above, rows[above], fit, price)
    matters, wanted = concerned(low, high, rows)
    if not matters.any() or wanted.all() or not wanted.any():
        return Cut(tree.separator, low, high)
    x, weight = rows.x[matters], rows.weight[matters]
    options = (tree.separator, fit(x, wanted, weight))
    costs = [weight @ (each.above(x) != wanted) + price * each.terms for each in options]
    return Cut(options[int(costs[1] <= costs[0])], low, high)


def concerned(below: Oblique, above: Oblique, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Which rows exactly one of two subtrees gets right, and for each of those whether it is the one above."""
    low, high = (oblique_answers(tree, rows.x) == rows.y for tree in (below, above))
    matters = low != high
    return matters, high[matters]
