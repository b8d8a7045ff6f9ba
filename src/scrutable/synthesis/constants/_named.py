"""Constants that people write by name: small fractions, alone, times a power of pi, or under a root."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import gcd, isfinite, pi, sqrt

import numpy as np

from scrutable.program import Const, Expr, call, const, expr_bits, walk
from scrutable.program._bits import integer_bits, real_bits
from scrutable.synthesis._base import Found, Table
from scrutable.synthesis._score import scored

LARGEST_NUMERATOR, LARGEST_DENOMINATOR, LARGEST_WHOLE = 24, 12, 1000
LARGEST_BESIDE = 12
"""Largest whole number in a fraction that stands beside a power of pi or a root."""
EXACT = 1e-12


@dataclass(frozen=True, slots=True)
class Named:
    """A constant with a short name.

    Arguments:
        value: the number.
        bits: what its name costs: the kind, then numerator and denominator.
        expr: how the program language writes it.
    """

    value: float
    bits: float
    expr: Expr


@dataclass(frozen=True, slots=True)
class NamedTable:
    """All named constants above zero, by value."""

    values: np.ndarray
    entries: tuple[Named, ...]

    def between(self, low: float, high: float) -> list[Named]:
        """Those in `[low, high]`, of either sign, cheapest first."""
        found = [*self._above_zero(max(low, 0.0), high), *map(_negated, self._above_zero(max(-high, 0.0), -low))]
        if low <= 0.0 <= high:
            found.append(Named(0.0, 4.0, const(0)))
        return sorted(found, key=lambda named: named.bits)

    def _above_zero(self, low: float, high: float) -> tuple[Named, ...]:
        first, last = np.searchsorted(self.values, [low, high], side="left")
        last = last + 1 if last < len(self.values) and self.values[last] <= high else last
        return self.entries[first : max(first, last)] if high >= low else ()


@cache
def named_constants() -> NamedTable:
    """The table of named constants; the cheapest name wins where two are equal."""
    fractions = [
        (p, q) for q in range(1, LARGEST_DENOMINATOR + 1) for p in range(1, LARGEST_NUMERATOR + 1) if gcd(p, q) == 1
    ]
    wholes = [(p, 1) for p in range(LARGEST_NUMERATOR + 1, LARGEST_WHOLE + 1)]
    found = [_plain(p, q) for p, q in [*fractions, *wholes]]
    for p, q in ((p, q) for p, q in fractions if p <= LARGEST_BESIDE and q <= LARGEST_BESIDE):
        size = integer_bits(p) + integer_bits(q)
        for power in (1, -1, 2, -2):
            found.append(_literal(p / q * pi**power, 5.0 + abs(power) + size))
        found.append(_literal(sqrt(pi) * p / q, 8.0 + size))
        found.append(_literal(p / q / sqrt(pi), 8.0 + size))
        for root in (2, 3, 5):
            found.append(_root(p, q, root, 6.0 + size + integer_bits(root)))
        found += [_literal(sqrt(2 * pi) * p / q, 9.0 + size), _literal(p / q / sqrt(2 * pi), 9.0 + size)]
    found.sort(key=lambda named: (named.value, named.bits))
    kept: list[Named] = []
    for named in found:
        if not kept or named.value - kept[-1].value > EXACT * named.value:
            kept.append(named)
        elif named.bits < kept[-1].bits:
            kept[-1] = named
    return NamedTable(np.array([named.value for named in kept]), tuple(kept))


def name_of(value: float) -> Named | None:
    """The named constant that this number is, to rounding; None if it is none."""
    if not isfinite(value):
        return None
    width = 4 * EXACT * abs(value)
    return next(iter(named_constants().between(value - width, value + width)), None)


def literal_bits(value: float) -> float:
    """What a real number costs: its name, or else its decimal."""
    named = name_of(value)
    return real_bits(value) if named is None else min(named.bits, real_bits(value))


def priced(expr: Expr, table: Table) -> Found:
    """As `scored`, with constants that have a name paying for the name instead of seventeen digits.

    Raises:
        ProgramError: an integer left the 64-bit range.
    """
    found = scored(expr, table)
    return Found(expr, found.bits - _saved(expr), found.residual)


def named_bits(expr: Expr, scope_size: int) -> float:
    """As `expr_bits`, with constants that have a name paying for the name."""
    return expr_bits(expr, scope_size) - _saved(expr)


def _saved(expr: Expr) -> float:
    literals = [float(node.value) for node in walk(expr) if isinstance(node, Const) and isinstance(node.value, float)]
    return sum(real_bits(value) - literal_bits(value) for value in literals)


def _negated(named: Named) -> Named:
    expr = const(-named.expr.value) if isinstance(named.expr, Const) else call("neg", named.expr)
    return Named(-named.value, named.bits + 1.0, expr)


def _plain(p: int, q: int) -> Named:
    size = 2.0 + integer_bits(p) + integer_bits(q)
    if q == 1:
        return Named(float(p), size, const(p))
    short = real_bits(p / q) <= 16.0
    return Named(p / q, size, const(p / q) if short else call("div", p, q))


def _literal(value: float, bits: float) -> Named:
    return Named(value, bits, const(value))


def _root(p: int, q: int, root: int, bits: float) -> Named:
    return _literal(sqrt(root) * p / q, bits)
