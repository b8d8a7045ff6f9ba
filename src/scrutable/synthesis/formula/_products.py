"""Products of powers: the building blocks of formulas, multiplied and compared without rewriting expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from scrutable.program import Const, Expr, call, const
from scrutable.synthesis.constants import evaluated


@dataclass(frozen=True, slots=True)
class Product:
    """A product of atoms, each to a rational power. Atoms are expressions; equal ones are held once.

    Arguments:
        powers: atom and exponent, never zero, in a fixed order.
    """

    powers: tuple[tuple[Expr, Fraction], ...] = ()

    @staticmethod
    def of(powers: Mapping[Expr, Fraction | int] | Iterable[tuple[Expr, Fraction | int]]) -> Product:
        """The product of these atoms; those named twice are put together."""
        total: dict[Expr, Fraction] = {}
        items: Any = powers.items() if isinstance(powers, Mapping) else powers
        for atom, power in items:
            total[atom] = total.get(atom, Fraction(0)) + Fraction(power)
        return Product(tuple(sorted(((a, p) for a, p in total.items() if p != 0), key=lambda item: str(item[0]))))

    def times(self, other: Product, power: Fraction | int = 1) -> Product:
        """This product, times the other to a power."""
        return Product.of([*self.powers, *((atom, p * power) for atom, p in other.powers)])

    def raised(self, power: Fraction | int) -> Product:
        """This product to a power."""
        return Product.of([(atom, p * power) for atom, p in self.powers])

    def power_of(self, atom: Expr) -> Fraction:
        """The exponent of an atom, zero if it does not occur."""
        return next((p for a, p in self.powers if a == atom), Fraction(0))

    @property
    def size(self) -> float:
        """Roughly how much there is to write."""
        return sum(1.0 + abs(float(p)) + (1.0 if p.denominator > 1 else 0.0) for _, p in self.powers)

    def expr(self, coefficient: Expr | None = None) -> Expr:
        """Written out: whole powers as products, halves as square roots, other fractions through the logarithm."""
        over = [factor for atom, p in self.powers if p > 0 for factor in _whole(atom, p)]
        under = [factor for atom, p in self.powers if p < 0 for factor in _whole(atom, -p)]
        over += _root([(a, p) for a, p in self.powers if p > 0])
        under += _root([(a, -p) for a, p in self.powers if p < 0])
        if coefficient is not None and coefficient != const(1):
            over = [coefficient, *over]
        top = _multiplied(over) or const(1)
        bottom = _multiplied(under)
        return top if bottom is None else call("div", top, bottom)


class Values:
    """The values of expressions on one set of columns, each worked out once."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self.columns = columns
        self._known: dict[Expr, np.ndarray] = {}

    def of(self, expr: Expr) -> np.ndarray:
        """The values of an expression, `(n,)`."""
        if expr not in self._known:
            self._known[expr] = np.asarray(evaluated(expr, self.columns))
        return self._known[expr]

    def product(self, product: Product) -> np.ndarray:
        """The values of a product, `(n,)`; not a number where a root is taken of a negative one."""
        result = np.ones(len(next(iter(self.columns.values()))))
        with np.errstate(all="ignore"):
            for atom, power in product.powers:
                values = self.of(atom)
                result = result * (values ** int(power) if power.denominator == 1 else values ** float(power))
        return result


def added(terms: list[tuple[Expr, Product]]) -> Expr:
    """The sum of coefficients times products. Coefficients that are plainly negative numbers are subtracted."""
    result: Expr | None = None
    for coefficient, product in terms:
        negative = isinstance(coefficient, Const) and coefficient.value < 0
        if result is not None and negative:
            assert isinstance(coefficient, Const)
            result = call("sub", result, product.expr(const(-coefficient.value)))
            continue
        term = product.expr(coefficient)
        result = term if result is None else call("add", result, term)
    return const(0) if result is None else result


def common_factor(products: list[Product]) -> Product:
    """The largest product that divides all of them with no negative power left."""
    atoms = {atom for product in products for atom, _ in product.powers}
    return Product.of({atom: min(product.power_of(atom) for product in products) for atom in atoms})


def _whole(atom: Expr, power: Fraction) -> list[Expr]:
    return [atom] * int(power) if power.denominator <= 2 else []


def _root(powers: list[tuple[Expr, Fraction]]) -> list[Expr]:
    inside = _multiplied([atom for atom, p in powers if p.denominator == 2])
    others: list[Expr] = [call("exp", call("mul", _number(p), call("log", a))) for a, p in powers if p.denominator > 2]
    return others if inside is None else [call("sqrt", inside), *others]


def _number(power: Fraction) -> Expr:
    return call("div", power.numerator, power.denominator)


def _multiplied(factors: list[Expr]) -> Expr | None:
    result: Expr | None = None
    for factor in factors:
        result = factor if result is None else call("mul", result, factor)
    return result
