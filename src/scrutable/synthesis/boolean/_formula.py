"""From sets of rows to the shortest formulas found for them."""

from __future__ import annotations

from collections.abc import Iterator

from scrutable.synthesis.boolean._cubes import smallest_cover
from scrutable.synthesis.boolean._factor import factored
from scrutable.synthesis.boolean._improve import improved
from scrutable.synthesis.boolean._node import Node, negated, nodes, price, rows_of
from scrutable.synthesis.boolean._solve import COVER_WORK, Effort, Solver
from scrutable.synthesis.boolean._space import Space
from scrutable.work import Clock

DEPTH = 2
SOLUTIONS = 3000
FEW = 300
"""So many functions are solved for a formula without counts when one with counts reads every variable once."""
TANGLED = 5
"""A function whose quick formula reads each variable more often than this has no short one to look for at length."""
MOST_SPELLED_OUT = 9
"""Such a formula of more variables is not spelled out without counts."""


def formulas(on: int, off: int, where: Space, clock: Clock) -> Iterator[Node]:
    """The shortest formula that may ask about counts, then the shortest that does not where the first one does.

    Each has been compared with both sets on every row.
    """
    first = _shortest(on, off, where, clock, counts=True)
    yield first
    if any(each.op == "count" for each in nodes(first)):
        variables = len({each.value for each in nodes(first) if each.op == "variable"})
        once = price(first, (1.0,) * where.n)[0] <= variables
        if once and variables > MOST_SPELLED_OUT:
            return
        yield _shortest(on, off, where, clock, counts=False, solutions=FEW if once else SOLUTIONS)


def _shortest(on: int, off: int, where: Space, clock: Clock, *, counts: bool, solutions: int = SOLUTIONS) -> Node:
    weights = (1.0,) * where.n
    effort = Effort(solutions, clock)
    solver = Solver(where, weights, effort, counts=counts)
    on, off = solver.narrowed(on, off)
    variables = len(where.support(on, off))
    if solver.price(solver.solve(on, off, 0))[0] > TANGLED * variables:
        effort.left = min(effort.left, FEW)
    found = [improved(solver.solve(on, off, DEPTH), on, off, solver, depth=1)]
    if variables < solver.price(found[0])[0] and not effort.over:
        for first, second, turned in ((on, off, False), (off, on, True)):
            node = factored(smallest_cover(first, second, where, weights, most=COVER_WORK)[0], weights)
            found.append(improved(negated(node) if turned else node, on, off, solver, depth=1))
    best = min(found, key=solver.price)
    rows = rows_of(best, where, where.ones)
    assert not on & ~rows and not off & rows, "a formula must be right on every row"
    return best
