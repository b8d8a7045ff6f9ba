"""What an update may read beside the register itself: short numbers and truths about the input of a step.

Both are kept distinct by their values on all steps that were heard; of two that are always equal the shorter stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from scrutable.program import INT, Call, Const, Expr, Var, call, const, expr_bits, variables

MOST_VALUES = 12
"""An input with at most so many values is compared with each of them, one with more only with the telling ones."""
FEW_VALUES = 4
SCOPE = 4
"""So many variables an update could read, by which its length is reckoned."""


@dataclass(frozen=True, eq=False)
class Feature:
    """An expression and its values, `(length, n)`: int64 for numbers, bool for truths."""

    expr: Expr
    values: np.ndarray

    @cached_property
    def bits(self) -> float:
        """The length of the expression; an opposite is said by turning two choices round."""
        plain = self.expr.args[0] if isinstance(self.expr, Call) and self.expr.op == "not" else self.expr
        return expr_bits(plain, SCOPE)

    @cached_property
    def names(self) -> frozenset[str]:
        """What the expression reads."""
        return variables(self.expr)


@dataclass(frozen=True, eq=False)
class Features:
    """The material of updates.

    Arguments:
        simple: inputs, and little more.
        numbers: these, and numbers that depend on a truth.
        truths: conditions, each with its opposite.
    """

    simple: tuple[Feature, ...]
    numbers: tuple[Feature, ...]
    truths: tuple[Feature, ...]


def features(leaves: Sequence[Feature]) -> Features:
    """Numbers and truths about `leaves`, the shortest first."""
    truths = _distinct([*(each for leaf in leaves for each in _about(leaf)), *_comparisons(leaves)])
    plain = [*leaves, *(each for leaf in leaves for each in _functions(leaf)), *_mixtures(leaves)]
    simple = _distinct([literal(1, leaves[0]), literal(0, leaves[0]), *plain])
    both = _distinct([each for truth in truths for each in (truth, _opposite(truth))])
    chosen = [each for truth in truths for each in _chosen(truth, leaves)]
    return Features(simple, _distinct([*simple, *chosen]), both)


def literal(value: int, like: Feature) -> Feature:
    """A number that is the same at every step."""
    return Feature(Const(value, INT), np.full(like.values.shape, value, dtype=np.int64))


def telling(values: np.ndarray) -> list[int]:
    """The values worth comparing with: all of a few, else 0, 1, 2, both ends and the middle."""
    distinct = np.unique(values)
    if len(distinct) <= MOST_VALUES:
        return distinct.tolist()
    low, high = int(distinct[0]), int(distinct[-1])
    return [v for v in dict.fromkeys((0, 1, 2, low, high, (low + high + 1) // 2)) if low <= v <= high]


def _about(leaf: Feature) -> Iterable[Feature]:
    """Truths about one number."""
    marks = telling(leaf.values)
    for value in sorted(marks, key=abs):
        yield Feature(call("eq", leaf.expr, value), leaf.values == value)
    for value in sorted(marks, key=abs):
        yield Feature(call("lt", leaf.expr, value), leaf.values < value)
        yield Feature(call("lt", value, leaf.expr), leaf.values > value)
    if len(np.unique(leaf.values)) > 2:
        for divisor in (2, 3):
            yield Feature(call("eq", call("mod", leaf.expr, divisor), 0), leaf.values % divisor == 0)


def _comparisons(leaves: Sequence[Feature]) -> Iterable[Feature]:
    """Truths about two numbers: which is larger, and for those with few values both values at once."""
    for one, other in combinations(leaves, 2):
        yield Feature(call("eq", one.expr, other.expr), one.values == other.values)
        yield Feature(call("lt", one.expr, other.expr), one.values < other.values)
        yield Feature(call("lt", other.expr, one.expr), one.values > other.values)
        few = [np.unique(each.values) for each in (one, other)]
        if all(len(each) <= FEW_VALUES for each in few):
            for a in few[0].tolist():
                for b in few[1].tolist():
                    both = call("and", call("eq", one.expr, a), call("eq", other.expr, b))
                    yield Feature(both, (one.values == a) & (other.values == b))


def _functions(leaf: Feature) -> Iterable[Feature]:
    """Numbers from one number."""
    x, e = leaf.values, leaf.expr
    yield Feature(call("neg", e), -x)
    if x.min() < 0:
        yield Feature(call("abs", e), np.abs(x))
    if len(np.unique(x)) > 2:
        yield Feature(call("mod", e, 2), x % 2)
        yield Feature(call("mod", e, 3), x % 3)
        yield Feature(call("floordiv", e, 2), x // 2)
        yield Feature(call("mul", e, e), x * x)


def _mixtures(leaves: Sequence[Feature]) -> Iterable[Feature]:
    """Numbers from two numbers."""
    for one, other in combinations(leaves, 2):
        a, b, x, y = one.expr, other.expr, one.values, other.values
        yield Feature(call("add", a, b), x + y)
        yield Feature(call("sub", a, b), x - y)
        yield Feature(call("sub", b, a), y - x)
        yield Feature(call("mul", a, b), x * y)
        yield Feature(call("abs", call("sub", a, b)), np.abs(x - y))
        yield Feature(call("max", a, b), np.maximum(x, y))
        yield Feature(call("min", a, b), np.minimum(x, y))
        sign = call("if", call("lt", b, a), 1, call("if", call("lt", a, b), -1, 0))
        yield Feature(sign, np.sign(x - y))


def _chosen(truth: Feature, leaves: Sequence[Feature]) -> Iterable[Feature]:
    """Numbers that depend on a truth: 1 or 0, 1 or -1, an input or nothing, an input or its negative."""
    p = truth.values
    options: list[tuple[Expr, Expr, np.ndarray]] = [
        (const(1), const(0), np.where(p, 1, 0)),
        (const(0), const(1), np.where(p, 0, 1)),
        (const(1), const(-1), np.where(p, 1, -1)),
        (const(-1), const(1), np.where(p, -1, 1)),
    ]
    for leaf in leaves[:2]:
        options.append((leaf.expr, const(0), np.where(p, leaf.values, 0)))
        options.append((const(0), leaf.expr, np.where(p, 0, leaf.values)))
        options.append((leaf.expr, call("neg", leaf.expr), np.where(p, leaf.values, -leaf.values)))
        options.append((call("neg", leaf.expr), leaf.expr, np.where(p, -leaf.values, leaf.values)))
    for yes, no, values in options:
        yield Feature(call("if", truth.expr, yes, no), values)


def _opposite(truth: Feature) -> Feature:
    return Feature(call("not", truth.expr), ~truth.values)


def _distinct(found: Iterable[Feature]) -> tuple[Feature, ...]:
    """Each different column once, by the first of its expressions; truths that never vary are left out."""
    kept: dict[bytes, Feature] = {}
    for each in found:
        if each.values.dtype != bool or (each.values.any() and not each.values.all()):
            kept.setdefault(
                np.packbits(each.values).tobytes() if each.values.dtype == bool else each.values.tobytes(), each
            )
    return tuple(kept.values())


def variable(name: str, values: np.ndarray) -> Feature:
    """A named number."""
    return Feature(Var(name, INT), values)
