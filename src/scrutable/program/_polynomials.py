"""Integer classes as polynomials over other classes: what sums and products of an e-graph have in common.

A polynomial maps a monomial (a sorted tuple of class ids, empty for the constant) to its coefficient. Integer
arithmetic is exact, so two classes with one polynomial are equal whatever the order and grouping of their terms.
Reals are left alone: regrouping changes their rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import gcd

from scrutable.program._egraph import EGraph
from scrutable.program._ranges import EVERYTHING, Range
from scrutable.program._types import Array, Bool, Category, Int, Selector, scalar_of

Monomial = tuple[int, ...]
Polynomial = dict[Monomial, int]

MOST_TERMS, HIGHEST_DEGREE, LARGEST = 10, 4, 2**31


def plus(left: Polynomial, right: Polynomial, times: int = 1) -> Polynomial:
    """`left + times * right`."""
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, 0) + times * coefficient
    return {m: c for m, c in total.items() if c}


def product(left: Polynomial, right: Polynomial) -> Polynomial:
    """`left * right`."""
    total: Polynomial = {}
    for m, c in left.items():
        for n, d in right.items():
            key = tuple(sorted(m + n))
            total[key] = total.get(key, 0) + c * d
    return {m: c for m, c in total.items() if c}


def content(terms: Iterable[int]) -> int:
    """The greatest common divisor, 0 for none."""
    return reduce(gcd, terms, 0)


def integral(graph: EGraph, id_: int) -> bool:
    """Whether a class holds whole numbers (or sequences of them)."""
    type_ = graph[id_].type
    return not isinstance(type_, (Array, Selector)) and isinstance(scalar_of(type_), (Bool, Int, Category))


class Polynomials:
    """The polynomials of the classes of a graph, as the graph is now."""

    def __init__(self, graph: EGraph) -> None:
        self.graph = graph
        self._found: dict[int, Polynomial] = {}
        self._open: set[int] = set()
        self._met: set[int] = set()

    def of(self, id_: int) -> Polynomial:
        """The polynomial of a class; just the class itself where no arithmetic is known."""
        id_ = self.graph.find(id_)
        if id_ in self._found:
            return self._found[id_]
        alone: Polynomial = {(id_,): 1}
        if not integral(self.graph, id_):
            return alone
        if id_ in self._open:
            self._met.add(id_)
            return alone
        literal = self.graph[id_].constant
        if literal is not None and abs(literal.value) <= LARGEST:
            return {(): int(literal.value)} if literal.value else {}
        self._open.add(id_)
        options = [p for node in self.graph[id_].nodes if (p := self._node(node)) is not None]
        self._open.discard(id_)
        best = min(options, key=self._size, default=alone)
        self._met.discard(id_)
        if not self._met:  # otherwise a cycle through a class still open cut the answer short
            self._found[id_] = best
        return best

    def _node(self, node) -> Polynomial | None:
        if node.op not in ("add", "sub", "neg", "mul") or not all(integral(self.graph, arg) for arg in node.args):
            return None
        args = [self.of(arg) for arg in node.args]
        if node.op == "mul":
            result = product(*args) if len(args[0]) * len(args[1]) <= 4 * MOST_TERMS else None
        elif node.op == "neg":
            result = plus({}, args[0], -1)
        else:
            result = plus(args[0], args[1], 1 if node.op == "add" else -1)
        if result is None or len(result) > MOST_TERMS or any(len(m) > HIGHEST_DEGREE for m in result):
            return None
        return result if all(abs(c) <= LARGEST for c in result.values()) else None

    def _size(self, polynomial: Polynomial) -> tuple[int, int, int, int]:
        """What makes one form better than another: few terms, few factors, plain variables, small numbers."""
        factors = [atom for monomial in polynomial for atom in monomial]
        compound = sum(self.graph[atom].order[0] for atom in factors)
        return len(polynomial), len(factors), compound, sum(map(abs, polynomial.values()))

    def range(self, polynomial: Polynomial) -> Range:
        """The interval of a polynomial's values."""
        low: float = 0
        high: float = 0
        for monomial, coefficient in polynomial.items():
            if len(monomial) > 1:
                return EVERYTHING
            bounds = self.graph[monomial[0]].range if monomial else (1, 1)
            ends = [0 if not bound else coefficient * bound for bound in bounds]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def build(self, polynomial: Polynomial) -> int:
        """A class for a polynomial: the terms in canonical order, differences last."""
        graph = self.graph
        terms = sorted((m for m in polynomial if m), key=lambda m: [graph[a].order for a in self.sorted(m)])
        plain = [self._term(m, polynomial[m]) for m in terms if polynomial[m] > 0]
        taken = [self._term(m, -polynomial[m]) for m in terms if polynomial[m] < 0]
        shift = polynomial.get((), 0)
        if shift > 0 or not (plain or taken):
            plain.append(graph.literal(shift))
        elif shift < 0:
            taken.append(graph.literal(-shift))
        if not plain:
            plain = [graph.apply("neg", taken.pop(0), canonical=True)]
        total = plain[0]
        for op, parts in (("add", plain[1:]), ("sub", taken)):
            for part in parts:
                total = graph.apply(op, total, part, canonical=True)
        return total

    def sorted(self, monomial: Monomial) -> list[int]:
        """The factors in canonical order."""
        return sorted(monomial, key=lambda a: self.graph[a].order)

    def _term(self, monomial: Monomial, coefficient: int) -> int:
        factors = self.sorted(monomial)
        if coefficient != 1:
            factors.insert(0, self.graph.literal(coefficient))
        return reduce(lambda left, right: self.graph.apply("mul", left, right, canonical=True), factors)
