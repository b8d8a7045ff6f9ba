"""Expressions with holes: real literals as unknowns, evaluated for many settings at once, with exact derivatives.

A real literal of an expression is a hole; whole literals belong to the form and stay. Holes are numbered in the order
of `walk`. Operators have the total meanings that the program language gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.program import REAL, Call, Const, Expr, Var, call, const, walk


@dataclass(frozen=True, slots=True)
class Dual:
    """Values, and their derivatives by every hole.

    Arguments:
        value: broadcasts to `(settings, rows)`.
        slopes: for the holes it depends on, the derivative, broadcasting likewise.
    """

    value: np.ndarray
    slopes: Mapping[int, np.ndarray]


def holes(expr: Expr) -> tuple[float, ...]:
    """The values of the real literals, in the order of `walk`."""
    return tuple(float(node.value) for node in walk(expr) if isinstance(node, Const) and node.type == REAL)


def filled(expr: Expr, values: Sequence[float | Expr]) -> Expr:
    """The expression with its holes set to these numbers, or to expressions."""
    left = list(values)

    def rebuilt(node: Expr) -> Expr:
        if _is_hole(node):
            value = left.pop(0)
            return value if isinstance(value, Expr) else const(float(value))
        if isinstance(node, Call):
            return call(node.op, *[rebuilt(arg) for arg in node.args], params=node.params)
        return node

    return rebuilt(expr)


def evaluated(expr: Expr, columns: Mapping[str, np.ndarray], *, settings: np.ndarray | None = None) -> np.ndarray:
    """Values on columns of `(rows,)`: `(rows,)`, or `(settings, rows)` for hole settings `(settings, holes)`."""
    rows = len(next(iter(columns.values())))
    found = sensitivities(expr, columns, settings=settings, slopes=False).value
    return np.broadcast_to(found, (rows,) if settings is None else (len(settings), rows))


def sensitivities(
    expr: Expr, columns: Mapping[str, np.ndarray], *, settings: np.ndarray | None = None, slopes: bool = True
) -> Dual:
    """Values and derivatives by the holes, by forward differentiation. Cost: one pass for each hole below a node.

    Raises:
        KeyError: an operator that has no derivative here.
    """
    count = 0

    def visit(node: Expr) -> Dual:
        nonlocal count
        if isinstance(node, Var):
            return Dual(np.asarray(columns[node.name], dtype=np.float64), {})
        if _is_hole(node):
            assert isinstance(node, Const)
            hole, count = count, count + 1
            value = np.float64(node.value) if settings is None else settings[:, hole : hole + 1]
            return Dual(np.asarray(value), {hole: np.ones(())} if slopes else {})
        if isinstance(node, Const):
            return Dual(np.asarray(float(node.value)), {})
        assert isinstance(node, Call)
        return _applied(node.op, [visit(arg) for arg in node.args])

    with np.errstate(all="ignore"):
        return visit(expr)


def differentiable(expr: Expr) -> bool:
    """Whether every operator of the expression can be evaluated and differentiated here."""
    return all(node.op in _UNARY or node.op in _BINARY for node in walk(expr) if isinstance(node, Call))


def _is_hole(node: Expr) -> bool:
    return isinstance(node, Const) and node.type == REAL


def _applied(op: str, args: list[Dual]) -> Dual:
    if len(args) == 1:
        value, slope = _UNARY[op](args[0].value)
        return Dual(value, {k: slope * s for k, s in args[0].slopes.items()})
    result = args[0]
    for arg in args[1:]:
        value, left, right = _BINARY[op](result.value, arg.value)
        slopes = {k: left * s for k, s in result.slopes.items()}
        for k, s in arg.slopes.items():
            slopes[k] = slopes[k] + right * s if k in slopes else right * s
        result = Dual(value, slopes)
    return result


def _sqrt(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    root = np.sqrt(np.maximum(x, 0.0))
    return root, np.where(root > 0, 0.5 / np.where(root > 0, root, 1.0), 0.0)


def _log(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    above = x > 0
    safe = np.where(above, x, 1.0)
    return np.where(above, np.log(safe), 0.0), np.where(above, 1.0 / safe, 0.0)


def _exp(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value = np.exp(x)
    return value, value


def _tanh(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value = np.tanh(x)
    return value, 1.0 - value**2


def _div(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    zero = y == 0
    inverse = np.where(zero, 0.0, 1.0 / np.where(zero, 1.0, y))
    value = x * inverse
    return value, inverse, -value * inverse


def _choice(first: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable:
    def rule(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        left = first(x, y)
        return np.where(left, x, y), left.astype(float), (~left).astype(float)

    return rule


_UNARY: Mapping[str, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "neg": lambda x: (-x, np.asarray(-1.0)),
    "abs": lambda x: (np.abs(x), np.sign(x)),
    "sqrt": _sqrt,
    "log": _log,
    "exp": _exp,
    "tanh": _tanh,
    "sin": lambda x: (np.sin(x), np.cos(x)),
    "cos": lambda x: (np.cos(x), -np.sin(x)),
}
_BINARY: Mapping[str, Callable[[np.ndarray, np.ndarray], tuple]] = {
    "add": lambda x, y: (x + y, np.float64(1.0), np.float64(1.0)),
    "sub": lambda x, y: (x - y, np.float64(1.0), np.float64(-1.0)),
    "mul": lambda x, y: (x * y, y, x),
    "div": _div,
    "min": _choice(lambda x, y: x <= y),
    "max": _choice(lambda x, y: x >= y),
}
