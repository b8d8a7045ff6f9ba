"""Shortening a formula piece by piece: each part may change wherever the whole does not notice.

The rows on which a part matters are worked out from the whole formula, and the part is solved again for those alone
(resubstitution with observability don't-cares).

Reference: G. De Micheli, Synthesis and optimization of digital circuits (1994), chapter 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scrutable.synthesis.boolean._node import Node, rebuilt, rows_of, variable
from scrutable.synthesis.boolean._solve import Solver

MOST_PASSES = 6
MOST_PARTS = 6

Path = tuple[int, ...]


def improved(node: Node, on: int, off: int, solver: Solver, *, depth: int) -> Node:
    """A formula as good on `on` and `off`, with no more literals.

    Cost: for each part of the formula one solution of at most `depth` splits, again after every success.
    """
    for _ in range(MOST_PASSES):
        better = _once(node, on, off, solver, depth)
        if better is None or solver.effort.over:
            return better or node
        node = better
    return node


def _once(node: Node, on: int, off: int, solver: Solver, depth: int) -> Node | None:
    """The formula with the first part shortened that can be."""
    best = solver.price(node)
    for whole, path in _parts(node):
        if solver.effort.over:
            return None
        must, must_not = _needed(whole, path, on, off, solver)
        part = solver.solve(must, must_not, depth)
        new = _exchanged(whole, path, part)
        if solver.price(new) < best:
            return new
    return None


def _parts(node: Node) -> Iterator[tuple[Node, Path]]:
    """Places in the formula, the largest parts first; groups of two in a longer and, or, xor are parts too."""
    paths = sorted(_paths(node, ()), key=lambda each: -each[0])
    for _, path in paths:
        yield node, path
    for _, path in paths:
        part = _at(node, path)
        if part.op in ("and", "or", "xor") and 3 <= len(part.args) <= MOST_PARTS:
            for pair in combinations(range(len(part.args)), 2):
                rest = tuple(arg for place, arg in enumerate(part.args) if place not in pair)
                grouped = Node(part.op, tuple(part.args[place] for place in pair))
                yield _put(node, path, Node(part.op, (grouped, *rest))), (*path, 0)


def _paths(node: Node, path: Path) -> Iterator[tuple[int, Path]]:
    size = 1
    for place, part in enumerate(node.args):
        for inner, where in _paths(part, (*path, place)):
            size += where == (*path, place) and inner
            yield inner, where
    yield size, path


def _at(node: Node, path: Path) -> Node:
    for place in path:
        node = node.args[place]
    return node


def _put(node: Node, path: Path, part: Node) -> Node:
    """The formula with one part exchanged, nothing tidied."""
    if not path:
        return part
    args = list(node.args)
    args[path[0]] = _put(args[path[0]], path[1:], part)
    return Node(node.op, tuple(args), node.value, node.test)


def _exchanged(node: Node, path: Path, part: Node) -> Node:
    """The formula with one part exchanged, calls above it tidied."""
    if not path:
        return part
    args = list(node.args)
    args[path[0]] = _exchanged(args[path[0]], path[1:], part)
    return rebuilt(node, args)


def _needed(node: Node, path: Path, on: int, off: int, solver: Solver) -> tuple[int, int]:
    """The rows on which the part must be true, and those on which it must be false."""
    where = solver.where
    hole = variable(where.n)
    tree = _put(node, path, hole)
    with_true = rows_of(tree, where, (*where.ones, where.full))
    with_false = rows_of(tree, where, (*where.ones, 0))
    must = on & with_true & ~with_false | off & ~with_true & with_false
    must_not = on & with_false & ~with_true | off & ~with_false & with_true
    return must, must_not
