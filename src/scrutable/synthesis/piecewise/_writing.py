"""Forms as expressions, by lattice identities: the shortest of their spellings.

max(p, q) = q + max(p - q, 0) = (p + q)/2 + |p - q|/2        c + max(p, q) = max(c + p, c + q)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from scrutable.program import Expr, call, expr_bits
from scrutable.synthesis.piecewise._forms import Bends, Choice, Extreme, Form, Leaf, Node
from scrutable.synthesis.piecewise._spelling import Affine, added, clean, number, scaled, shortest, spelled, together

MOST_SIGNS = 5


def written(form: Form, leaves: Sequence[Expr]) -> Expr:
    """The form over these leaves, one for each column."""
    return _node(form.tree, clean(form.planes), leaves)


def _node(node: Node, planes: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    if isinstance(node, Leaf):
        return spelled(planes[node.plane], leaves)
    if isinstance(node, Choice):
        return _choice(node, planes, leaves)
    if isinstance(node, Bends):
        return _bends(node, planes, leaves)
    return shortest(_extremes(node, planes, leaves), len(leaves))


def condition(cut: Affine, leaves: Sequence[Expr]) -> Expr:
    """`cut > 0`, with what is taken away on the other side."""
    plane = cut.array
    above, below = np.maximum(plane, 0), np.maximum(-plane, 0)
    sides = [(above, below)]
    if above[:-1].any() and below[:-1].any():
        sides.append((np.append(plane[:-1], 0.0), np.append(np.zeros(len(plane) - 1), -plane[-1])))
    options = [call("lt", spelled(low, leaves), spelled(high, leaves)) for high, low in sides]
    return shortest(options, len(leaves))


def _choice(node: Choice, planes: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    merged = _as_extreme(node, planes)
    if merged is not None:
        return _node(merged, planes, leaves)
    yes, no = _node(node.yes, planes, leaves), _node(node.no, planes, leaves)
    return yes if yes == no else call("if", condition(node.cut, leaves), yes, no)


def _as_extreme(node: Choice, planes: np.ndarray) -> Extreme | None:
    """The larger or the smaller of two planes, when they are parted where they meet."""
    if not (isinstance(node.yes, Leaf) and isinstance(node.no, Leaf)):
        return None
    ahead, cut = planes[node.yes.plane] - planes[node.no.plane], node.cut.array
    factor = float(ahead @ cut) / float(cut @ cut)
    if factor == 0 or np.abs(ahead - factor * cut).max() > 1e-9 * np.abs(ahead).max():
        return None
    return Extreme("max" if factor > 0 else "min", (node.yes, node.no))


def _extremes(node: Extreme, planes: np.ndarray, leaves: Sequence[Expr]) -> Iterator[Expr]:
    """The extreme with one of several planes taken out in front, and then a factor."""
    used = sorted(set(_planes(node)))
    rows = planes[used]
    same = np.where((rows == rows[0]).all(axis=0), rows[0], 0.0)
    for common in (np.zeros(planes.shape[1]), same, rows.mean(axis=0), *rows):
        rest = clean(planes - common)
        sizes = {abs(float(c)) for c in rest[used].ravel()} - {0.0}
        for factor in {1.0, *(sizes if len(sizes) <= 2 else ())}:
            expr = scaled(factor, _extreme(node, clean(rest / factor), leaves))
            yield together(expr, clean(common), leaves)


def _extreme(node: Node, planes: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    """The extreme as it stands; one of opposites as a size."""
    if not isinstance(node, Extreme):
        return _node(node, planes, leaves)
    for i, part in enumerate(node.parts if node.op == "max" else ()):
        rest = node.parts[:i] + node.parts[i + 1 :]
        whole = rest[0] if len(rest) == 1 else Extreme("max", rest)
        if _opposite(part, whole, planes):
            return _absolute(part if isinstance(part, Leaf) else whole, planes, leaves)
    parts = list(dict.fromkeys(_extreme(part, planes, leaves) for part in node.parts))
    return parts[0] if len(parts) == 1 else call(node.op, *parts)


def _opposite(left: Node, right: Node, planes: np.ndarray) -> bool:
    """Whether one is the other with its sign changed."""
    if isinstance(left, Leaf) and isinstance(right, Leaf):
        return not np.abs(planes[left.plane] + planes[right.plane]).max() > 1e-12
    if not (isinstance(left, Extreme) and isinstance(right, Extreme)):
        return False
    if left.op == right.op or len(left.parts) != len(right.parts):
        return False
    return all(any(_opposite(part, other, planes) for other in right.parts) for part in left.parts)


def _absolute(node: Node, planes: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    return _size(planes[node.plane], leaves) if isinstance(node, Leaf) else call("abs", _node(node, planes, leaves))


def _planes(node: Node) -> list[int]:
    if isinstance(node, Leaf):
        return [node.plane]
    assert isinstance(node, Extreme)
    return [plane for part in node.parts for plane in _planes(part)]


def _bends(node: Bends, planes: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    """Each bend as `|v|` or as the extreme of two planes, whichever leaves the whole shorter."""
    base, terms = planes[node.base.plane], []
    for sign, leaf in node.bends:
        options = list(_bend(sign, planes[leaf.plane], base, leaves, alone=len(node.bends) == 1))
        costs = [expr_bits(together(term, rest, leaves), len(leaves)) for rest, _, term in options]
        base, way, term = options[int(np.argmin(costs))]
        terms.append((way, term))
    terms.sort(key=lambda each: -each[0])
    if terms[0][0] > 0:
        (_, total), *terms = terms
        total = together(total, base, leaves)
    else:
        total = spelled(base, leaves)
    for way, term in terms:
        total = added(total, term, sign=way)
    return total


def _bend(
    sign: int, plane: np.ndarray, base: np.ndarray, leaves: Sequence[Expr], *, alone: bool
) -> Iterator[tuple[np.ndarray, int, Expr]]:
    """Spellings of `sign * |plane|` as (what is left of the base, the sign of the term, the term)."""
    yield base, sign, _size(plane, leaves)
    places = np.flatnonzero(plane)
    middles = [base, -base] if alone else []
    if len(places) <= MOST_SIGNS:
        for signs in product((1.0, -1.0), repeat=len(places)):
            middle = np.zeros(len(plane))
            middle[places] = np.array(signs) * plane[places]
            middles.append(middle)
    for middle in middles:
        term = _of_two("max", plane + middle, middle - plane, leaves)
        yield clean(base - sign * middle), sign, term
        if sign < 0:
            yield clean(base - middle), 1, _of_two("min", plane + middle, middle - plane, leaves)


def _of_two(op: str, left: np.ndarray, right: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    left, right = clean(left), clean(right)
    sizes = {abs(float(c)) for c in (*left, *right)} - {0.0}
    factor = sizes.pop() if len(sizes) == 1 else 1.0
    return scaled(factor, call(op, spelled(left / factor, leaves), spelled(right / factor, leaves)))


def _size(plane: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    """`|plane|`, a factor that all slopes share in front, the first slope above zero."""
    plane = clean(plane)
    places = np.flatnonzero(plane[:-1])
    if not len(places):
        return number(abs(float(plane[-1])))
    sizes = {abs(float(c)) for c in plane[places]}
    factor = sizes.pop() if len(sizes) == 1 else 1.0
    plane = plane / factor
    options = [call("abs", spelled(side, leaves)) for side in (plane, -plane)]
    return scaled(factor, shortest(options, len(leaves)))
