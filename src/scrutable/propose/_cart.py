"""Decision trees as plain data: pruned of empty questions, with thresholds as a person would write them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from scrutable.program import INT, Array, Expr, Input, Var, call, const, scalar_of
from scrutable.synthesis._snap import shortest_between


@dataclass(frozen=True, slots=True)
class Leaf:
    """An answer."""

    answer: int | float


@dataclass(frozen=True, slots=True)
class Split:
    """`below` where the column is at most `threshold`, else `above`."""

    column: int
    threshold: int | float
    below: Tree
    above: Tree


Tree = Leaf | Split


def fitted(
    x: np.ndarray, y: np.ndarray, *, leaves: int, seed: int, real: bool = False, weight: np.ndarray | None = None
) -> Tree:
    """A tree of at most `leaves` leaves for rows `(n, k)` and answers `(n,)`, each row counted `weight` times.

    CART as in scikit-learn, grown best split first. Breiman, Friedman, Olshen and Stone, "Classification and regression
    trees" (1984).
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if real else DecisionTreeClassifier
    model: Any = kind(max_leaf_nodes=max(leaves, 2), random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn wonders at many different answers
        nodes = model.fit(x, y, sample_weight=weight).tree_
    answers = nodes.value[:, 0, 0] if real else model.classes_[nodes.value[:, 0].argmax(axis=1)]

    def build(node: int) -> Tree:
        if nodes.children_left[node] < 0:
            return Leaf(_plain(answers[node]))
        below, above = build(nodes.children_left[node]), build(nodes.children_right[node])
        if below == above:
            return below
        return Split(int(nodes.feature[node]), float(nodes.threshold[node]), below, above)

    return build(0)


def _plain(value: Any) -> int | float:
    return value.item() if isinstance(value, np.generic) else value


def snapped(tree: Tree, x: np.ndarray, whole: tuple[bool, ...], *, digits: int = 6) -> Tree:
    """The same tree with the shortest thresholds that part the rows `x` in the same way.

    Arguments:
        whole: for each column, whether its values are integers.
        digits: significant digits that the answers of a regression keep.
    """
    if isinstance(tree, Leaf):
        answer = tree.answer
        return Leaf(float(f"{answer:.{digits}g}") if isinstance(answer, float) else answer)
    low = x[:, tree.column] <= tree.threshold
    threshold = _between(x[low, tree.column], x[~low, tree.column], tree.threshold)
    if whole[tree.column]:
        threshold = int(np.floor(threshold))
    below, above = (
        snapped(part, x[rows], whole, digits=digits) for part, rows in ((tree.below, low), (tree.above, ~low))
    )
    return below if below == above else Split(tree.column, threshold, below, above)


def _between(below: np.ndarray, above: np.ndarray, threshold: float) -> float:
    if not len(below) or not len(above):
        return threshold
    return shortest_between(float(below.max()), float(above.min()))


def answers_of(tree: Tree, x: np.ndarray) -> np.ndarray:
    """The answers for rows `(n, k)`."""
    if isinstance(tree, Leaf):
        return np.full(len(x), tree.answer)
    low = x[:, tree.column] <= tree.threshold
    return np.where(low, answers_of(tree.below, x), answers_of(tree.above, x))


def leaf_count(tree: Tree) -> int:
    """How many leaves a tree has."""
    return 1 if isinstance(tree, Leaf) else leaf_count(tree.below) + leaf_count(tree.above)


def expression(tree: Tree, columns: list[Expr]) -> Expr:
    """A tree as nested `if`, the smaller branch first so that the text reads downwards."""
    if isinstance(tree, Leaf):
        return const(tree.answer)
    column, bound = columns[tree.column], const(tree.threshold)
    below, above = expression(tree.below, columns), expression(tree.above, columns)
    if leaf_count(tree.above) < leaf_count(tree.below):
        return call("if", call("lt", bound, column), above, below)
    return call("if", call("le", column, bound), below, above)


def item_columns(inputs: tuple[Input, ...]) -> list[Expr]:
    """One expression for each number of an item, in the order of the flattened data."""
    found: list[Expr] = []
    for each in inputs:
        variable = Var(each.name, each.type)
        if isinstance(each.type, Array):
            places = product(*(range(size) for size in each.type.shape))
            found += [call("index", variable, params=place) for place in places]
        else:
            found.append(variable)
    return found


def whole_columns(inputs: tuple[Input, ...]) -> tuple[bool, ...]:
    """For each number of an item, in the same order, whether it is an integer."""
    width = [prod(each.type.shape) if isinstance(each.type, Array) else 1 for each in inputs]
    return tuple(scalar_of(each.type) == INT for each, count in zip(inputs, width, strict=True) for _ in range(count))
