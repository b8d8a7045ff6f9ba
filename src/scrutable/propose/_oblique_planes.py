"""Regression trees with linear questions and a linear function in every leaf: grown, then improved by alternating.

A leaf of a tree is here the number of a plane. Growth parts the rows where two planes do so much better than one: along
columns, along what parts the rows that the plane misses, and along the directions in which the network's slope changes.
Alternating: each question becomes the best one for the rows, weighted by how much worse the wrong subtree is for them;
then planes are fitted again.

References: J. R. Quinlan, Learning with continuous classes (M5, 1992); A. Zharmagambetov and M. A. Carreira-Perpinan,
Smaller, more accurate regression forests using tree alternating optimization (ICML 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.propose._cart import Leaf
from scrutable.propose._oblique_separator import Separator, separator
from scrutable.propose._oblique_tree import Cut, Oblique, oblique_answers
from scrutable.work import Clock

CHUNKS = 16
"""Bounds are tried at as many places along a direction, less one."""
STEEP = 3
RIDGE = 1e-6
QUESTION_RIDGE = 0.1
PASSES = 6
ROWS_PER_NUMBER = 3
"""A plane needs so many rows for each of its coefficients."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Points to fit to.

    Arguments:
        x: standardised columns, `(n, k)`. y: `(n,)`. weight: `(n,)`.
        slopes: gradients at some rows, `(m, k)`, and `at`, those rows.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    slopes: np.ndarray
    at: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """A tree whose leaves are numbers of planes, and the planes: `(pieces, k + 1)`, the constant last."""

    tree: Oblique
    planes: np.ndarray

    def values(self, x: np.ndarray) -> np.ndarray:
        """What it says for rows `(n, k)`."""
        return on_planes(self.planes[oblique_answers(self.tree, x)], x)


def on_planes(planes: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The value of a plane `(n or 1, k + 1)` at each row `(n, k)`."""
    return (planes[..., :-1] * x).sum(axis=-1) + planes[..., -1]


def plane(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted least squares, `(k + 1,)`."""
    wide = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    gram = (wide * weight[:, None]).T @ wide
    return np.linalg.solve(gram + RIDGE * weight.sum() * np.eye(len(gram)), wide.T @ (weight * y))


def grown_pieces(surface: Surface, *, most: int, clock: Clock) -> Pieces:
    """At most `most` pieces, the most useful question first. Cost: a few sorts of the rows for each piece."""
    whole = np.arange(len(surface.y))
    places = [(whole, _split(surface, whole))]
    tree: dict[int, tuple[Separator, int, int]] = {}
    while len(places) - len(tree) < most and not clock.over:
        open_places = [i for i, (_, split) in enumerate(places) if i not in tree and split is not None]
        if not open_places:
            break
        place = max(open_places, key=lambda i: places[i][1][0])  # type: ignore[index]
        rows, split = places[place]
        assert split is not None
        above = split[1].above(surface.x[rows])
        tree[place] = (split[1], len(places), len(places) + 1)
        places += [(part, _split(surface, part)) for part in (rows[~above], rows[above])]
    numbers = {place: number for number, place in enumerate(i for i in range(len(places)) if i not in tree)}
    planes = np.stack([_fitted(surface, places[place][0]) for place in numbers])

    def built(place: int) -> Oblique:
        if place not in tree:
            return Leaf(numbers[place])
        question, below, above = tree[place]
        return Cut(question, built(below), built(above))

    return Pieces(built(0), planes)


def _fitted(surface: Surface, rows: np.ndarray) -> np.ndarray:
    return plane(surface.x[rows], surface.y[rows], surface.weight[rows])


def _split(surface: Surface, rows: np.ndarray) -> tuple[float, Separator] | None:
    """The question after which two planes leave the least squared error, and how much less than one it is."""
    k = surface.x.shape[1]
    if len(rows) < 2 * ROWS_PER_NUMBER * (k + 1):
        return None
    best: tuple[float, Separator] | None = None
    for direction in _directions(surface, rows):
        gain, bound = _best_bound(surface, rows, direction)
        if best is None or gain > best[0] + 1e-12:
            best = (gain, Separator(direction, bound))
    return best if best is not None and best[0] > 0 else None


def _directions(surface: Surface, rows: np.ndarray) -> np.ndarray:
    """Columns, separators of the rows above the plane and of those far from it, and where slopes change, `(d, k)`."""
    x, weight = surface.x[rows], surface.weight[rows]
    rest = surface.y[rows] - on_planes(_fitted(surface, rows)[None], x)
    found = [np.eye(x.shape[1])]
    for each in (rest, np.abs(rest)):
        above = each > np.median(each)
        if above.any() and not above.all():
            found.append(separator(x, above, weight / weight.mean(), ridge=1.0).weights[None])
    here = surface.slopes[np.isin(surface.at, rows)]
    if len(here) > STEEP:
        found += [np.linalg.svd(each, full_matrices=False)[2][:STEEP] for each in (here - here.mean(axis=0), here)]
    return np.concatenate(found)


def _best_bound(surface: Surface, rows: np.ndarray, direction: np.ndarray) -> tuple[float, float]:
    """Of bounds that part the rows into equal shares the best, and by how much it lowers the squared error."""
    along = surface.x[rows] @ direction
    order = np.argsort(along, kind="stable")
    ordered, along = rows[order], along[order]
    wide = np.concatenate([surface.x[ordered], np.ones((len(rows), 1)), surface.y[ordered, None]], axis=1)
    heavy = wide * surface.weight[ordered, None]
    edges = np.linspace(0, len(rows), CHUNKS + 1).astype(int)
    low = np.cumsum([heavy[a:b].T @ wide[a:b] for a, b in zip(edges, edges[1:], strict=False)], axis=0)
    left = _squares(low[:-1]) + _squares(low[-1] - low[:-1])
    enough = np.minimum(edges[1:-1], len(rows) - edges[1:-1]) >= ROWS_PER_NUMBER * wide.shape[1]
    apart = along[edges[1:-1]] > along[edges[1:-1] - 1]
    left = np.where(enough & apart, left, np.inf)
    at = int(np.argmin(left))
    cut = edges[at + 1]
    return float(_squares(low[-1:])[0] - left[at]), float((along[cut - 1] + along[cut]) / 2)


def _squares(moments: np.ndarray) -> np.ndarray:
    """The squared error that least squares leaves, from moments of columns, one and target, `(m, k + 2, k + 2)`."""
    gram, cross, square = moments[:, :-1, :-1], moments[:, :-1, -1], moments[:, -1, -1]
    eye = RIDGE * np.maximum(gram[:, -1:, -1:], 1e-9) * np.eye(gram.shape[-1])
    return square - (cross * np.linalg.solve(gram + eye, cross[..., None])[..., 0]).sum(axis=-1)


def alternated_pieces(pieces: Pieces, surface: Surface, *, clock: Clock) -> Pieces:
    """Questions and planes in turn, a few times; it stops when the squared error no longer falls by a thousandth."""
    now = squared_error(pieces, surface)
    for _ in range(PASSES):
        if clock.over:
            break
        better = refitted(Pieces(_improved(pieces, surface), pieces.planes), surface)
        after = squared_error(better, surface)
        if after >= now:
            break
        pieces, before, now = better, now, after
        if before - now < 1e-3 * before:
            break
    return pieces


def squared_error(pieces: Pieces, surface: Surface) -> float:
    """The weighted sum of squared differences."""
    return float(surface.weight @ (pieces.values(surface.x) - surface.y) ** 2)


def refitted(pieces: Pieces, surface: Surface) -> Pieces:
    """The same questions with the best planes; one with too few rows stays as it is."""
    place, planes = oblique_answers(pieces.tree, surface.x), pieces.planes.copy()
    for i in range(len(planes)):
        rows = np.flatnonzero(place == i)
        if len(rows) >= ROWS_PER_NUMBER * planes.shape[1]:
            planes[i] = _fitted(surface, rows)
    return Pieces(pieces.tree, planes)


def choice(low: Oblique, high: Oblique, planes: np.ndarray, part: Surface) -> tuple[np.ndarray, np.ndarray]:
    """For each row whether it is better off above, and how much, in squared error."""
    below, above = (part.weight * (Pieces(tree, planes).values(part.x) - part.y) ** 2 for tree in (low, high))
    return above < below, np.abs(below - above)


def rows_of(surface: Surface, chosen: np.ndarray) -> Surface:
    """Some rows, without slopes."""
    return Surface(surface.x[chosen], surface.y[chosen], surface.weight[chosen], surface.slopes[:0], surface.at[:0])


def _improved(pieces: Pieces, surface: Surface) -> Oblique:
    tree, planes = pieces.tree, pieces.planes
    if isinstance(tree, Leaf) or not len(surface.y):
        return tree
    above = tree.separator.above(surface.x)
    low = _improved(Pieces(tree.below, planes), rows_of(surface, ~above))
    high = _improved(Pieces(tree.above, planes), rows_of(surface, above))
    wanted, matters = choice(low, high, planes, surface)
    if wanted.all() or not wanted.any() or not matters.any():
        return Cut(tree.separator, low, high)
    fresh = separator(surface.x, wanted, matters / matters.mean(), ridge=QUESTION_RIDGE)
    options = (tree.separator, fresh)
    costs = [matters @ (each.above(surface.x) != wanted) for each in options]
    return Cut(options[int(costs[1] < costs[0])], low, high)
