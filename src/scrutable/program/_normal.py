"""Normal forms: classes that are the same sum, comparison, remainder or lattice term are merged, without search.

Associativity and commutativity as rewrite rules make an e-graph grow exponentially. Here each class is brought into a
form in which those laws are built in, classes with one form are merged, and the form is written back in canonical
order, so that rewrite rules and extraction can use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from scrutable.errors import ScrutableError
from scrutable.program._egraph import EGraph
from scrutable.program._lattices import merge_lattices
from scrutable.program._polynomials import Polynomial, Polynomials, content, integral, plus
from scrutable.program._types import BOOL, scalar_of

MOST_SPLIT = 4


def normalising() -> Callable[[EGraph], Iterator[None]]:
    """A pass over an e-graph, see `_egraph.saturate`."""
    written: set[Any] = set()

    def normalise(graph: EGraph) -> Iterator[None]:
        for step in (_sums, _divisions, _comparisons):
            yield from step(graph, Polynomials(graph), written)
            graph.rebuild()
        yield from merge_lattices(graph, written)

    return normalise


def _sums(graph: EGraph, polynomials: Polynomials, written: set[Any]) -> Iterator[None]:
    """Merge equal polynomials; write each out in canonical order, factored, and split in two in every way."""
    owners: dict[Any, int] = {}
    for class_ in graph.classes():
        if not integral(graph, class_.id) or class_.constant is not None or scalar_of(class_.type) == BOOL:
            continue
        form = polynomials.of(class_.id)
        if form == {(class_.id,): 1}:
            continue
        key = (class_.type, frozenset(form.items()))
        graph.union(class_.id, owners.setdefault(key, class_.id))
        if key not in written:
            written.add(key)
            graph.merge(class_.id, lambda form=form: polynomials.build(form))
            for make in _variants(graph, polynomials, form):
                graph.merge(class_.id, make)
        yield


def _variants(graph: EGraph, polynomials: Polynomials, form: Polynomial) -> Iterator[Callable[[], int]]:
    build, terms = polynomials.build, list(form.items())
    factor = content(form.values())
    if factor > 1 and len(form) > 1:
        small = {m: c // factor for m, c in form.items()}
        yield lambda: graph.apply("mul", graph.literal(factor), build(small))
    for atom in set.intersection(*(set(m) for m in form)) if len(form) > 1 else ():
        rest = {_without(m, atom): c for m, c in form.items()}
        yield lambda atom=atom, rest=rest: graph.apply("mul", atom, build(rest))
    if not 2 < len(terms) <= MOST_SPLIT:
        return
    for size in range(1, len(terms) // 2 + 1):
        for part in combinations(terms, size):
            left, right = dict(part), plus(form, dict(part), -1)
            yield lambda left=left, right=right: _split(graph, polynomials, left, right)


def _split(graph: EGraph, polynomials: Polynomials, left: Polynomial, right: Polynomial) -> int:
    if all(c < 0 for c in left.values()):
        left, right = right, left
    if all(c < 0 for c in right.values()):
        return graph.apply("sub", polynomials.build(left), polynomials.build(plus({}, right, -1)))
    return graph.apply("add", polynomials.build(left), polynomials.build(right))


def _without(monomial: tuple[int, ...], atom: int) -> tuple[int, ...]:
    place = monomial.index(atom)
    return monomial[:place] + monomial[place + 1 :]


def _divisions(graph: EGraph, polynomials: Polynomials, written: set[Any]) -> Iterator[None]:
    """`(k*x + r) // k` and `(k*x + r) % k` for a literal `k`, with inner remainders dropped."""
    for class_ in graph.classes():
        for node in [n for n in class_.nodes if n.op in ("floordiv", "mod") and integral(graph, class_.id)]:
            literal = graph[node.args[1]].constant
            if literal is None or type(literal.value) is not int or not literal.value:
                continue
            top, k = polynomials.of(node.args[0]), literal.value
            key = (node.op, class_.type, k, frozenset(top.items()))
            if key not in written:
                written.add(key)
                divide = _quotient if node.op == "floordiv" else _remainder
                graph.merge(class_.id, lambda d=divide, top=top, k=k: d(graph, polynomials, top, k))
        yield


def _quotient(graph: EGraph, polynomials: Polynomials, top: Polynomial, k: int) -> int:
    whole = {m: c // k for m, c in top.items() if c // k and (c % k == 0 or not m)}
    rest = plus(top, whole, -k)
    low, high = polynomials.range(rest)
    if k > 0 and low >= 0 and high < k:
        return polynomials.build(whole)
    quotient = graph.apply("floordiv", polynomials.build(rest), graph.literal(k), canonical=True)
    return graph.apply("add", polynomials.build(whole), quotient) if whole else quotient


def _remainder(graph: EGraph, polynomials: Polynomials, top: Polynomial, k: int) -> int:
    rest = _reduced(top, k)
    for _ in range(4):
        for monomial in list(rest):
            inner, times = _inside_remainder(graph, monomial, k), rest.get(monomial, 0)
            if inner is not None and times:
                rest = plus(plus(rest, {monomial: -times}), polynomials.of(inner), times)
        rest = _reduced(rest, k)
    low, high = polynomials.range(rest)
    if k > 0 and low >= 0 and high < k:
        return polynomials.build(rest)
    return graph.apply("mod", polynomials.build(rest), graph.literal(k), canonical=True)


def _reduced(polynomial: Polynomial, k: int) -> Polynomial:
    """Coefficients as close to zero as they can be, the constant never negative."""
    rest = {}
    for monomial, coefficient in polynomial.items():
        value = coefficient % abs(k)
        rest[monomial] = value - abs(k) if monomial and 2 * value > abs(k) else value
    return {m: c for m, c in rest.items() if c}


def _inside_remainder(graph: EGraph, monomial: tuple[int, ...], k: int) -> int | None:
    """What is inside `x % m`, when `m` is a multiple of `k`."""
    if len(monomial) != 1:
        return None
    for node in graph[monomial[0]].nodes:
        if node.op == "mod" and integral(graph, node.args[0]):
            literal = graph[node.args[1]].constant
            if literal is not None and literal.value and type(literal.value) is int and literal.value % k == 0:
                return node.args[0]
    return None


def _comparisons(graph: EGraph, polynomials: Polynomials, written: set[Any]) -> Iterator[None]:
    """Comparisons of whole numbers as a bound on a sum without common factor or common terms."""
    owners: dict[Any, int] = {}
    for class_ in graph.classes():
        for node in [n for n in class_.nodes if n.op in ("lt", "le", "eq", "ne")]:
            if not all(integral(graph, arg) for arg in node.args):
                continue
            difference = plus(polynomials.of(node.args[0]), polynomials.of(node.args[1]), -1)
            key = _bound(graph, node.op, difference)
            graph.union(class_.id, owners.setdefault((class_.type, key), class_.id))
            if (class_.type, key) not in written:
                written.add((class_.type, key))
                for make in _spelled_bounds(graph, polynomials, key):
                    graph.merge(class_.id, make)
        yield


def _bound(graph: EGraph, op: str, difference: Polynomial) -> tuple[Any, ...]:
    """`(op, terms, bound)` with the meaning `sum of terms  op  bound`, where op is lt, eq, ne or a truth value."""
    shift = difference.get((), 0)
    terms = plus(difference, {(): -shift}) if shift else dict(difference)
    if not terms:
        return ({"lt": shift < 0, "le": shift <= 0, "eq": shift == 0, "ne": shift != 0}[op],)
    factor = content(terms.values())
    if op in ("eq", "ne"):
        first = min(terms, key=lambda m: sorted(graph[a].order for a in m))
        factor = -factor if terms[first] < 0 else factor
        if shift % factor:
            return (op == "ne",)
    bound = -shift // factor
    if op == "le":  # terms <= -shift, that is, terms / factor < floor(-shift / factor) + 1
        bound += 1
    elif op == "lt":
        bound = -(shift // factor)
    return ("lt" if op == "le" else op, frozenset((m, c // factor) for m, c in terms.items()), bound)


def _spelled_bounds(graph: EGraph, polynomials: Polynomials, key: tuple[Any, ...]) -> Iterator[Callable[[], int]]:
    if len(key) == 1:
        yield lambda: graph.literal(key[0])
        return
    op, terms, bound = key
    low, high = polynomials.range(dict(terms))
    if op == "lt":
        pairs = [("lt", bound), ("le", bound - 1)]
        pairs += [("eq", low)] if bound == low + 1 else [("ne", high)] if bound == high else []
    else:
        pairs = [(op, bound)]
    left = {m: c for m, c in terms if c > 0}
    right = {m: -c for m, c in terms if c < 0}
    for name, limit in pairs:
        yield lambda name=name, limit=limit: _compare(graph, polynomials, name, (left, right), int(limit))
    if len(terms) == 1 and (low, high) in ((0, 1), (-1, 0)):
        yield lambda: _truth(graph, key)
    if op == "lt" and bound <= 0 and -high >= 0 and low > 2 * (bound - 1):  # 0 <= -terms < 2 * (1 - bound)
        total, k = polynomials.build(right if not left else plus(right, left, -1)), graph.literal(1 - int(bound))
        yield lambda: graph.apply("floordiv", total, k)


def _compare(graph: EGraph, polynomials: Polynomials, op: str, sides: tuple[Polynomial, Polynomial], limit: int) -> int:
    """`left op right + limit`, the limit on the side where it is not negative."""
    left, right = sides
    if limit and (limit > 0 or not right):
        right = plus(right, {(): limit})
    elif limit:
        left = plus(left, {(): -limit})
    if not left and op in ("eq", "ne"):
        left, right = right, left
    return graph.apply(op, polynomials.build(left), polynomials.build(right))


def _truth(graph: EGraph, key: tuple[Any, ...]) -> int:
    """A comparison of something that is 0 or 1 with 0 or 1 is that thing or its opposite."""
    op, ((monomial, sign),), bound = key[0], tuple(key[1]), key[2]
    known = bound == (sign > 0) if op == "lt" else sign * bound in (0, 1)
    if len(monomial) != 1 or abs(sign) != 1 or not known:  # otherwise it is always true or never
        raise ScrutableError
    positive = (sign * bound == 1) == (op == "eq") if op != "lt" else sign < 0
    if positive:
        return monomial[0]
    if scalar_of(graph[monomial[0]].type) == BOOL:
        return graph.apply("not", monomial[0])
    return graph.apply("sub", graph.literal(1), monomial[0])
