"""Ways to take a function apart. Each gives smaller functions and says how they go together again.

A function is a pair of sets of rows, (must be true, must be false); rows in neither do not matter.

References: R. L. Ashenhurst, The decomposition of switching functions (1957); A. Mishchenko, B. Steinbach, M.
Perkowski, An algorithm for bi-decomposition of logic functions, DAC (2001).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from scrutable.synthesis.boolean._node import Node, conjunction, disjunction, literal, parity
from scrutable.synthesis.boolean._space import Space

WIDE = 10
"""Functions of more variables are asked for small disjoint parts only."""


@dataclass(frozen=True, slots=True)
class Peeled:
    """`join` of a literal and a function of the other variables."""

    literal: Node
    join: str
    on: int
    off: int


def peeled(on: int, off: int, where: Space, variables: Sequence[int]) -> Peeled | None:
    """The function as a literal joined by and, or, xor with one of the other variables; None if it is not."""
    for k in variables:
        for positive in (True, False):
            side, other = (where.ones[k], where.zeros[k]) if positive else (where.zeros[k], where.ones[k])
            if not on & other:
                return Peeled(literal(k, positive=positive), "and", where.exists(on, k), where.exists(off & side, k))
            if not off & side:
                return Peeled(literal(k, positive=positive), "or", where.exists(on & other, k), where.exists(off, k))
        flipped_on = where.low(on, k) | where.high(off, k)
        flipped_off = where.low(off, k) | where.high(on, k)
        if not flipped_on & flipped_off:
            return Peeled(literal(k, positive=True), "xor", flipped_on, flipped_off)
    return None


def joined(join: str, *parts: Node) -> Node:
    """The parts joined by and, or, xor."""
    return {"and": conjunction, "or": disjunction, "xor": parity}[join](parts)


@dataclass(frozen=True, slots=True)
class Nested:
    """A complete function as `outer` with variable `place` standing for `inner`, a function of other variables."""

    place: int
    inner: int
    outer: int
    gone: tuple[int, ...]


def nested_pair(on: int, where: Space, variables: Sequence[int]) -> Nested | None:
    """Two variables that matter only through one gate of the two; None if no two do."""
    for i, j in combinations(variables, 2):
        low, high = where.low(on, i), where.high(on, i)
        four = [where.low(low, j), where.high(low, j), where.low(high, j), where.high(high, j)]
        if four[0] == four[3] and four[1] == four[2]:
            inner, yes, no = where.ones[i] ^ where.ones[j], four[1], four[0]
        else:
            odd = [place for place in range(4) if four.count(four[place]) == 1]
            if len(odd) != 1:
                continue
            inner = (where.ones[i] if odd[0] & 2 else where.zeros[i]) & (
                where.ones[j] if odd[0] & 1 else where.zeros[j]
            )
            yes, no = four[odd[0]], four[odd[0] ^ 3]
        return Nested(i, inner, where.ones[i] & yes | where.zeros[i] & no, (j,))
    return None


def nested_part(on: int, where: Space, variables: Sequence[int]) -> Nested | None:
    """The smallest set of three or more variables that matters only through one function of them; None if none does.

    Cost: some ten microseconds for each subset of the variables, all of them up to 10 variables, small ones beyond.
    """
    sizes = range(3, len(variables)) if len(variables) <= WIDE else (3,)
    for size in sizes:
        for chosen in combinations(variables, size):
            found = _nested(on, where, chosen, [k for k in variables if k not in chosen])
            if found is not None:
                return found
    return None


def _nested(on: int, where: Space, chosen: Sequence[int], others: Sequence[int]) -> Nested | None:
    """A set with two different columns in the decomposition chart, as Ashenhurst asks."""
    no = on
    for k in chosen:
        no = where.low(no, k)
    inner = on ^ no
    for k in others:
        inner = where.exists(inner, k)
    yes, not_yes = on & inner, inner & ~on
    for k in chosen:
        yes, not_yes = where.exists(yes, k), where.exists(not_yes, k)
    if yes & not_yes:
        return None
    place = chosen[0]
    return Nested(place, inner, where.ones[place] & yes | where.zeros[place] & no, tuple(chosen[1:]))


def overlapping(on: int, off: int, where: Space, variables: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of variable sets (A, B) such that the function is `g or h`, g without B and h without A, largest first."""
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], None] = {}
    for a, b in combinations(variables, 2):
        first, second = [a], [b]
        off_first, off_second = where.exists(off, a), where.exists(off, b)
        if on & off_first & off_second:
            continue
        for k in variables:
            if k in (a, b):
                continue
            for side in sorted((0, 1), key=lambda s: len((first, second)[s])):
                wider = where.exists((off_first, off_second)[side], k)
                if not on & wider & (off_first, off_second)[1 - side]:
                    (first, second)[side].append(k)
                    off_first, off_second = (wider, off_second) if side == 0 else (off_first, wider)
                    break
        found[tuple(sorted(first)), tuple(sorted(second))] = None
    for first, second in sorted(found, key=lambda sets: -len(sets[0]) * len(sets[1])):
        yield list(first), list(second)


def without(rows: int, where: Space, variables: Sequence[int]) -> int:
    """The rows that are in the set for some values of `variables`."""
    for k in variables:
        rows = where.exists(rows, k)
    return rows


def exclusive(on: int, where: Space, variables: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of functions (g, h) of fewer variables with `g xor h` the complete function, most variables apart first."""
    apart: dict[int, set[int]] = {k: set() for k in variables}
    for a, b in combinations(variables, 2):
        low, high = where.low(on, a), where.high(on, a)
        if where.low(low, b) ^ where.high(low, b) == where.low(high, b) ^ where.high(high, b):
            apart[a].add(b)
            apart[b].add(a)
    seen: set[tuple[int, ...]] = set()
    options: list[tuple[int, tuple[int, ...]]] = []
    for a in variables:
        first, second = {a}, set(apart[a])
        for k in variables:
            if k not in first | second and len(first) < len(second):
                narrower = second & apart[k]
                if len(narrower) * (len(first) + 1) > len(second) * len(first):
                    first, second = first | {k}, narrower
        key = tuple(sorted(second))
        if second and key not in seen:
            seen.add(key)
            options.append((-len(first) * len(second), key))
    for _, key in sorted(options):
        g = on
        for k in key:
            g = where.low(g, k)
        yield g, on ^ g
