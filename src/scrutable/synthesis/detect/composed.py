"""Detector: a short function of intermediate quantities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import Expr, substitute
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._quantities import Quantity, classes_of, distinct_after, of_all, of_two
from scrutable.synthesis.detect._view import EVIDENCE, View, coded, disagreement, relevant_view, telling
from scrutable.synthesis.detect._write import LARGEST_TABLE, names_of, table_of
from scrutable.synthesis.detect.affine import rounded_down
from scrutable.synthesis.detect.polynomial import least_polynomial
from scrutable.synthesis.enumeration import Grammar, search_many
from scrutable.work import Clock

MOST_COLUMNS = 8
MOST_NAMED = 2
FEWER = 0.75
"""A quantity of all columns must take so many fewer values than there are rows."""
BRANCHES = 2
CLOSED = 2
CLOSING = 20_000
"""Candidates looked at for what joins the quantities that are left."""


@final
@dataclass(frozen=True, slots=True)
class Composed(Method):
    """Quantities through which alone the answers depend on the columns: a sum, a difference, a largest, a remainder.

    First one quantity of all columns, then quantities of two columns or of one that can take the columns' place without
    making two equal rows disagree, again and again. What is then left is named by the enumerator, as a sum, as a
    polynomial, or as a table.

    Reference: S.-M. Udrescu, M. Tegmark, AI Feynman (2020), for the reduction by quantities of two variables.
    """

    name: str = "composed"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return "the answers are real numbers" if table.real else None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not 0 < view.width <= MOST_COLUMNS:
            return
        for expr in _expressions(view, clock):
            try:
                found = scored(expr, table)
            except ProgramError:
                continue
            if not found.residual:
                yield found


def _expressions(view: View, clock: Clock) -> Iterator[Expr]:
    if view.width == 1:
        yield from names_of(view.leaves[0], view.columns[:, 0], view.target, clock=clock)
        return
    ranked = sorted(_telling(view), key=lambda each: each[0])
    for _, _, (expr, values) in ranked[:MOST_NAMED]:
        if clock.over:
            return
        yield from names_of(expr, values, view.target, clock=clock)
    for left in _reduced(view, clock):
        yield from _closed(left, clock)


def _telling(view: View) -> Iterator[tuple[int, int, Quantity]]:
    """The quantities of all columns that determine the answers, with how many values they take and their order."""
    for place, (expr, values) in enumerate(of_all(view)):
        levels = len(np.unique(values))
        if (view.full or levels <= FEWER * view.rows) and telling(view, values):
            yield levels, place, (expr, values)


def _reduced(view: View, clock: Clock) -> list[View]:
    """What is left when no further quantity can take the place of columns, at most two ways, the fewest rows first."""
    waiting, done = [view], []
    for _ in range(2 * view.width):
        following: list[View] = []
        for each in waiting:
            fewer = _fewer(each, clock)
            following += fewer
            if not fewer and each is not view:
                done.append(each)
        waiting = sorted(following, key=lambda v: v.rows)[:BRANCHES]
        if not waiting or clock.over:
            break
    return sorted(done, key=lambda v: (v.width, v.rows))[:CLOSED]


def _fewer(view: View, clock: Clock) -> list[View]:
    """Views in which a quantity has taken the place of columns, those with the fewest rows."""
    if view.width < 2:
        return []
    chance, codes, options = disagreement(view.target), coded(view.columns), []
    total = codes.sum(axis=1, dtype=np.uint64)
    for i, j in combinations(range(view.width), 2):
        if clock.over:
            return []
        rest = total - codes[:, i] - codes[:, j]
        for expr, values in of_two(view, i, j):
            rows = distinct_after(view, rest, values)
            if rows is not None and (view.full or (view.rows - rows) * chance >= EVIDENCE) and rows < view.rows:
                options.append((rows, len(options), (i, j), expr, values))
    best = sorted(options, key=lambda each: each[:2])[:BRANCHES]
    found = [view.swapped(gone, expr, values) for _, _, gone, expr, values in best]
    return found or _coarser(view, clock)


def _coarser(view: View, clock: Clock) -> list[View]:
    """The view with one column taken to classes of its levels, for the first column that has such."""
    codes = coded(view.columns)
    for j in range(view.width):
        values = classes_of(view, j) if view.whole and not clock.over else None
        rest = codes.sum(axis=1, dtype=np.uint64) - codes[:, j]
        if values is None or distinct_after(view, rest, values) is None:
            continue
        expr = next(names_of(view.leaves[j], view.columns[:, j], values, clock=clock), None)
        if expr is not None:
            return [view.swapped((j,), expr, values)]
    return []


def _closed(view: View, clock: Clock) -> Iterator[Expr]:
    """Expressions for what is left."""
    if clock.over:
        return
    if view.width == 1:
        yield from names_of(view.leaves[0], view.columns[:, 0], view.target, clock=clock)
        return
    if view.whole and view.rows > view.width + 1:
        expr = rounded_down(view, clock) or (least_polynomial(view, clock) if view.width <= 3 else None)
        if expr is not None:
            yield expr
            return
        if view.full and view.rows <= LARGEST_TABLE:
            yield table_of(view.leaves, view.columns, view.target)
    yield from _enumerated(view, clock)


def _enumerated(view: View, clock: Clock) -> Iterator[Expr]:
    names = [f"u{j}" for j in range(view.width)]
    columns = dict(zip(names, view.columns.T, strict=True))
    grammar = Grammar.fitting(columns, [view.target])
    found = search_many(columns, {"t": view.target}, grammar=grammar, clock=clock, limit=2, most=CLOSING)["t"]
    yield from (substitute(each.expr, dict(zip(names, view.leaves, strict=True))) for each in found)
