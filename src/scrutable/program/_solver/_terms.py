"""Terms: literals, conversions and choices.

A scalar is a z3 term of sort Bool, Int or Real. A sequence and an array are tuples of their items, a selector is a
tuple of one tuple of truth values over the keys for each query.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import z3

from scrutable.program._backend import Kind

Term = Any


def literal(value: Any) -> Term:
    """A bool, int or finite float as a term; floats are exactly the fractions they are."""
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, int):
        return z3.IntVal(value)
    fraction = Fraction(value)
    return z3.RealVal(f"{fraction.numerator}/{fraction.denominator}")


def literals(value: Any, kind: Kind) -> Any:
    """Nested tuples of plain numbers as nested tuples of terms of a kind."""
    if isinstance(value, tuple):
        return tuple(literals(part, kind) for part in value)
    return as_kind(literal(value), kind)


def kind_of_term(term: Term) -> Kind:
    """The kind of array that holds what a term stands for."""
    return "b" if z3.is_bool(term) else "i" if z3.is_int(term) else "f"


def as_kind(term: Term, kind: Kind) -> Term:
    """A term as a kind at least as wide as its own."""
    own = kind_of_term(term)
    if own == kind:
        return term
    if own == "b":
        return choose(term, literal(1), literal(0)) if kind == "i" else choose(term, literal(1.0), literal(0.0))
    return literal(float(term.as_long())) if z3.is_int_value(term) and abs(term.as_long()) < 2**53 else z3.ToReal(term)


def promoted(terms: Sequence[Term], least: Kind = "b") -> list[Term]:
    """The terms as the widest kind among them and `least`."""
    kinds = {least, *map(kind_of_term, terms)}
    kind: Kind = "f" if "f" in kinds else "i" if "i" in kinds else "b"
    return [as_kind(term, kind) for term in terms]


def choose(condition: Term, yes: Term, no: Term) -> Term:
    """`yes if condition else no`, for terms of one sort; a condition that is known leaves no trace."""
    if z3.is_true(condition):
        return yes
    if z3.is_false(condition):
        return no
    return yes if yes.eq(no) else z3.If(condition, yes, no)


def is_below(left: Term, right: Term) -> Term:
    """`left < right`; false is below true."""
    left, right = promoted([left, right], "i")
    return left < right


def total(terms: Sequence[Term]) -> Term:
    """The sum of one or more numbers of one sort."""
    return reduce(lambda a, b: a + b, terms)
