"""Features of a view: powers of its variables, functions of them, sums of them, and their products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as cartesian

import numpy as np

from scrutable.program import Expr, call, const
from scrutable.synthesis.formula._products import Product, Values, added, common_factor
from scrutable.synthesis.formula._view import View

HALVES = (0, 1, 2, -1, -2, 3, -3, 4, -4, Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(-3, 2))
WHOLES = (0, 1, -1, 2, -2, 3, -3)
FEW = (0, 1, -1, 2, -2)
ANGLES = (1.0, 0.5, 2.0, np.pi, 2 * np.pi)
RATES = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1 / (2 * np.pi), -1 / (2 * np.pi))
MOST = 1000
FEWEST = 80


@dataclass(frozen=True, slots=True)
class Features:
    """Candidates for terms.

    Arguments:
        products: what each is.
        values: `(features, n)`.
    """

    products: tuple[Product, ...]
    values: np.ndarray


@dataclass(slots=True)
class Library:
    """Makes the features of one view on one set of rows, and remembers them."""

    view: View
    values: Values

    def powers(self) -> Features:
        """Products of powers of the variables."""
        return self._evaluated(self._powers())

    def few_powers(self) -> Features:
        """Products of small whole powers, few enough to be fitted all together."""
        count = len(self.view.variables)
        if count > 6:
            return self._evaluated([])
        grid, most = (range(-4, 5), 4) if count == 1 else (range(-2, 3), 4) if count == 2 else (range(-1, 3), 3)
        return self._evaluated(
            [self._power(e) for e in cartesian(grid, repeat=count) if sum(map(abs, e)) <= most][:FEWEST]
        )

    def basic_powers(self) -> Features:
        """Whole powers of a small total: few enough to be always there beside something else."""
        count = len(self.view.variables)
        if count > 3:
            return self._evaluated([Product(), *self.view.variables])
        most = 5 - count
        return self._evaluated(
            [self._power(e) for e in cartesian(range(-most, most + 1), repeat=count) if sum(map(abs, e)) <= most]
        )

    def with_functions(self, names: tuple[str, ...]) -> Features:
        """Powers times one function of a variable, of a product or of a quotient of two."""
        halves = (0, 1, -1, Fraction(1, 2), Fraction(-1, 2)) if len(self.view.variables) == 2 else None
        plain = list(self._small_powers(halves))
        atoms = [atom for argument in self.arguments() for name in names for atom in functions(name, argument)]
        found = [*self._powers(), *(p.times(Product.of({a: e})) for a in atoms for e in (1, 2) for p in plain)]
        return self._evaluated(found)

    def with_sums(self) -> Features:
        """Powers times a power of one plus or minus a product."""
        plain = list(self._small_powers())
        exponents = (-1, -2, Fraction(1, 2), Fraction(-1, 2))
        sums = self._sums([p for p in self._inside() if p.powers], (1.0,))
        return self._evaluated([*self._powers(), *(p.times(s, e) for s in sums for e in exponents for p in plain)])

    def with_kinks(self) -> Features:
        """Absolute values, maxima and minima of plain variables and of their differences, times a variable or none."""
        atoms = [v.powers[0][0] for v in self.view.variables if len(v.powers) == 1 and v.powers[0][1] == 1]
        kinks = [call("abs", a) for a in atoms]
        kinks += [call("max", a, 0) for a in atoms]
        for i, a in enumerate(atoms):
            for b in atoms[i + 1 :]:
                kinks += [call("max", a, b), call("min", a, b), call("abs", call("sub", a, b))]
        heads = [Product(), *(Product.of({a: 1}) for a in atoms)]
        return self._evaluated([h.times(Product.of({k: e})) for k in kinks for e in (1, 2) for h in heads])

    def factors(self) -> list[Product]:
        """What may stand as a factor, to a power: functions of the variables, and sums."""
        names = ("sin", "cos", "tanh", "log", "expm1", "cosh")
        atoms = [a for x in self.arguments() for name in names for a in functions(name, x, wide=True)]
        found = [Product.of({a: 1}) for a in atoms]
        singles = self.view.variables
        tails = [Product.of({a: 1}) for v in singles for n in ("sin", "cos") for a in functions(n, v)[:1]]
        heads = [Product(), *singles, *(v.raised(-1) for v in singles)]
        scales = (1.0, 0.5, 2.0) if len(singles) <= 2 else (1.0,)
        return found + self._sums([*self._inside(), *(h.times(t) for h in heads for t in tails)], scales)

    def arguments(self) -> list[Product]:
        """What functions are taken of: variables, reciprocals of those that are products, pairs, triples."""
        single = list(self.view.variables)
        if len(single) <= 2:
            single += [v.raised(-1) for v in single if len(v.powers) > 1]
        plain = self.view.variables
        pairs = [a.times(b, e) for i, a in enumerate(plain) for b in plain[i + 1 :] for e in (1, -1)]
        if len(plain) == 3:
            pairs += [plain[0].times(plain[1], e).times(plain[2], f) for e in (1, -1) for f in (1, -1)]
        return single + (pairs if len(plain) <= 4 else [])

    def _inside(self) -> list[Product]:
        return [p for p in self._small_powers(FEW if len(self.view.variables) <= 2 else (0, 1, -1)) if p.powers]

    def _sums(self, inside: list[Product], scales: tuple[float, ...]) -> list[Product]:
        """One plus or minus each product, written as a sum over a product; larger than zero if it has one sign."""
        one, found = Product(), []
        for each in inside:
            front = common_factor([one, each])
            head, tail = front.raised(-1), each.times(front, -1)
            for scale in scales:
                found.append(Product.of({added([(const(1), head), (const(scale), tail)]): 1}).times(front))
                sizes = scale * self.values.product(each)
                if (sizes > 1).all():
                    minus = added([(const(scale), tail), (const(-1), head)])
                else:
                    minus = added([(const(1), head), (const(-scale), tail)])
                found.append(Product.of({minus: 1}).times(front))
        return found

    def _powers(self) -> list[Product]:
        count = len(self.view.variables)
        grid = HALVES if count <= 2 else WHOLES if count == 3 else FEW if count <= 5 else (0, 1, 2)
        most = 8 if count == 1 else 6 if count == 2 else 4 if count <= 4 else 3
        found = (
            (self._power(e) for e in cartesian(grid, repeat=count) if sum(map(abs, e)) <= most)
            if count <= 6
            else self._sparse()
        )
        return list(found)[:MOST]

    def _sparse(self) -> Iterator[Product]:
        yield Product()
        for i, a in enumerate(self.view.variables):
            yield from (a.raised(e) for e in (1, 2, -1))
            for b in self.view.variables[i + 1 :]:
                yield from (a.raised(e).times(b, f) for e, f in ((1, 1), (1, -1), (-1, 1)))

    def _small_powers(self, grid: tuple | None = None) -> Iterator[Product]:
        count = len(self.view.variables)
        grid = grid or (FEW if count == 1 else (0, 1, -1) if count <= 3 else (0, 1))
        most = 2 if count > 1 and grid != FEW else 4
        return (
            (self._power(e) for e in cartesian(grid, repeat=count) if sum(map(abs, e)) <= most)
            if count <= 6
            else iter(())
        )

    def _power(self, exponents: tuple) -> Product:
        return Product.of(
            [(a, p * Fraction(e)) for v, e in zip(self.view.variables, exponents, strict=True) for a, p in v.powers]
        )

    def _some(self) -> np.ndarray:
        return next(iter(self.values.columns.values()))

    def _evaluated(self, products: list[Product]) -> Features:
        unique = list(dict.fromkeys(products))[: 2 * MOST]
        kept, rows = [], []
        for each in unique:
            found = self.values.product(each)
            if np.isfinite(found).all() and np.abs(found).max() < 1e12:
                kept.append(each)
                rows.append(found)
        return Features(tuple(kept), np.array(rows) if rows else np.zeros((0, len(self._some()))))


def functions(name: str, argument: Product, *, wide: bool = False) -> list[Expr]:
    """A function at several scales of its argument, as atoms."""
    if name == "log":
        return [call("log", argument.expr())]
    if name in ("sin", "cos"):
        scales = ANGLES if wide or len(argument.powers) == 1 else ANGLES[:3]
        return [call(name, _stretched(c, argument)) for c in scales]
    if name == "exp":
        return [call("exp", _stretched(c, argument)) for c in RATES]
    if name == "tanh":
        return [call("tanh", _stretched(c, argument)) for c in (1.0, 0.5, 2.0)]
    if name == "expm1":
        return [call("sub", call("exp", _stretched(c, argument)), 1) for c in RATES]
    assert name == "cosh"
    return [
        call("add", call("exp", _stretched(c, argument)), call("exp", _stretched(-c, argument))) for c in (1.0, 0.5)
    ]


def _stretched(scale: float, argument: Product) -> Expr:
    """A scale of one is written as a number too, so that it can be fitted."""
    return argument.expr(const(float(scale)))
