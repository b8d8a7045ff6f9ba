"""Continuous functions as maxima of minima of their planes.

Every continuous piecewise-linear function is the maximum, over its pieces, of the minimum of those planes that lie
above the piece where it holds (J. Tarela and M. Martinez, 1999; S. Wang, 2004), and the same with the two exchanged.
Planes that change nothing are left out, and what several minima share is written once.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from scrutable.synthesis.piecewise._cost import misfit
from scrutable.synthesis.piecewise._forms import Extreme, Form, Leaf, Node, extended
from scrutable.synthesis.piecewise._sample import Sample

Terms = tuple[frozenset[int], ...]
PER_PLANE = 12.0
PER_NAME = 5.0
MOST_TERMS = 24
ROWS = 500
FEWEST = 0.01


def lattices(planes: np.ndarray, labels: np.ndarray, sample: Sample, tolerance: float) -> list[Form]:
    """The function as a maximum of minima and as a minimum of maxima, pruned.

    Arguments:
        planes: `(k, d + 1)`. labels: the plane of each point, -1 where none holds.
        tolerance: how far planes may be off.
    """
    heights = extended(sample.x) @ planes.T
    some = slice(None, None, max(1, len(sample.y) // ROWS))
    found = []
    for op, sign in (("max", 1.0), ("min", -1.0)):
        terms = _terms(sign * heights, labels, tolerance)
        terms = _pruned(terms, sign * heights[some], sign * sample.y[some], sample) if terms else ()
        if terms:
            found.append(Form(_factored(op, terms), planes).compact)
    return found


def _terms(heights: np.ndarray, labels: np.ndarray, tolerance: float) -> Terms:
    """The sets of planes that lie above the function, its own included, where it follows a plane: the frequent ones."""
    sure = labels >= 0
    own = heights[sure, labels[sure]]
    above = heights[sure] >= own[:, None] - tolerance
    patterns, counts = np.unique(above, axis=0, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:MOST_TERMS]
    least = FEWEST * len(own)
    return _minimal([frozenset(map(int, np.flatnonzero(patterns[i]))) for i in frequent if counts[i] >= least])


def _minimal(terms: list[frozenset[int]]) -> Terms:
    """Without minima that another one, of fewer planes, is never below."""
    return tuple(t for i, t in enumerate(terms) if not any(o < t or (o == t and j < i) for j, o in enumerate(terms)))


def _pruned(terms: Terms, heights: np.ndarray, y: np.ndarray, sample: Sample) -> Terms:
    """Terms and members left out, one by one, as long as the whole gets cheaper."""
    best = _cost(terms, heights, y, sample)
    while True:
        options = [(_cost(option, heights, y, sample), option) for option in _smaller(terms)]
        if not options:
            return terms
        cost, option = min(options, key=lambda each: each[0])
        if cost > best:
            return terms
        best, terms = cost, option


def _smaller(terms: Terms) -> list[Terms]:
    found = []
    for i, term in enumerate(terms):
        rest = terms[:i] + terms[i + 1 :]
        if rest:
            found.append(rest)
        found += [_minimal([*rest, term - {member}]) for member in sorted(term) if len(term) > 1]
    return found


def _cost(terms: Terms, heights: np.ndarray, y: np.ndarray, sample: Sample) -> float:
    said = np.stack([heights[:, sorted(term)].min(axis=1) for term in terms]).max(axis=0)
    names = sum(map(len, terms))
    return misfit(said - y, sample) + PER_PLANE * len(frozenset().union(*terms)) + PER_NAME * names


def _factored(op: str, terms: Terms) -> Node:
    """The extreme of the opposite extremes; a plane in several of them is taken out of those."""
    inner = "min" if op == "max" else "max"
    if len(terms) == 1:
        return _extreme(inner, [Leaf(i) for i in sorted(terms[0])])
    counts = Counter(i for term in terms for i in sorted(term))
    plane, count = counts.most_common(1)[0]
    if count < 2:
        return _extreme(op, [_extreme(inner, [Leaf(i) for i in sorted(term)]) for term in terms])
    sharing = [term - {plane} for term in terms if plane in term]
    rest = tuple(term for term in terms if plane not in term)
    shared = Leaf(plane) if not all(sharing) else _extreme(inner, [Leaf(plane), _factored(op, tuple(sharing))])
    return _extreme(op, [shared, _factored(op, rest)]) if rest else shared


def _extreme(op: str, parts: list[Node]) -> Node:
    """Of parts that are extremes of the same kind, their parts."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, Extreme) and part.op == op else (part,))]
    return flat[0] if len(flat) == 1 else Extreme(op, tuple(flat))
