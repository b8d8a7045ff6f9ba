"""Running all methods on one table: detectors first, then searches, each result checked on every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program import Expr, Input, Let, Program, simplify
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored, type_of
from scrutable.work import Clock

MORE_SECONDS = 1.0
SIMPLIFY_ROWS = 256
SIMPLIFY_SECONDS = 0.25


def synthesise(
    table: Table, *, clock: Clock, methods: Sequence[Method] | None = None, limit: int = 12
) -> tuple[Found, ...]:
    """Expressions for a table's answers, the least description length first.

    Every method that suits the table runs in the order of the registry, each with its share of the time; once an
    expression is right on every row the others still look for a shorter one, but not for long. Whole answers, truths
    and labels are given exactly or not at all; for real ones the results differ in length and misfit. The best results
    are simplified where that shortens them, and scored again.

    Arguments:
        table: the examples.
        clock: when it is over, what was found by then is returned.
        methods: those to run; all of the registry by default.
        limit: the most expressions returned.
    """
    if methods is None:
        from scrutable.synthesis._registry import METHODS

        methods = METHODS
    found: dict[Expr, Found] = {}
    answered: float | None = None
    for place, method in enumerate(methods):
        part = clock.part(1 / (len(methods) - place))
        part = part if answered is None else part.at_most(max(MORE_SECONDS, answered))
        if part.over or not table.rows or method.unsuitable(table):
            continue
        for each in method.find(table, part):
            checked = _checked(each.expr, table)
            if checked is not None:
                found[each.expr] = checked
                answered = clock.used if answered is None and not checked.residual else answered
            if part.over:
                break
    best = _ranked(found.values())[:limit]
    return tuple(_ranked({each.expr: each for each in (_shorter(each, table) for each in best)}.values()))


def _checked(expr: Expr, table: Table) -> Found | None:
    """The expression scored on the table; None where it cannot be computed, or is wrong though answers are exact."""
    try:
        found = scored(expr, table)
    except ScrutableError:
        return None
    if table.real:
        return found if np.isfinite(found.residual) else None
    return None if found.residual else found


def _ranked(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (each.total, each.bits, str(each.expr)))


def _shorter(found: Found, table: Table) -> Found:
    """The expression simplified, where that makes the description shorter."""
    inputs = tuple(Input(name, type_of(column)) for name, column in table.columns.items())
    answer = next(name for name in ("answer", "answer_", "answer__") if name not in table.columns)
    columns = [column[:SIMPLIFY_ROWS] for column in table.columns.values()]
    x = columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)
    try:
        program = Program("program", inputs, (Let(answer, found.expr),), (answer,))
        simple = simplify(program, x, seconds=SIMPLIFY_SECONDS)
    except ScrutableError:
        return found
    match simple.statements:
        case (Let(expr=expr),) if expr != found.expr:
            shorter = _checked(expr, table)
            return shorter if shorter is not None and shorter.total < found.total else found
    return found
