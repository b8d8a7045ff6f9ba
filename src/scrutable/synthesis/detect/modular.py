"""Detector: remainders of weighted sums, and functions of such a remainder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._forms import consistent, forms
from scrutable.synthesis.detect._monomials import Monomial, monomials, polynomial, remainders
from scrutable.synthesis.detect._solve import centred, solved
from scrutable.synthesis.detect._view import View, relevant_view, some_rows, telling, whole_view
from scrutable.synthesis.detect._write import linear, names_of
from scrutable.work import Clock

LARGEST_PERIOD = {1: 1024, 2: 64, 3: 32}
"""By the number of columns; 16 for more of them."""
MOST_SUMS = 1200
SPARE = 24
MOST_TERMS = 160
MOST_DEGREE = 3
LARGEST_MODULUS = 1 << 20


@final
@dataclass(frozen=True, slots=True)
class Modular(Method):
    """`(w * x + c) % m`, polynomials modulo `m`, and any function of `(w * x) % m`.

    Where the answers are themselves the remainders, the weights solve linear equations modulo `m`, however large they
    are and however many columns there are. Otherwise weighted sums with small weights are tried for every period: the
    answers must not change where the remainder does not. The function of the remainder is named by the enumerator, or
    given as a table.
    """

    name: str = "modular"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return "the answers are real numbers" if table.real else None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = whole_view(table)
        if not view.whole or not view.width:
            return
        expr = _remainder(view, 1)
        if expr is not None:
            yield scored(expr, table)
            return
        view = relevant_view(table)
        if view.width > 8 or not view.width:
            return
        found = _function(view, clock)
        if found is not None:
            yield from (scored(e, table) for e in names_of(*found, view.target, clock=clock))
        for degree in range(2, MOST_DEGREE + 1):
            expr = _remainder(view, degree)
            if expr is not None:
                yield scored(expr, table)
                return


def _remainder(view: View, degree: int) -> Expr | None:
    """Answers that are a polynomial of a degree modulo a number just above the largest of them."""
    low, high = int(view.target.min()), int(view.target.max())
    terms: list[Monomial] = [m for d in range(degree + 1) for m in monomials(view.width, d)]
    if low < 0 or not 0 < high < LARGEST_MODULUS or len(terms) > MOST_TERMS or len(terms) + SPARE > view.rows:
        return None
    rows = some_rows(view, 2 * len(terms) + SPARE)
    for modulus in (high + 1, high + 2, high + 3):
        weights = solved(remainders(view.columns[rows], terms, modulus=modulus), view.target[rows], modulus)
        if weights is None or not weights[1:].any():
            continue
        said = remainders(view.columns, terms, modulus=modulus) * weights % modulus
        if (said.sum(axis=1) % modulus == view.target).all():
            whole = _friendly(weights, modulus)
            return call("mod", polynomial(whole, terms, view.leaves), modulus)
    return None


def _friendly(weights: np.ndarray, modulus: int) -> list[int]:
    """Weights of the size that costs least: near zero, positive where that is no larger."""
    near = centred(weights, modulus)
    return [int(w if -n > modulus // 3 else n) for w, n in zip(weights, near, strict=True)]


def _function(view: View, clock: Clock) -> tuple[Expr, np.ndarray] | None:
    """The remainder of least modulus that determines the answers, and its values."""
    sums = forms(view)[:MOST_SUMS]
    wide = int(min(LARGEST_PERIOD.get(view.width, 16), view.rows // 4))
    for modulus in range(2, wide + 1):
        if clock.over:
            return None
        _, first = np.unique(sums % modulus, axis=0, return_index=True)
        some = sums[np.sort(first)]
        for weights in some[consistent(view, some, modulus=modulus)]:
            values = view.columns @ weights
            if values.max() - values.min() < modulus:
                continue
            if telling(view, values % modulus):
                return call("mod", linear(weights.tolist(), view.leaves), modulus), values % modulus
    return None
