"""Detector: monomials and polynomials with whole or rational coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._monomials import Monomial, monomials, polynomial, remainders
from scrutable.synthesis.detect._solve import PRIME, fractions, solved
from scrutable.synthesis.detect._view import View, relevant_view, some_rows
from scrutable.work import Clock

MOST_DEGREE = 9
MOST_TERMS = 240
MOST_WRITTEN = 24
SPARE = 24


@final
@dataclass(frozen=True, slots=True)
class Polynomial(Method):
    """The polynomial of least degree that gives whole answers.

    Its coefficients solve linear equations exactly, in remainders modulo a large prime, from which fractions with
    small numerators and denominators are read back. There must be well more rows than terms, on small domains twice as
    many. On domains where powers coincide (0 and 1, say) the lower ones are used.

    Reference: J. von zur Gathen, J. Gerhard, Modern computer algebra (2003), on modular solving and rational
    reconstruction.
    """

    name: str = "polynomial"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        return None if len(table.columns) <= 64 else "more than 64 columns"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not view.whole or not view.width:
            return
        expr = least_polynomial(view, clock)
        if expr is not None:
            try:
                yield scored(expr, table)
            except ProgramError:
                return


def least_polynomial(view: View, clock: Clock) -> Expr | None:
    """The polynomial of least degree, from degree 2; None if none with few terms is right on the rows looked at."""
    terms: list[Monomial] = [(), *monomials(view.width, 1)]
    for degree in range(2, MOST_DEGREE + 1):
        terms += monomials(view.width, degree)
        needed = min(len(terms) + SPARE, 2 * len(terms) + 2)
        if len(terms) > MOST_TERMS or needed > view.rows or clock.over:
            return None
        rows = some_rows(view, 2 * len(terms) + SPARE)
        values = remainders(view.columns[rows], terms)
        weights = solved(values, view.target[rows] % PRIME, PRIME)
        if weights is None:
            continue
        read = fractions(weights)
        if read is None or np.count_nonzero(read[0]) > MOST_WRITTEN:
            continue
        expr = polynomial(read[0].tolist(), terms, view.leaves)
        return expr if read[1] == 1 else call("floordiv", expr, read[1])
    return None
