"""Intervals that integer values are certain to lie in, worked out node by node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Protocol

from scrutable.program._types import Bool, Category, Int, Type, scalar_of

Range = tuple[float, float]
"""Least and greatest value; plain integers, or infinite where there is no bound."""

EVERYTHING: Range = (-inf, inf)


class Valued(Protocol):
    """Anything with a type and an interval."""

    @property
    def type(self) -> Type: ...

    @property
    def range(self) -> Range: ...


class NodeLike(Protocol):
    """An operator or a leaf, see `scrutable.program._egraph.Node`."""

    @property
    def op(self) -> str: ...

    @property
    def params(self) -> tuple[Any, ...]: ...

    @property
    def type(self) -> Type: ...


def meet(left: Range, right: Range) -> Range:
    """The part common to both; the left one if a contradiction leaves none (code that never runs)."""
    low, high = max(left[0], right[0]), min(left[1], right[1])
    return (low, high) if low <= high else left


def cover(left: Range, right: Range) -> Range:
    """The least interval around both."""
    return min(left[0], right[0]), max(left[1], right[1])


def type_range(type_: Type) -> Range:
    """What the type alone says."""
    scalar = scalar_of(type_)
    if isinstance(scalar, Bool):
        return 0, 1
    return (0, scalar.k - 1) if isinstance(scalar, Category) else EVERYTHING


def node_range(node: NodeLike, args: Sequence[Valued], known: Mapping[str, Range]) -> Range:
    """The interval of one node, given those of its arguments."""
    if not isinstance(scalar_of(node.type), (Bool, Int, Category)):
        return EVERYTHING
    bounds = type_range(node.type)
    if node.op == "var":
        return meet(bounds, known.get(node.params[0], EVERYTHING))
    if node.op == "const":
        value = node.params[0]
        return (int(value), int(value)) if isinstance(value, (bool, int)) else bounds
    if node.op == "table":
        return meet(bounds, _table(node.params))
    rule = _RULES.get(node.op)
    whole = all(isinstance(scalar_of(arg.type), (Bool, Int, Category)) for arg in args)
    return meet(bounds, rule(*(arg.range for arg in args))) if rule and whole else bounds


def _table(params: tuple[Any, ...]) -> Range:
    rows, default = params
    values = [value for _, value in rows] + [default]
    if all(isinstance(value, (bool, int)) for value in values):
        return int(min(values)), int(max(values))
    return EVERYTHING


def _times(x: float, y: float) -> float:
    return 0 if x == 0 or y == 0 else x * y


def _mul(x: Range, y: Range) -> Range:
    corners = [_times(a, b) for a in x for b in y]
    return min(corners), max(corners)


def _floordiv(x: Range, y: Range) -> Range:
    if y[0] != y[1] or y[0] == 0:
        return (0, 0) if y == (0, 0) else EVERYTHING
    corners = [a if abs(a) == inf and y[0] > 0 else -a if abs(a) == inf else a // y[0] for a in x]
    return min(corners), max(corners)


def _mod(x: Range, y: Range) -> Range:
    if y[0] != y[1] or y[0] == 0:
        return EVERYTHING
    k = y[0]
    if x[0] >= 0 and x[1] < k:
        return x
    return (0, k - 1) if k > 0 else (k + 1, 0)


def _compare(below: Callable[[Range, Range], bool], above: Callable[[Range, Range], bool]) -> Callable[..., Range]:
    def rule(x: Range, y: Range) -> Range:
        return (1, 1) if below(x, y) else (0, 0) if above(x, y) else (0, 1)

    return rule


def _eq(x: Range, y: Range) -> Range:
    if x[1] < y[0] or y[1] < x[0]:
        return 0, 0
    return (1, 1) if x == y and x[0] == x[1] else (0, 1)


def _ne(x: Range, y: Range) -> Range:
    low, high = _eq(x, y)
    return 1 - high, 1 - low


def _if(c: Range, x: Range, y: Range) -> Range:
    return x if c == (1, 1) else y if c == (0, 0) else cover(x, y)


def _abs(x: Range) -> Range:
    return (0 if x[0] <= 0 <= x[1] else min(abs(x[0]), abs(x[1]))), max(abs(x[0]), abs(x[1]))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


_RULES: dict[str, Callable[..., Range]] = {
    "add": lambda x, y: (x[0] + y[0], x[1] + y[1]),
    "sub": lambda x, y: (x[0] - y[1], x[1] - y[0]),
    "neg": lambda x: (-x[1], -x[0]),
    "mul": _mul,
    "abs": _abs,
    "sign": lambda x: (_sign(x[0]), _sign(x[1])),
    "floordiv": _floordiv,
    "mod": _mod,
    "min": lambda *xs: (min(x[0] for x in xs), min(x[1] for x in xs)),
    "max": lambda *xs: (max(x[0] for x in xs), max(x[1] for x in xs)),
    "and": lambda *xs: (min(x[0] for x in xs), min(x[1] for x in xs)),
    "or": lambda *xs: (max(x[0] for x in xs), max(x[1] for x in xs)),
    "not": lambda x: (1 - x[1], 1 - x[0]),
    "lt": _compare(lambda x, y: x[1] < y[0], lambda x, y: x[0] >= y[1]),
    "le": _compare(lambda x, y: x[1] <= y[0], lambda x, y: x[0] > y[1]),
    "eq": _eq,
    "ne": _ne,
    "if": _if,
}
