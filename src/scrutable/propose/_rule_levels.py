"""What the labels of a decision list stand for: the answers themselves, or a few levels that real answers keep near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.hypothesis import COARSEST
from scrutable.propose._cart import Split, Tree, fitted
from scrutable.propose._claims import LEAST
from scrutable.propose._oblique_tree import Rows

MOST_LEVELS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Answers of a list, in rising order.

    Arguments:
        answers: `(labels,)`. near: whether outputs are only near them.
    """

    answers: np.ndarray
    near: bool


def levels_of(y: np.ndarray, *, most: int) -> Levels | None:
    """The different answers of `(n,)`, if there are at most `most`; failing that, for real ones, the fewest levels, at
    most eight, that nearly all of them keep near; None where there are none such.

    Levels part the answers as a regression tree of the answers on themselves does; each is the median of its part.
    """
    answers = np.unique(y)
    if len(answers) <= most:
        return Levels(answers, near=False)
    if y.dtype.kind != "f":
        return None
    limit = COARSEST * float(np.std(y))
    for count in range(2, MOST_LEVELS + 1):
        cuts = np.sort(_cuts(fitted(y[:, None], y, leaves=count, seed=0, real=True)))
        part = np.searchsorted(cuts, y)
        answers = np.array([float(f"{np.median(y[part == i]):.3g}") for i in np.unique(part)])
        near = np.abs(y[:, None] - answers).min(axis=1) <= limit
        if near.mean() >= LEAST:
            return Levels(np.unique(answers), near=True)
    return None


def _cuts(tree: Tree) -> list[float]:
    return [*_cuts(tree.below), float(tree.threshold), *_cuts(tree.above)] if isinstance(tree, Split) else []


def labelled(x: np.ndarray, y: np.ndarray, levels: Levels) -> Rows:
    """Rows `(n, k)` with the place of each answer among the levels; those whose answer is none of them are left out."""
    place = np.abs(y[:, None].astype(np.float64) - levels.answers[None].astype(np.float64)).argmin(axis=1)
    known = np.full(len(y), True) if levels.near else levels.answers[place] == y
    place = place[known]
    return Rows(np.asfortranarray(x[known].astype(np.float64)), place, np.ones(len(place)), len(levels.answers))
