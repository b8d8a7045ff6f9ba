"""Integer classes as polynomials over other classes: what sums and products of an e-graph have in common.

A polynomial maps a monomial (a sorted tuple of class ids, empty for the constant) to its coefficient. Integer
arithmetic is exact, so two classes with one polynomial are equal whatever the order and grouping of their terms.
Reals are left alone: regrouping changes their rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import gcd

from scrutable.program._egraph import Class, EGraph, Node
from scrutable.program._ranges import EVERYTHING, Range
from scrutable.program._types import Array, Bool, Category, Int, Selector, scalar_of

Monomial = tuple[int, ...]
Polynomial = dict[Monomial, int]

MOST_TERMS, HIGHEST_DEGREE, LARGEST = 10, 4, 2**31
MOST_SWEEPS = 50
ARITHMETIC = frozenset({"add", "sub", "neg", "mul"})


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
    """The polynomials of the classes of a graph, as the graph is now.

    They are worked out from the leaves upwards, so that cycles do no harm: a class gets the best polynomial that its
    sums and products have, and stands for itself where it has none.
    """

    def __init__(self, graph: EGraph) -> None:
        self.graph = graph
        self._found: dict[int, Polynomial] = {}
        self._sums: dict[int, list[Node]] = {}
        for class_ in graph.classes():
            if integral(graph, class_.id):
                self._begin(class_)
        self._settle()

    def of(self, id_: int) -> Polynomial:
        """The polynomial of a class; just the class itself where no arithmetic is known."""
        id_ = self.graph.find(id_)
        return self._found.get(id_) or ({(id_,): 1} if id_ not in self._found else {})

    def _begin(self, class_: Class) -> None:
        literal = class_.constant
        if literal is not None and abs(literal.value) <= LARGEST:
            self._found[class_.id] = {(): int(literal.value)} if literal.value else {}
            return
        sums = [n for n in class_.nodes if n.op in ARITHMETIC and all(integral(self.graph, arg) for arg in n.args)]
        if sums:
            self._sums[class_.id] = sums
        else:
            self._found[class_.id] = {(class_.id,): 1}

    def _settle(self) -> None:
        for _ in range(MOST_SWEEPS):
            while self._sweep():
                pass
            blocked = [id_ for id_ in self._sums if id_ not in self._found]
            if not blocked:
                return
            leaves = [id_ for id_ in blocked if len(self._sums[id_]) < len(self.graph[id_].nodes)]
            for id_ in leaves or blocked[:1]:
                self._found[id_] = {(id_,): 1}

    def _sweep(self) -> bool:
        """Look at every sum and product once. True if some class got its first polynomial, or a better one."""
        changed = False
        for id_, nodes in self._sums.items():
            known = self._found.get(id_)
            options = [p for node in nodes if (p := self._node(node)) is not None]
            best = min(options, key=self._size, default=known)
            if best is not None and (known is None or self._size(best) < self._size(known)):
                self._found[id_] = best
                changed = True
        return changed

    def _node(self, node: Node) -> Polynomial | None:
        args = [self._found.get(self.graph.find(arg)) for arg in node.args]
        if any(arg is None for arg in args):
            return None
        left, right = (*args, None)[:2]
        assert left is not None
        if node.op == "neg":
            return plus({}, left, -1)
        assert right is not None
        if node.op != "mul":
            result = plus(left, right, 1 if node.op == "add" else -1)
        elif len(left) * len(right) > 4 * MOST_TERMS:
            return None
        else:
            result = product(left, right)
        small = len(result) <= MOST_TERMS and all(len(m) <= HIGHEST_DEGREE for m in result)
        return result if small and all(abs(c) <= LARGEST for c in result.values()) else None

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
