"""Affine functions as a person writes them: the shortest spelling of coefficients and a constant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scrutable.program import Const, Expr, call, const, expr_bits

LONG = 5
"""A decimal of more digits is written as a fraction when it equals one."""
LARGEST_DENOMINATOR = 12


@dataclass(frozen=True, slots=True)
class Affine:
    """`slopes . x + constant`, as plain numbers."""

    slopes: tuple[float, ...]
    constant: float

    @staticmethod
    def of(plane: np.ndarray) -> Affine:
        """From an array `(d + 1,)`."""
        return Affine(tuple(map(float, plane[:-1])), float(plane[-1]))

    @property
    def array(self) -> np.ndarray:
        """`(d + 1,)`: slopes, then the constant."""
        return np.array([*self.slopes, self.constant])

    def at(self, x: np.ndarray) -> np.ndarray:
        """The value in each row of `x`, `(n, d)`."""
        return x @ np.array(self.slopes) + self.constant


def shortest(options: Iterable[Expr], scope: int) -> Expr:
    """The expression with the fewest bits; the earliest of equals."""
    return min(options, key=lambda expr: expr_bits(expr, scope))


def number(value: float) -> Const:
    """A literal: whole numbers as integers."""
    value = tidy(value)
    return const(int(value)) if value == int(value) and abs(value) < 2**53 else const(value)


def tidy(value: float) -> float:
    """The number without the dust of floating-point sums."""
    near = float(f"{value:.12g}")
    return 0.0 if abs(near) < 1e-12 else near


def clean(planes: np.ndarray) -> np.ndarray:
    """The numbers without dust, see `tidy`; any shape."""
    return np.array([tidy(v) for v in planes.ravel()]).reshape(planes.shape)


def together(expr: Expr, plane: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    """The expression plus a plane, the shortest way."""
    if not plane.any():
        return expr
    one_by_one = expr
    for c, leaf in sorted(zip(plane[:-1], leaves, strict=True), key=lambda each: -each[0]):
        if c:
            one_by_one = call("add" if c > 0 else "sub", one_by_one, _times(abs(float(c)), leaf))
    options = [_plus(one_by_one, float(plane[-1])), added(expr, spelled(-plane, leaves), sign=-1)]
    if plane[:-1].any():
        options.append(added(spelled(plane, leaves), expr))
    return shortest(options, len(leaves))


def spelled(plane: np.ndarray, leaves: Sequence[Expr]) -> Expr:
    """The shortest expression for `slopes . leaves + constant`; `plane` is `(d + 1,)`.

    A factor that all slopes share, alone or with the constant, may stand in front.
    """
    slopes, constant = [tidy(c) for c in plane[:-1]], tidy(plane[-1])
    sizes = {abs(c) for c in slopes if c}
    options = [_sum(slopes, constant, leaves)]
    if len(sizes) == 1 and sizes != {1.0} and sum(c != 0 for c in slopes) > 1:
        (size,) = sizes
        inner = [c / size for c in slopes]
        options.append(_plus(_times(size, _sum(inner, 0.0, leaves)), constant))
        if constant:
            options.append(_times(size, _sum(inner, tidy(constant / size), leaves)))
    return shortest(options, len(leaves))


def scaled(factor: float, expr: Expr) -> Expr:
    """`factor * expr`, a division where that is shorter."""
    factor = tidy(factor)
    if isinstance(expr, Const) and expr.value == 0:
        return expr
    return call("neg", _times(-factor, expr)) if factor < 0 else _times(factor, expr)


def added(left: Expr, right: Expr, *, sign: int = 1) -> Expr:
    """`left + right`, or `left - right`; zeros vanish."""
    if _is_zero(right):
        return left
    if _is_zero(left):
        return right if sign > 0 else call("neg", right)
    return call("add" if sign > 0 else "sub", left, right)


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value == 0


def _times(factor: float, expr: Expr) -> Expr:
    """Of a factor above zero."""
    if factor == 1:
        return expr
    fraction = Fraction(factor).limit_denominator(LARGEST_DENOMINATOR)
    digits = len(repr(factor).replace(".", "").lstrip("0"))
    if fraction.denominator > 1 and abs(float(fraction) - factor) < 1e-9 * factor and digits > LONG:
        top = expr if fraction.numerator == 1 else call("mul", fraction.numerator, expr)
        return call("div", top, fraction.denominator)
    return call("mul", number(factor), expr)


def _plus(expr: Expr, constant: float) -> Expr:
    if constant == 0:
        return expr
    return call("add", expr, number(constant)) if constant > 0 else call("sub", expr, number(-constant))


def _sum(slopes: Sequence[float], constant: float, leaves: Sequence[Expr]) -> Expr:
    """Terms above zero first, so that signs become subtractions."""
    terms = [(c, leaf) for c, leaf in zip(slopes, leaves, strict=True) if c]
    above = [(c, leaf) for c, leaf in terms if c > 0]
    below = [(c, leaf) for c, leaf in terms if c < 0]
    if not terms:
        return number(constant)
    if above:
        (c, leaf), *above = above
        total: Expr = _times(c, leaf)
    elif constant > 0:
        total, constant = number(constant), 0.0
    else:
        (c, leaf), *below = below
        total = call("neg", _times(-c, leaf))
    for c, leaf in above:
        total = call("add", total, _times(c, leaf))
    for c, leaf in below:
        total = call("sub", total, _times(-c, leaf))
    return _plus(total, constant)
