"""Factoring a sum of products into a formula with fewer literals.

Algebraic division by kernels, after R. K. Brayton and C. McMullen, The decomposition and factorization of Boolean
expressions, ISCAS (1982).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from scrutable.synthesis.boolean._cubes import Cube
from scrutable.synthesis.boolean._node import Node, conjunction, disjunction, literal

Cover = frozenset[Cube]
MOST_KERNELS = 40
MOST_CUBES = 16
"""Longer covers are divided by their most frequent literal."""


def factored(cubes: Sequence[Cube], weights: Sequence[float]) -> Node:
    """A formula for the sum of the cubes, factored where that saves literals."""
    return _factor(frozenset(cubes), None if all(weight == 1 for weight in weights) else tuple(weights))


def product_of(cube: Cube) -> Node:
    """The conjunction of the literals of a cube."""
    return conjunction(literal(k, positive=bool(cube[0] >> k & 1)) for k in _variables(cube[0] | cube[1]))


def _variables(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@lru_cache(maxsize=20_000)
def _factor(cover: Cover, weights: tuple[float, ...] | None) -> Node:
    if len(cover) <= 1 or (0, 0) in cover:
        return disjunction(map(product_of, sorted(cover)[:1] if (0, 0) not in cover else [(0, 0)]))
    common = _common(cover)
    if common != (0, 0):
        return conjunction((product_of(common), _factor(_without(cover, common), weights)))
    best, saving, whole = None, 0.0, _literals(cover, weights)
    for divisor in _divisors(cover, weights):
        quotient, rest = _divided(cover, divisor)
        if not quotient:
            continue
        saved = whole - sum(_literals(part, weights) for part in (divisor, quotient, rest))
        if saved > saving + 1e-9:
            best, saving = (divisor, quotient, rest), saved
    if best is None:
        return disjunction(map(product_of, sorted(cover)))
    divisor, quotient, rest = (_factor(part, weights) for part in best)
    return disjunction((conjunction((divisor, quotient)), rest)) if best[2] else conjunction((divisor, quotient))


def _literals(cover: Cover, weights: Sequence[float] | None) -> float:
    if weights is None:
        return sum((yes | no).bit_count() for yes, no in cover)
    return sum(weights[k] for yes, no in cover for k in _variables(yes | no))


def _common(cover: Cover) -> Cube:
    yes = no = -1
    for cube in cover:
        yes, no = yes & cube[0], no & cube[1]
    return yes, no


def _without(cover: Cover, cube: Cube) -> Cover:
    return frozenset((yes & ~cube[0], no & ~cube[1]) for yes, no in cover)


def _within(cube: Cube, other: Cube) -> bool:
    return not (cube[0] & ~other[0] or cube[1] & ~other[1])


def _divided(cover: Cover, divisor: Cover) -> tuple[Cover, Cover]:
    """Quotient and rest of algebraic division: cover = divisor * quotient + rest, no variable on both sides."""
    quotient: Cover | None = None
    for part in divisor:
        here = frozenset((yes & ~part[0], no & ~part[1]) for yes, no in cover if _within(part, (yes, no)))
        quotient = here if quotient is None else quotient & here
    if not quotient:
        return frozenset(), cover
    product = {(a | c, b | d) for a, b in divisor for c, d in quotient}
    if len(product) < len(divisor) * len(quotient):
        return frozenset(), cover
    return quotient, frozenset(cover - product)


def _divisors(cover: Cover, weights: Sequence[float] | None) -> list[Cover]:
    """Kernels (quotients by a cube that no further cube divides) and single literals."""
    times: Counter[Cube] = Counter()
    for yes, no in cover:
        times.update((1 << k, 0) for k in _variables(yes))
        times.update((0, 1 << k) for k in _variables(no))
    repeated = sorted(each for each in times if times[each] > 1)
    if len(cover) > MOST_CUBES:
        return [frozenset({max(repeated, key=lambda each: times[each] * _literals(frozenset({each}), weights))})]
    found: dict[Cover, None] = {}
    _kernels(cover, repeated, 0, found)
    return [*found, *(frozenset({each}) for each in repeated)]


def _kernels(cover: Cover, literals: Sequence[Cube], start: int, found: dict[Cover, None]) -> None:
    for place in range(start, len(literals)):
        inside = frozenset(cube for cube in cover if _within(literals[place], cube))
        if len(inside) < 2 or len(found) >= MOST_KERNELS:
            continue
        common = _common(inside)
        if any(_within(literals[earlier], common) for earlier in range(place)):
            continue
        kernel = _without(inside, common)
        if kernel not in found:
            found[kernel] = None
            _kernels(kernel, literals, place + 1, found)
