"""Products of columns, by growing degree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np

from scrutable.program import Expr
from scrutable.synthesis.detect._solve import PRIME
from scrutable.synthesis.detect._write import Number, joined, linear

Monomial = tuple[int, ...]
"""The numbers of the columns multiplied, in order, with repetition; empty for 1."""


def monomials(k: int, degree: int) -> list[Monomial]:
    """All of exactly this degree over `k` columns."""
    return list(combinations_with_replacement(range(k), degree))


def remainders(columns: np.ndarray, terms: list[Monomial], *, modulus: int = PRIME) -> np.ndarray:
    """The values of the terms modulo a number up to `PRIME`, `(n, len(terms))`."""
    known: dict[Monomial, np.ndarray] = {(): np.ones(len(columns), dtype=np.int64)}
    base = columns % modulus

    def value(term: Monomial) -> np.ndarray:
        if term not in known:
            known[term] = value(term[:-1]) * base[:, term[-1]] % modulus
        return known[term]

    return np.column_stack([value(term) for term in terms])


def polynomial(weights: Sequence[Number], terms: list[Monomial], leaves: tuple[Expr, ...]) -> Expr:
    """The weighted sum of the terms, the highest degree first."""
    order = sorted(range(len(terms)), key=lambda i: (-len(terms[i]), terms[i]))
    constant = sum(weights[i] for i in order if not terms[i])
    order = [i for i in order if terms[i] and weights[i]]
    products = [joined("mul", [leaves[j] for j in terms[i]]) for i in order]
    return linear([weights[i] for i in order], products, constant)
