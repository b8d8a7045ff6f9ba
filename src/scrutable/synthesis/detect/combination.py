"""Detector: sums of a few simple functions of one or two columns each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._quantities import Quantity, of_two
from scrutable.synthesis.detect._view import View, relevant_view, some_rows
from scrutable.synthesis.detect._write import linear, plain
from scrutable.work import Clock

MOST_COLUMNS = 6
MOST_TERMS = 5
BEAM = 32
OFFERED = 3
ROWS = 512
MOST_CUTS = 24
MODULI = (2, 3, 4, 5, 6, 7)
EXACT = 1e-6
LARGEST = 64
"""Weights beyond this size are not those of a short sum."""
SHARE = 0.5
"""A sum may take so many of the bits that the answers would; one that takes more is an accident of thin rows."""


@final
@dataclass(frozen=True, slots=True)
class Combination(Method):
    """Whole multiples of columns, extremes, products, remainders, quotients and comparisons, added up.

    Terms are chosen by orthogonal matching pursuit with a beam: each step adds the function that leaves least of the
    answers unexplained beside those chosen. Weights are fitted by least squares, rounded, and must then be exact.

    Cost: at most five steps, each one product of 512 rows with a few hundred functions for every sum in the beam.

    Reference: Y. Pati, R. Rezaiifar, P. Krishnaprasad, Orthogonal matching pursuit (1993).
    """

    name: str = "combination"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return "the answers are real numbers" if table.real else None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not view.whole or not 1 < view.width <= MOST_COLUMNS:
            return
        found = (scored(expr, table) for expr in _sums(view, clock))
        short = {each.expr: each for each in found if each.bits < SHARE * _answers_bits(view)}
        yield from sorted(short.values(), key=lambda each: (each.bits, str(each.expr)))[:OFFERED]


def _answers_bits(view: View) -> float:
    """What the answers would take, each by how often it occurs."""
    _, counts = np.unique(view.target, return_counts=True)
    shares = counts / len(view.target)
    return float(-len(view.target) * (shares * np.log2(shares)).sum())


def _functions(view: View) -> Iterator[Quantity]:
    """The functions that may be terms, simpler ones first."""
    yield from zip(view.leaves, view.columns.T, strict=True)
    for i, j in combinations(range(view.width), 2):
        yield from of_two(view, i, j)
        yield call("lt", view.leaves[i], view.leaves[j]), view.columns[:, i] < view.columns[:, j]
    for leaf, column in zip(view.leaves, view.columns.T, strict=True):
        yield call("abs", leaf), np.abs(column)
        for modulus in MODULI:
            yield call("mod", leaf, modulus), column % modulus
            yield call("floordiv", leaf, modulus), column // modulus
        levels = np.unique(column)
        for level in levels[: MOST_CUTS + 1].tolist():
            yield call("lt", level, leaf), column > level
            yield call("eq", leaf, level), column == level


def _distinct(view: View) -> tuple[list[Expr], np.ndarray]:
    """The functions that differ by more than a factor and a constant, and their values `(n, k)`."""
    exprs: list[Expr] = []
    columns: list[np.ndarray] = []
    seen: set[bytes] = set()
    for expr, values in _functions(view):
        values = np.asarray(values, dtype=np.float64)
        centred = values - values.mean()
        size = float(np.linalg.norm(centred))
        if size == 0:
            continue
        unit = np.round(centred / size, 9)
        unit *= np.sign(unit[np.flatnonzero(unit)[0]])
        key = (unit + 0.0).tobytes()
        if key not in seen:
            seen.add(key)
            exprs.append(expr)
            columns.append(values)
    return exprs, np.column_stack(columns)


def _sums(view: View, clock: Clock) -> Iterator[Expr]:
    """The exact sums of the fewest terms, none when five do not do."""
    exprs, values = _distinct(view)
    rows = some_rows(view, ROWS)
    target = view.target[rows].astype(np.float64)
    some = values[rows] - values[rows].mean(axis=0)
    beam: list[tuple[int, ...]] = [()]
    for _ in range(MOST_TERMS):
        options: dict[tuple[int, ...], float] = {}
        for chosen in beam:
            if clock.over:
                return
            options |= _extended(some, target - target.mean(), chosen)
        beam = sorted(options, key=lambda each: (options[each], each))[:BEAM]
        exact = [chosen for chosen in beam if options[chosen] < EXACT * max(1.0, float(target @ target))]
        found = [expr for expr in (_written(view, exprs, values, chosen) for chosen in exact) if expr is not None]
        if found:
            yield from found
            return


def _extended(columns: np.ndarray, target: np.ndarray, chosen: tuple[int, ...]) -> dict[tuple[int, ...], float]:
    """The best ways to add a term to those chosen, with the squares that are then left. Columns are centred."""
    basis = np.linalg.qr(columns[:, list(chosen)])[0] if chosen else np.zeros((len(target), 0))
    left = target - basis @ (basis.T @ target)
    rest = columns - basis @ (basis.T @ columns)
    sizes = np.einsum("ij,ij->j", rest, rest)
    free = sizes > 1e-9 * np.einsum("ij,ij->j", columns, columns).clip(1e-9)
    gain = np.where(free, (rest.T @ left) ** 2 / np.where(free, sizes, 1.0), 0.0)
    best = np.argsort(-gain, kind="stable")[:BEAM]
    total = float(left @ left)
    return {tuple(sorted((*chosen, int(j)))): total - float(gain[j]) for j in best if gain[j] > 0}


def _written(view: View, exprs: list[Expr], values: np.ndarray, chosen: tuple[int, ...]) -> Expr | None:
    """The sum with whole weights; None unless it is right on every row."""
    matrix = np.column_stack([values[:, list(chosen)], np.ones(view.rows)])
    weights = np.rint(np.linalg.lstsq(matrix, view.target.astype(np.float64), rcond=None)[0])
    if np.abs(weights[:-1]).max() > LARGEST or (matrix @ weights != view.target).any():
        return None
    *factors, constant = [int(plain(weight)) for weight in weights]
    return linear(factors, [exprs[i] for i in chosen], constant)
