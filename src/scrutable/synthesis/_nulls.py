"""What every found expression has to beat: descriptions of a table that need no idea of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program import Expr, Var, call, const, expr_bits
from scrutable.program._bits import integer_bits, real_bits
from scrutable.synthesis._base import Found, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis._snap import shortest_between
from scrutable.synthesis.detect._view import whole_view
from scrutable.synthesis.detect._write import choice, linear, table_of

LEAVES = (2, 4, 8, 16)
DIGITS = (1, 2, 3, 5, 8)
TIE = 1e-6
ROUNDINGS = (0.0, 0.01, 0.1, 0.3)
"""A constant may be rounded by so many standard deviations of the answers: the best of these is the null."""
MOST_LABELS = 32
"""A tree for more different whole answers is grown as a regression, its answers rounded."""


def nulls(table: Table) -> Mapping[str, float]:
    """The total bits of each null description, its residual on the table included.

    - `lookup`: every distinct row written down, over the columns that vary;
    - `constant`: the best single answer (the commonest, or the mean);
    - `linear`: the least-squares fit over all columns, its weights to the number of digits that is best; rounded for
      whole answers, compared with the middle for two-valued ones;
    - `tree`: the best of CART trees of 2, 4, 8 and 16 leaves.

    Cost: milliseconds; the trees some tens of them. Imports scikit-learn when called.

    References: L. Breiman, J. Friedman, R. Olshen, C. Stone, Classification and regression trees (1984).
    """
    options = {"constant": _constants(table), "linear": _linears(table), "tree": _trees(table)}
    totals = {name: min((_total(expr, table) for expr in exprs), default=np.inf) for name, exprs in options.items()}
    return {"lookup": _lookup(table), **totals}


def compact(found: Found, table: Table) -> bool:
    """Whether an expression says the table shorter than a lookup table does, and no longer than any other null.

    One that fails is "no compact program".
    """
    others = nulls(table)
    return found.total < others["lookup"] - TIE and found.total <= min(others.values()) + TIE


def _total(expr: Expr, table: Table) -> float:
    try:
        return scored(expr, table).total
    except ScrutableError:
        return float("inf")


def _lookup(table: Table) -> float:
    """A table of the language where it can be one; with real keys or answers, the same rows priced alike."""
    view = whole_view(table)
    if not view.width:
        return min(_total(expr, table) for expr in _constants(table))
    if view.whole and not table.real:
        return expr_bits(table_of(view.leaves, view.columns, view.target), len(table.columns))
    keys = sum(_bits(value) for value in view.columns.ravel().tolist()) + 2.0 * view.rows * (view.width + 1)
    return keys + sum(_bits(value) for value in view.target.tolist())


def _bits(value: Any) -> float:
    return real_bits(value) if isinstance(value, float) and not value.is_integer() else integer_bits(int(value))


def _constants(table: Table) -> list[Expr]:
    if not table.real:
        values, counts = np.unique(table.target, return_counts=True)
        return [const(values[counts.argmax()].item())]
    mean, spread = float(table.target.mean()), float(table.target.std())
    values = [shortest_between(mean - share * spread, mean + share * spread) for share in ROUNDINGS]
    return [const(int(value) if value.is_integer() else value) for value in values]


def _linears(table: Table) -> list[Expr]:
    view = whole_view(table)
    columns = view.columns.astype(np.float64)
    solved = np.linalg.lstsq(
        np.column_stack([columns, np.ones(len(columns))]), view.target.astype(np.float64), rcond=None
    )[0]
    low, high = table.target.min(), table.target.max()
    exprs = []
    for digits in DIGITS:
        weights = [float(f"{w:.{digits}g}") for w in solved]
        expr = linear(weights[:-1], view.leaves, weights[-1])
        if table.real:
            exprs.append(expr)
        elif len(np.unique(table.target)) == 2:
            middle = (float(low) + float(high)) / 2
            exprs.append(choice(call("lt", middle, expr), int(high), int(low)))
        else:
            exprs.append(call("round", expr))
    return exprs


def _trees(table: Table) -> list[Expr]:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    names = list(table.columns)
    leaves = whole_view(table).leaves
    if not leaves:
        return []
    by_name = {str(leaf): leaf for leaf in leaves}
    x = np.column_stack([column.astype(np.float64) for column in table.columns.values()])
    labels = not table.real and len(np.unique(table.target)) <= min(MOST_LABELS, table.rows // 2)
    kind = DecisionTreeClassifier if labels else DecisionTreeRegressor
    exprs = []
    for size in LEAVES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # scikit-learn wonders at many different answers
            model: Any = kind(max_leaf_nodes=size, random_state=0).fit(x, table.target)
        exprs.append(_tree(model, table, [by_name.get(name, leaves[0]) for name in names], 0))
    return exprs


def _tree(model: Any, table: Table, leaves: list[Expr], node: int) -> Expr:
    """A node and what is below it. Thresholds on whole columns are whole, real answers have three digits."""
    nodes = model.tree_
    if nodes.children_left[node] < 0:
        if hasattr(model, "classes_"):
            return const(model.classes_[nodes.value[node, 0].argmax()].item())
        mean = float(nodes.value[node, 0, 0])
        return const(float(f"{mean:.3g}") if table.real else round(mean))
    below, above = (
        _tree(model, table, leaves, int(side[node])) for side in (nodes.children_left, nodes.children_right)
    )
    if below == above:
        return below
    leaf, threshold = leaves[int(nodes.feature[node])], float(nodes.threshold[node])
    return call("if", _split(leaf, threshold, table), below, above)


def _split(leaf: Expr, threshold: float, table: Table) -> Expr:
    assert isinstance(leaf, Var)
    kind = table.columns[leaf.name].dtype.kind
    if kind == "b":
        return call("not", leaf)
    return call("le", leaf, int(np.floor(threshold)) if kind != "f" else float(f"{threshold:.4g}"))
