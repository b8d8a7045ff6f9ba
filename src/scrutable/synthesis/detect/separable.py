"""Detector: functions of single columns joined by one operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import gcd, lcm, prod
from typing import final

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import BOOL, Expr, call, const
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import View, relevant_view
from scrutable.synthesis.detect._write import folded, joined, names_of, summed
from scrutable.work import Clock

MOST_LEVELS = 600
MOST_COLUMNS = 8
LARGEST = 10**7

Parts = list[np.ndarray]
"""For each column the value of its function on every level, in rising order of the levels."""


@final
@dataclass(frozen=True, slots=True)
class Separable(Method):
    """`f(a) + g(b) + ...`, the same modulo a number (exclusive or, modulo 2), `f(a) * g(b)`, and `max`, `min`.

    Each function of one column is read off the rows, named by the enumerator, or given as a table.
    """

    name: str = "separable"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        return None if len(table.columns) > 1 else "fewer than two columns"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not view.whole or not 2 <= view.width <= MOST_COLUMNS:
            return
        levels, codes = _levels(view)
        sizes = [len(each) for each in levels]
        if sum(sizes) > MOST_LEVELS or 2 * sum(sizes) > view.rows + 2 * view.width * (not view.full):
            return
        named = 0
        for parts, join in _ways(view, codes, sizes):
            if clock.over or named >= 2:
                return
            named += 1
            exprs = [_named(view.leaves[j], levels[j], part, clock) for j, part in enumerate(parts)]
            if all(expr is not None for expr in exprs):
                try:
                    yield scored(join([expr for expr in exprs if expr is not None]), table)
                except ProgramError:
                    continue


def _levels(view: View) -> tuple[list[np.ndarray], np.ndarray]:
    pairs = [np.unique(column, return_inverse=True) for column in view.columns.T]
    return [levels for levels, _ in pairs], np.column_stack([code for _, code in pairs])


def _named(leaf: Expr, levels: np.ndarray, part: np.ndarray, clock: Clock) -> Expr | None:
    return next(names_of(leaf, levels, part, clock=clock, most=12_000), None)


def _ways(view: View, codes: np.ndarray, sizes: list[int]) -> Iterator[tuple[Parts, Callable[[list[Expr]], Expr]]]:
    """Parts, and how they are joined, right on every row."""
    target = view.target
    few = len(np.unique(target))
    parts = _envelope(codes, sizes, target, largest=True)
    if parts and few > 1:
        yield parts, partial(_extreme, "max", "or")
    parts = _envelope(codes, sizes, target, largest=False)
    if parts and few > 1:
        yield parts, partial(_extreme, "min", "and")
    parts = _sums(codes, sizes, target, 0)
    if parts:
        yield _tidy(parts), _sum
    parts = _factors(codes, sizes, target)
    if parts:
        yield parts, _product
    high = int(target.max())
    for modulus in (high + 1, high + 2) if target.min() >= 0 and 0 < high < 4096 else ():
        parts = _sums(codes, sizes, target, modulus)
        if parts:
            yield parts, partial(_modulo, modulus)
            return


def _extreme(op: str, logic: str, exprs: list[Expr]) -> Expr:
    """`max` or `min`; of truths `or` and `and`."""
    return folded(logic if all(e.type == BOOL for e in exprs) else op, exprs)


def _sum(exprs: list[Expr]) -> Expr:
    return summed([expr for expr in exprs if expr != const(0)] or exprs[:1])


def _product(exprs: list[Expr]) -> Expr:
    return joined("mul", [expr for expr in exprs if expr != const(1)] or exprs[:1])


def _modulo(modulus: int, exprs: list[Expr]) -> Expr:
    if modulus == 2 and all(expr.type == BOOL for expr in exprs):
        return joined("xor", exprs)
    return call("mod", _sum(exprs), modulus)


def _envelope(codes: np.ndarray, sizes: list[int], target: np.ndarray, *, largest: bool) -> Parts | None:
    """The functions whose maximum (minimum) the answers are: on every level the least (greatest) answer there."""
    sign = 1 if largest else -1
    parts = []
    for code, size in zip(codes.T, sizes, strict=True):
        part = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(part, code, sign * target)
        parts.append(part)
    said = np.max([part[code] for part, code in zip(parts, codes.T, strict=True)], axis=0)
    return [sign * part for part in parts] if (said == sign * target).all() else None


def _sums(codes: np.ndarray, sizes: list[int], target: np.ndarray, modulus: int) -> Parts | None:
    """Functions whose sum (modulo a number, unless 0) the answers are, spread from one row to its neighbours.

    All but the first are 0 on the level that is commonest. A row in which one level alone is unknown tells it.
    """
    known = [np.zeros(size, dtype=bool) for size in sizes]
    parts = [np.zeros(size, dtype=np.int64) for size in sizes]
    for j in range(1, len(sizes)):
        known[j][np.bincount(codes[:, j]).argmax()] = True
    for _ in range(sum(sizes)):
        there = np.column_stack([k[code] for k, code in zip(known, codes.T, strict=True)])
        told = np.flatnonzero((~there).sum(axis=1) == 1)
        if not len(told):
            break
        total = sum(np.where(k[code], part[code], 0) for k, part, code in zip(known, parts, codes.T, strict=True))
        for j in range(len(sizes)):
            mine = told[~there[told, j]]
            parts[j][codes[mine, j]] = target[mine] - total[mine]  # type: ignore[index]
            known[j][codes[mine, j]] = True
    if not all(k.all() for k in known):
        return None
    if modulus:
        parts = [part % modulus for part in parts]
    said = np.sum([part[code] for part, code in zip(parts, codes.T, strict=True)], axis=0)
    return parts if ((said % modulus if modulus else said) == target).all() else None


def _tidy(parts: Parts) -> Parts:
    """The constants moved so that each later function is 0 where its column is lowest."""
    moved = [parts[0].copy()]
    for part in parts[1:]:
        moved[0] += part[0]
        moved.append(part - part[0])
    return moved


def _factors(codes: np.ndarray, sizes: list[int], target: np.ndarray) -> Parts | None:
    """Functions whose product the answers are: ratios to a row without zeros, made whole."""
    if not target.any() or np.abs(target).max() > LARGEST:
        return None
    zero = []
    for code, size in zip(codes.T, sizes, strict=True):
        some = np.zeros(size, dtype=bool)
        some[code[target != 0]] = True
        zero.append(~some)
    there = ~np.any([z[code] for z, code in zip(zero, codes.T, strict=True)], axis=0)
    if (target[there] == 0).any():
        return None
    ratios = _ratios(codes[there], sizes, target[there])
    if ratios is None:
        return None
    contents = [_content(ratio) for ratio in ratios]
    whole = prod(contents)
    if whole.denominator != 1:
        return None
    parts = []
    for ratio, content, gone in zip(ratios, contents, zero, strict=True):
        factor = 1 if parts else whole
        values = [0 if z else int(r / content * factor) for r, z in zip(ratio, gone, strict=True)]
        if max(map(abs, values)) > LARGEST:
            return None
        parts.append(np.array(values, dtype=np.int64))
    said = parts[0][codes[:, 0]]
    for part, code in zip(parts[1:], codes.T[1:], strict=True):
        said = said * part[code]
    return parts if (said == target).all() else None


def _content(ratios: list[Fraction]) -> Fraction:
    """The greatest fraction of which all are whole multiples."""
    return Fraction(gcd(*(r.numerator for r in ratios)), lcm(*(r.denominator for r in ratios)))


def _ratios(codes: np.ndarray, sizes: list[int], target: np.ndarray) -> list[list[Fraction]] | None:
    """As `_sums`, with products of fractions; levels that never occur get 1."""
    known: list[dict[int, Fraction]] = [{} for _ in sizes]
    for j in range(1, len(sizes)):
        known[j][int(np.bincount(codes[:, j]).argmax())] = Fraction(1)
    waiting = list(zip(codes.tolist(), target.tolist(), strict=True))
    for _ in range(len(sizes) + 4):
        later = []
        for row, value in waiting:
            gone = [j for j, code in enumerate(row) if code not in known[j]]
            if len(gone) == 1:
                rest = Fraction(value)
                for j, code in enumerate(row):
                    rest /= known[j].get(code, Fraction(1))
                if rest.denominator > LARGEST:
                    return None
                known[gone[0]][row[gone[0]]] = rest
            elif gone:
                later.append((row, value))
        if not later:
            break
        waiting = later
    else:
        return None
    return [[k.get(level, Fraction(1)) for level in range(size)] for k, size in zip(known, sizes, strict=True)]
