"""Constants that do nothing, dropped: coefficients of zero and of one, where the description gets shorter by it."""

from __future__ import annotations

from collections.abc import Callable

from scrutable.program import Expr, const
from scrutable.synthesis._base import Table
from scrutable.synthesis.constants import filled, fitted, holes
from scrutable.synthesis.formula._tidy import tidy
from scrutable.work import Clock

NOTHING = (0, 1, -1)
NEAR = 0.1
STEPS = 8


def polished(expr: Expr, table: Table, total: Callable[[Expr], float], clock: Clock) -> Expr:
    """One constant after another made zero or one, with the others fitted again, as long as that is worth it.

    A constant near one stands for one even where the fit is sure of the difference: the smooth errors of a network
    are no noise. Cost: a short fit for each constant and value, as often as one is dropped.

    Arguments:
        expr: its real literals are holes.
        total: the description length of an expression with fitted holes.
    """
    best, least = expr, total(expr)
    while not clock.over:
        tried = _simpler(best, table, clock)
        scores = [total(each) for each in tried]
        if not scores or min(scores) >= least:
            break
        least = min(scores)
        best = tried[scores.index(least)]
    return best


def _simpler(expr: Expr, table: Table, clock: Clock) -> list[Expr]:
    values, found = holes(expr), []
    for place, value in enumerate(values):
        for whole in NOTHING:
            if clock.over or (whole and abs(value - whole) > NEAR):
                continue
            form = tidy(filled(expr, [const(whole) if i == place else v for i, v in enumerate(values)]))
            if len(holes(form)) < len(values):
                found.append(fitted(form, table.columns, table.target, steps=STEPS))
    return found
