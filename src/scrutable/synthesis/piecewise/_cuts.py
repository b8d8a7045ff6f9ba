"""Functions as choices between planes: a small tree of linear conditions, single inputs and simple differences first.

Conditions are chosen as in decision trees, by the entropy they leave, and pay for their length.

Reference: S. Murthy, S. Kasif and S. Salzberg, A system for induction of oblique decision trees (1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from scrutable.program import Expr, expr_bits
from scrutable.synthesis._snap import shortest_between
from scrutable.synthesis.piecewise._forms import Choice, Form, Leaf, Node
from scrutable.synthesis.piecewise._sample import Sample
from scrutable.synthesis.piecewise._spelling import Affine
from scrutable.synthesis.piecewise._writing import condition

MOST_LEAVES = 6
INDEPENDENT = 400
SLACK = 0.002
ROOTS = 3
PRICED = 12
PER_LEAF = 15.0
NEAR = (0.1, 0.03, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class Part:
    """A cut, and what it costs: the entropy it leaves in bits and its own length."""

    cut: Affine
    cost: float


def chosen(
    planes: np.ndarray, labels: np.ndarray, sample: Sample, leaves: Sequence[Expr], *, pure: float
) -> Form | None:
    """The function as a tree of choices, from the plane of each point; None without a tree of at most six leaves.

    Each of the three best first conditions starts a tree; the shortest is kept.

    Arguments:
        planes: `(k, d + 1)`. labels: the plane of each point, -1 where none holds or several do.
        pure: a part is done when so much of it has one label.
    """
    sure = labels >= 0
    if len(np.unique(labels[sure])) < 2:
        return None
    labels, inside = labels[sure], sample.rows(sure)
    trees = []
    for place, part in enumerate(cuts(labels, inside, leaves, planes)[:ROOTS]):
        tree = _Grower(planes, leaves, pure, MOST_LEAVES - 2).split(part, labels, inside)
        if tree is not None:
            trees.append((_length(tree, leaves), place, tree))
    return Form(min(trees)[2], planes).compact if trees else None


def _length(tree: Node, leaves: Sequence[Expr]) -> float:
    """The bits of the conditions, and some for every plane."""
    if not isinstance(tree, Choice):
        return PER_LEAF
    own = expr_bits(condition(tree.cut, leaves), len(leaves))
    return own + _length(tree.yes, leaves) + _length(tree.no, leaves)


@dataclass(slots=True)
class _Grower:
    planes: np.ndarray
    leaves: Sequence[Expr]
    pure: float
    room: int

    def grown(self, labels: np.ndarray, sample: Sample) -> Node | None:
        """The tree for some points; None when it would take more choices than there is room for."""
        counts = np.bincount(labels, minlength=len(self.planes))
        if counts.max() >= self.pure * len(labels):
            return Leaf(int(counts.argmax()))
        parts = cuts(labels, sample, self.leaves, self.planes) if self.room > 0 else []
        self.room -= 1
        return self.split(parts[0], labels, sample) if parts else None

    def split(self, part: Part, labels: np.ndarray, sample: Sample) -> Node | None:
        """The choice with this cut, and the trees of its two sides."""
        above = part.cut.at(sample.x) > 0
        yes = self.grown(labels[above], sample.rows(above))
        no = None if yes is None else self.grown(labels[~above], sample.rows(~above))
        if yes is None or no is None:
            return None
        return yes if yes == no else Choice(part.cut, yes, no)


def cuts(labels: np.ndarray, sample: Sample, leaves: Sequence[Expr], planes: np.ndarray) -> list[Part]:
    """The conditions that part the labels `(n,)` best, the cheapest first, each direction once."""
    found: dict[tuple[float, ...], tuple[float, Affine]] = {}
    for slopes in _directions(labels, sample, planes):
        key = tuple(slopes / np.abs(slopes).max())
        parted = None if key in found else _threshold(slopes, labels, sample)
        if parted is not None:
            found[key] = parted
    likely = sorted(found.values(), key=lambda each: each[0])[:PRICED]
    scale = min(1.0, INDEPENDENT / len(labels))
    parts = [Part(cut, scale * left + expr_bits(condition(cut, leaves), len(leaves))) for left, cut in likely]
    return sorted(parts, key=lambda part: part.cost)


def _directions(labels: np.ndarray, sample: Sample, planes: np.ndarray) -> list[np.ndarray]:
    d = sample.x.shape[1]
    found = list(np.eye(d))
    for i, j in combinations(range(d), 2):
        for a, b in ((1, -1), (1, 1), (2, -1), (2, 1), (1, -2), (1, 2)):
            found.append(a * np.eye(d)[i] + b * np.eye(d)[j])
    if 3 <= d <= 4:
        found += [np.array(signs, float) for signs in product((0, 1, -1), repeat=d) if np.count_nonzero(signs) >= 3]
    differences = [planes[i, :-1] - planes[j, :-1] for i, j in combinations(np.unique(labels), 2)]
    found += [short for each in differences for short in _short(each, sample.reach)]
    return found + [short for each in _learned(labels, sample) for short in _short(each, sample.reach)]


def _short(slopes: np.ndarray, reach: np.ndarray) -> list[np.ndarray]:
    """A direction scaled to a largest slope of one and then rounded, more and less."""
    if not np.abs(slopes).max() > 0:
        return []
    weight = slopes * reach
    slopes = slopes / abs(slopes[np.abs(weight).argmax()])
    scale = float(np.abs(slopes * reach).max())
    found = []
    for near in NEAR:
        errors = near * scale / reach
        found.append(np.array([shortest_between(v - e, v + e) for v, e in zip(slopes, errors, strict=True)]))
    return [each for each in found if each.any()]


def _learned(labels: np.ndarray, sample: Sample) -> list[np.ndarray]:
    """Directions of logistic regression, each label against the others."""
    from sklearn.linear_model import LogisticRegression

    x = (sample.x - sample.middle) / sample.reach
    kinds = np.unique(labels)
    found = []
    for kind in kinds[:1] if len(kinds) == 2 else kinds:
        model = LogisticRegression(C=1e3, max_iter=300, tol=1e-4).fit(x, labels == kind)
        found.append(model.coef_[0] / sample.reach)
    return found


def _threshold(slopes: np.ndarray, labels: np.ndarray, sample: Sample) -> tuple[float, Affine] | None:
    """The cut of this direction that leaves the least entropy, at the shortest threshold that is as good."""
    along = sample.x @ slopes
    order = np.argsort(along, kind="stable")
    sorted_along = along[order]
    one_hot = labels[order][:, None] == np.unique(labels)[None, :]
    below = np.cumsum(one_hot, axis=0)[:-1]
    above = one_hot.sum(axis=0) - below
    step = np.diff(sorted_along) > 1e-12 * max(1.0, float(np.abs(sorted_along).max()))
    if not step.any():
        return None
    left = np.where(step, _entropy(below) + _entropy(above), np.inf)
    best = int(left.argmin())
    near = left <= left[best] + SLACK * len(labels)
    low = best
    while low > 0 and (near[low - 1] or not step[low - 1]):
        low -= 1
    high = best
    while high < len(left) - 1 and (near[high + 1] or not step[high + 1]):
        high += 1
    limit = shortest_between(float(sorted_along[low]), float(sorted_along[high + 1]))
    return float(left[best]), Affine(tuple(map(float, slopes)), -limit)


def _entropy(counts: np.ndarray) -> np.ndarray:
    """The bits to name the label of every row, for counts `(m, k)`."""
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(total, 1)
    return -(counts * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
