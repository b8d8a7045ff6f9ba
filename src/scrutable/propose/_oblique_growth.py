"""Growing a tree of linear questions, the most informative one first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrutable.propose import _cart
from scrutable.propose._oblique_separator import Separator, separator
from scrutable.propose._oblique_tree import Cut, Oblique, Rows
from scrutable.work import Clock

LEAST_GAIN = 1e-3
DIRECTIONS = 3
FEW_LABELS = (3, 5)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What growth looks at besides the rows.

    Arguments:
        scores: the network's scores for each row, `(n, c)`: classes that are near each other there are parted late.
        slopes: gradients of the answers at some rows, `(m, k)`, and `at`, the rows they were taken at; may be empty.
    """

    scores: np.ndarray
    slopes: np.ndarray
    at: np.ndarray


def from_cart(tree: _cart.Tree, columns: int) -> Oblique:
    """An axis-aligned tree as one whose questions have one coefficient each."""
    if isinstance(tree, _cart.Leaf):
        return tree
    weights = np.zeros(columns)
    weights[tree.column] = 1.0
    below, above = (from_cart(part, columns) for part in (tree.below, tree.above))
    return Cut(Separator(weights, float(tree.threshold)), below, above)


def grown(rows: Rows, ground: Ground, *, most: int, ridge: float, every: bool, seed: int, clock: Clock) -> Oblique:
    """A tree of at most `most` leaves. At each leaf the candidates are the best question about one column, separators
    between groups of labels, and the best bounds along the directions in which the network's answers change most.

    Arguments:
        every: with False, separators between groups of labels are the only candidates. They tell less of the rows at
            hand than the best of many, and more often what holds elsewhere.
    """
    whole = np.arange(len(rows))

    def split(chosen: np.ndarray) -> _Split | None:
        return _best_split(rows, ground, chosen, ridge=ridge, every=every, seed=seed)

    places: list[tuple[np.ndarray, _Split | None]] = [(whole, split(whole))]
    tree: dict[int, tuple[Separator, int, int]] = {}
    while len(places) - len(tree) < most and not clock.over:
        open_places = [i for i in range(len(places)) if i not in tree and places[i][1] is not None]
        if not open_places:
            break
        place = max(open_places, key=lambda i: places[i][1].gain)  # type: ignore[union-attr]
        chosen, best = places[place]
        assert best is not None
        if best.gain < LEAST_GAIN * rows.weight.sum() / len(rows):
            break
        above = best.separator.above(rows.x[chosen])
        tree[place] = (best.separator, len(places), len(places) + 1)
        for part in (chosen[~above], chosen[above]):
            places.append((part, split(part)))
    return _built(rows, places, tree, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    separator: Separator
    gain: float


def _built(rows: Rows, places: list, tree: dict[int, tuple[Separator, int, int]], place: int) -> Oblique:
    if place not in tree:
        return rows[places[place][0]].commonest
    question, below, above = tree[place]
    return Cut(question, _built(rows, places, tree, below), _built(rows, places, tree, above))


def _best_split(
    rows: Rows, ground: Ground, chosen: np.ndarray, *, ridge: float, every: bool, seed: int
) -> _Split | None:
    """The question that tells most about the labels of the chosen rows; None where they are all alike."""
    part = rows[chosen]
    if len(np.unique(part.y)) < 2:
        return None
    best: _Split | None = None
    base = _entropy(part)
    for question in _questions(part, ground, chosen, ridge=ridge, every=every, seed=seed):
        above = question.above(part.x)
        if above.all() or not above.any():
            continue
        gain = base - _entropy(part[above]) - _entropy(part[~above])
        if best is None or gain > best.gain:
            best = _Split(question, gain)
    return best


def _entropy(rows: Rows) -> float:
    counts = rows.counts
    counts = counts[counts > 0]
    return -float(counts @ np.log(counts / counts.sum()))


def _questions(
    part: Rows, ground: Ground, chosen: np.ndarray, *, ridge: float, every: bool, seed: int
) -> Iterator[Separator]:
    for group in _groups(part, ground.scores[chosen]):
        yield separator(part.x, np.isin(part.y, group), part.weight, ridge=ridge)
    if not every:
        return
    axis = from_cart(_cart.fitted(part.x, part.y, leaves=2, seed=seed, weight=part.weight), part.x.shape[1])
    if isinstance(axis, Cut):
        yield axis.separator
    for pair in _pairs(part):
        yield separator(pair.x, pair.y == pair.y.min(), pair.weight, ridge=ridge)
    for direction in _directions(ground, chosen):
        yield _bounded(part, direction)


def _groups(part: Rows, scores: np.ndarray) -> Iterator[np.ndarray]:
    """Ways to put the labels into two groups: each by itself, and along the main directions of their mean scores."""
    present = np.unique(part.y)
    if len(present) == 2:
        yield present[:1]
        return
    yield from (present[i : i + 1] for i in range(len(present)))
    means = np.stack([scores[part.y == label].mean(axis=0) for label in present])
    left, sizes, _ = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    for along in left.T[: min(DIRECTIONS, int((sizes > 1e-9).sum()))]:
        order = np.argsort(along, kind="stable")
        yield present[order[: int(np.argmax(np.diff(along[order]))) + 1]]
        yield present[along > 0]


def _pairs(part: Rows) -> Iterator[Rows]:
    """The rows of every two labels, where there are three to five: the border between two is often a single plane."""
    present = np.unique(part.y)
    if FEW_LABELS[0] <= len(present) <= FEW_LABELS[1]:
        yield from (part[np.isin(part.y, pair)] for pair in combinations(present, 2))


def _directions(ground: Ground, chosen: np.ndarray) -> np.ndarray:
    """Where the answers change most among the chosen rows: the main directions of the gradients taken there.

    Reference: P. Constantine, Active subspaces (2015).
    """
    here = ground.slopes[np.isin(ground.at, chosen)]
    if len(here) < 2 * DIRECTIONS:
        return np.empty((0, ground.slopes.shape[-1]))
    return np.linalg.svd(here, full_matrices=False)[2][:DIRECTIONS]


def _bounded(part: Rows, direction: np.ndarray) -> Separator:
    """The bound along a direction that tells most about the labels."""
    along = part.x @ direction
    order = np.argsort(along, kind="stable")
    marks = np.zeros((len(part), part.labels))
    marks[np.arange(len(part)), part.y[order]] = part.weight[order]
    low = np.cumsum(marks, axis=0)[:-1]
    high = low[-1] + marks[-1] - low
    cost = sum(np.sum(c * -np.log(np.maximum(c, 1e-12) / c.sum(axis=1, keepdims=True)), axis=1) for c in (low, high))
    ordered = along[order]
    cost = np.where(np.diff(ordered) > 0, cost, np.inf)
    at = int(np.argmin(cost))
    return Separator(direction, float((ordered[at] + ordered[at + 1]) / 2))
