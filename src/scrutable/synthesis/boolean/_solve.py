"""The search: take a function apart in every way that may pay, solve the parts, keep the shortest formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import final

from scrutable.synthesis.boolean._bank import MOST_VARIABLES, bank
from scrutable.synthesis.boolean._cubes import irredundant, smallest_cover
from scrutable.synthesis.boolean._factor import factored
from scrutable.synthesis.boolean._node import (
    FALSE,
    TRUE,
    Node,
    choice,
    conjunction,
    disjunction,
    literal,
    negated,
    parity,
    price,
    replaced,
    rows_of,
    variable,
)
from scrutable.synthesis.boolean._space import Space
from scrutable.synthesis.boolean._split import (
    Nested,
    exclusive,
    joined,
    nested_pair,
    nested_part,
    overlapping,
    peeled,
    without,
)
from scrutable.synthesis.boolean._threshold import symmetric, threshold
from scrutable.work import Clock

Plan = Callable[[int], Node]
"""A way to build the function, given the effort to spend on its parts."""

LOOKED_AT = 3
MOST_OVERLAPS = 4
MOST_DIVISORS = 4
MOST_EXACT = 10
COVER_WORK = 3000


@final
class Effort:
    """How many functions may still be solved, shared by everything that works on one target."""

    def __init__(self, left: int, clock: Clock) -> None:
        self.left, self.clock = left, clock

    def spend(self, work: int) -> None:
        """One function more, and the cubes that it was written with."""
        self.left -= 1 + work // 8

    @property
    def over(self) -> bool:
        """Whether to be content with quick answers from now on."""
        return self.left <= 0 or self.clock.over


@final
class Solver:
    """Formulas for functions over the rows of one space.

    Arguments:
        where: the space.
        weights: how many literals reading each variable counts for; more than one where it stands for a formula.
        effort: shared limits.
        counts: whether questions about counts may be used.
    """

    def __init__(self, where: Space, weights: Sequence[float], effort: Effort, *, counts: bool) -> None:
        self.where, self.weights, self.effort, self.counts = where, tuple(weights), effort, counts
        self._known: dict[tuple[int, int], tuple[int, Node]] = {}
        self._plain = all(weight == 1 for weight in weights)

    def price(self, node: Node) -> tuple[float, float]:
        """Literals, then bits."""
        return price(node, self.weights)

    def solve(self, on: int, off: int, depth: int) -> Node:
        """A formula that is true on `on` and false on `off`.

        Arguments:
            depth: how many splits deep alternatives are weighed against each other; 0 takes the first good answer.
        """
        free = on | off != self.where.full
        if free and on and off and self._small(on, off) is not None:
            return self._remembered(on, off, 0)
        on, off = self.narrowed(on, off)
        return self._remembered(on, off, 0 if self.effort.over else depth)

    def _remembered(self, on: int, off: int, depth: int) -> Node:
        known = self._known.get((on, off))
        if known is not None and known[0] >= depth:
            return known[1]
        node = self._solved(on, off, depth)
        if known is not None and self.price(known[1]) < self.price(node):
            node = known[1]
        self._known[on, off] = depth, node
        return node

    def narrowed(self, on: int, off: int) -> tuple[int, int]:
        """The function without the variables it can do without, the dearest first, in the order that leaves fewest."""
        where = self.where
        support = where.support(on, off)
        orders = [support] if on | off == where.full else [support, support[::-1]]
        found = []
        for order in orders:
            some_on, some_off = on, off
            for k in sorted(order, key=lambda k: -self.weights[k]):
                wide_on, wide_off = where.exists(some_on, k), where.exists(some_off, k)
                if not wide_on & wide_off:
                    some_on, some_off = wide_on, wide_off
            found.append((some_on, some_off))
        return min(found, key=lambda each: sum(self.weights[k] for k in where.support(*each)))

    def _solved(self, on: int, off: int, depth: int) -> Node:
        where = self.where
        if not on or not off:
            return TRUE if on else FALSE
        variables = where.support(on, off)
        if len(variables) == 1:
            return literal(variables[0], positive=bool(on & where.ones[variables[0]]))
        small = self._small(on, off)
        if small is not None:
            return small
        complete = on | off == where.full
        if complete:
            apart = self._apart(on, off, variables, depth)
            if apart is not None:
                return apart
        return self._best(on, off, variables, depth)

    def _small(self, on: int, off: int) -> Node | None:
        """The cheapest formula of at most three literals, if there is one."""
        if not self._plain or self.where.n > MOST_VARIABLES:
            return None
        table = bank(self.where.n)
        found = table.matches(on, off, self.where)
        return min((table.nodes[place] for place in found[:64]), key=self.price) if len(found) else None

    def _apart(self, on: int, off: int, variables: Sequence[int], depth: int) -> Node | None:
        """Parts without common variables: these can be solved each on its own, and nothing is lost."""
        first = peeled(on, off, self.where, variables)
        if first is not None:
            return joined(first.join, first.literal, self.solve(first.on, first.off, depth))
        nested = nested_pair(on, self.where, variables)
        if nested is None and depth > 0:
            nested = nested_part(on, self.where, variables)
        return None if nested is None else self._nested(nested, depth)

    def _nested(self, nested: Nested, depth: int) -> Node:
        full, place = self.where.full, nested.place
        inner = self.solve(nested.inner, full ^ nested.inner, depth)
        weights = list(self.weights)
        weights[place] = self.price(inner)[0]
        solver = Solver(self.where, weights, self.effort, counts=self.counts)
        outer = solver.solve(nested.outer, full ^ nested.outer, depth)
        leaves = [variable(k) for k in range(self.where.n)]
        leaves[place] = inner
        return replaced(outer, leaves)

    def _best(self, on: int, off: int, variables: Sequence[int], depth: int) -> Node:
        """The best of the two-level forms and, with depth left, of the plans."""
        options = list(self._flat(on, off, variables, depth))
        least = sum(self.weights[k] for k in variables)
        once = on | off == self.where.full and min(map(self.price, options))[0] <= least
        if depth > 0 and not once:
            plans = [(plan(depth - 1), plan) for plan in self._plans(on, off, variables)]
            options += [node for node, _ in plans]
            if depth > 1:
                plans.sort(key=lambda each: self.price(each[0]))
                options += [plan(depth) for _, plan in plans[:LOOKED_AT] if not self.effort.over]
        return min(options, key=self.price)

    def _flat(self, on: int, off: int, variables: Sequence[int], depth: int) -> Iterator[Node]:
        """Factored sums of products, of the function and of its complement; questions about counts."""
        where, weights = self.where, self.weights
        cubes, turned = irredundant(on, off, where), irredundant(off, on, where)
        self.effort.spend(len(cubes) + len(turned))
        yield factored(cubes, weights)
        yield negated(factored(turned, weights))
        if depth > 0 and len(variables) <= MOST_EXACT:
            yield factored(smallest_cover(on, off, where, weights, most=COVER_WORK)[0], weights)
            yield negated(factored(smallest_cover(off, on, where, weights, most=COVER_WORK)[0], weights))
        if self.counts and len(variables) > 2:
            found = symmetric(on, off, where, variables)
            if found is None and depth > 0:
                found = threshold(on, off, where, variables)
            if found is not None:
                yield found

    def _plans(self, on: int, off: int, variables: Sequence[int]) -> Iterator[Plan]:
        for k in variables:
            yield from self._about(k, on, off)
        yield from self._with_divisors(on, off)
        for first, second in list(overlapping(on, off, self.where, variables))[:MOST_OVERLAPS]:
            yield self._either(on, off, first, second)
        for first, second in list(overlapping(off, on, self.where, variables))[:MOST_OVERLAPS]:
            yield _turned(self._either(off, on, first, second))
        if on | off == self.where.full:
            full = self.where.full
            for g, h in list(exclusive(on, self.where, variables))[:MOST_OVERLAPS]:
                yield lambda depth, g=g, h=h: parity((self.solve(g, full ^ g, depth), self.solve(h, full ^ h, depth)))
        else:
            first = peeled(on, off, self.where, variables)
            if first is not None:
                yield lambda depth: joined(first.join, first.literal, self.solve(first.on, first.off, depth))

    def _about(self, k: int, on: int, off: int) -> Iterator[Plan]:
        """Expansions about one variable (Boole, Shannon; Davio for complete functions)."""
        where, full = self.where, self.where.full
        on0, on1, off0, off1 = where.low(on, k), where.high(on, k), where.low(off, k), where.high(off, k)
        yield lambda depth: choice(variable(k), self.solve(on1, off1, depth), self.solve(on0, off0, depth))
        for side, a_on, a_off, b_on, b_off in ((True, on1, off1, on0, off0), (False, on0, off0, on1, off1)):
            if not b_on & a_off:
                yield self._monotone(literal(k, positive=side), a_on, a_off, b_on, b_off)
                turned = self._monotone(literal(k, positive=not side), b_off, b_on, a_off, a_on)
                yield _turned(turned)
        if on | off == full and len(where.support(on0 ^ on1)) + 1 < len(where.support(on)):
            change = on0 ^ on1
            for side, rest in ((True, on0), (False, on1)):
                yield lambda depth, side=side, rest=rest: parity(
                    (
                        self.solve(rest, full ^ rest, depth),
                        conjunction((literal(k, positive=side), self.solve(change, full ^ change, depth))),
                    )
                )

    def _monotone(self, side: Node, a_on: int, a_off: int, b_on: int, b_off: int) -> Plan:
        """`side and g or h` where the function on that side is implied by the one on the other, h."""

        def plan(depth: int) -> Node:
            h = self.solve(b_on, b_off | a_off, depth)
            rows = self._rows(h)
            return disjunction((conjunction((side, self.solve(a_on & ~rows, a_off, depth))), h))

        return plan

    def _with_divisors(self, on: int, off: int) -> Iterator[Plan]:
        """A short function joined by or (by and) with what it leaves over."""
        if self.where.n > MOST_VARIABLES:
            return
        table = bank(self.where.n)
        for place in table.inside(on, off, self.where, MOST_DIVISORS):
            rows, node = table.rows[place], table.nodes[place]
            yield lambda depth, rows=rows, node=node: disjunction((node, self.solve(on & ~rows, off, depth)))
        for place in table.inside(off, on, self.where, MOST_DIVISORS):
            rows, node = table.rows[place], table.nodes[place]
            yield lambda depth, rows=rows, node=node: negated(disjunction((node, self.solve(off & ~rows, on, depth))))

    def _either(self, on: int, off: int, first: list[int], second: list[int]) -> Plan:
        """`g or h`, g without the variables `second`, h without `first`."""
        where = self.where
        off_g, off_h = without(off, where, second), without(off, where, first)

        def plan(depth: int) -> Node:
            g = self.solve(without(on & off_h, where, second), off_g, depth)
            h = self.solve(without(on & ~self._rows(g), where, first), off_h, depth)
            return disjunction((g, h))

        return plan

    def _rows(self, node: Node) -> int:
        return rows_of(node, self.where, self.where.ones)


def _turned(plan: Plan) -> Plan:
    return lambda depth: negated(plan(depth))
