"""All terms with inner constants of a view, on their grids: what a pursuit scans for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrutable.program import Call, Expr, call
from scrutable.synthesis.formula._features import Library
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._shapes import FAMILIES, Constants, Family
from scrutable.synthesis.formula._view import View

MOST_ENTRIES = 9000
DEPENDENT = 1e-6
EVIDENCE, CONSTANT_BITS, FINEST = 64, 14.0, 1e-4
"""What ranks terms: bits for each constant, and the misfit on so many rows down to a share of what there was."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A term: a product of powers, times functions with inner constants.

    Arguments:
        head: without inner constants.
        factors: each a family and its argument.
        constants: of all factors, one after another.
    """

    head: Product
    factors: tuple[tuple[Family, Product], ...] = ()
    constants: tuple[float, ...] = ()

    @property
    def key(self) -> tuple:
        """The same for all constants."""
        return self.head, tuple((family.name, argument) for family, argument in self.factors)

    @property
    def product(self) -> Product:
        """Written out; inner constants are real literals."""
        result = self.head
        for (family, argument), constants in zip(self.factors, self._parts(self.constants), strict=True):
            result = result.times(family.written(argument, constants))
        return result

    def row(self, values: Values, constants: Constants) -> np.ndarray:
        """The term's values with other constants, `(n,)`."""
        result = values.product(self.head)
        with np.errstate(all="ignore"):
            for (family, argument), part in zip(self.factors, self._parts(constants), strict=True):
                result = result * family.values(values.product(argument), part)
        return result

    def times(self, other: Shape) -> Shape:
        """Both multiplied."""
        return Shape(self.head.times(other.head), (*self.factors, *other.factors), (*self.constants, *other.constants))

    def _parts(self, constants: Constants) -> Iterator[Constants]:
        first = 0
        for family, _ in self.factors:
            count = family.constants
            yield constants[first : first + count]
            first += count


@dataclass(frozen=True, slots=True)
class Atlas:
    """Terms at the points of their grids.

    Arguments:
        shapes: each with the constants of one point.
        rows: their weighted values, `(shapes, n)`, in single precision.
    """

    shapes: tuple[Shape, ...]
    rows: np.ndarray

    @staticmethod
    def of(view: View, values: Values, weight: np.ndarray) -> Atlas:
        """Powers, and every function of every argument times a few heads.

        Arguments:
            weight: `(n,)`.
        """
        kept, rows = [], []
        for shape in _shapes(view, values):
            row = shape.row(values, shape.constants) * weight
            if np.isfinite(row).all() and np.abs(row).max() < 1e12:
                kept.append(shape)
                rows.append(row.astype(np.float32))
            if len(kept) >= MOST_ENTRIES:
                break
        return Atlas(tuple(kept), np.array(rows) if rows else np.zeros((0, len(weight)), np.float32))

    def best(self, basis: np.ndarray, goal: np.ndarray, *, times: np.ndarray, count: int) -> list[Shape]:
        """The terms of different keys that explain most beside a basis, best first.

        Cost: two products of the atlas with the basis, `shapes * n * basis`.

        Arguments:
            basis: orthonormal, `(n, b)`.
            goal: what it leaves, `(n,)`.
            times: multiplies every term, `(n,)`.
        """
        rows, basis = self.rows * times.astype(np.float32), basis.astype(np.float32)
        whole = np.einsum("mn,mn->m", rows, rows)
        apart = whole - np.sum((rows @ basis) ** 2, axis=1)
        with np.errstate(all="ignore"):
            gain = np.where(apart > DEPENDENT * whole, (rows @ goal.astype(np.float32)) ** 2 / apart, 0.0)
        size = float(goal @ goal) or 1.0
        constants = np.array([len(shape.constants) for shape in self.shapes])
        bits = 0.5 * EVIDENCE * np.log2(np.maximum(1 - gain / size, 0.0) + FINEST) + CONSTANT_BITS * constants
        found: dict[tuple, Shape] = {}
        for place in np.argsort(bits, kind="stable"):
            shape = self.shapes[place]
            found.setdefault(shape.key, shape)
            if len(found) >= count:
                break
        return list(found.values())


def _shapes(view: View, values: Values) -> Iterator[Shape]:
    """The likeliest first: powers, functions of single variables, of pairs, then with heads."""
    library = Library(view, values)
    yield from (Shape(product) for product in library.few_powers().products if product.powers)
    arguments = [*library.arguments(), *_sums_of_two(view)]
    heads = view.variables if len(view.variables) <= 6 else ()
    for argument in arguments:
        yield from _at_grid(argument, Product(), values)
    for argument in view.variables:
        for head in heads:
            if head != argument:
                yield from _at_grid(argument, head, values)
    for argument in arguments:
        for head in (*heads, *(each.raised(-1) for each in heads)):
            yield from _at_grid(argument, head, values)


def _at_grid(argument: Product, head: Product, values: Values) -> Iterator[Shape]:
    points = values.product(argument)
    if not np.isfinite(points).all() or np.ptp(points) <= 0:
        return
    low, high = float(points.min()), float(points.max())
    for family in FAMILIES:
        for constants in family.grid(low, high):
            yield Shape(head, ((family, argument),), constants)


def _sums_of_two(view: View) -> list[Product]:
    plain = [v.powers[0][0] for v in view.variables if len(v.powers) == 1 and v.powers[0][1] == 1]
    plain = [atom for atom in plain if not _is_sum(atom)]
    if len(plain) > 4:
        return []
    return [Product.of({call(op, a, b): 1}) for a, b in combinations(plain, 2) for op in ("add", "sub")]


def _is_sum(atom: Expr) -> bool:
    return isinstance(atom, Call) and atom.op in ("add", "sub")
