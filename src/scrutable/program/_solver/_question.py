"""Inputs of a program as unknowns, and answers of the solver as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import z3

from scrutable.program._operators import kind_of
from scrutable.program._program import Input
from scrutable.program._ranges import EVERYTHING, Range, meet, type_range
from scrutable.program._solver._sequences import leaves
from scrutable.program._solver._terms import literal
from scrutable.program._types import Array, Category, Int, Real, Seq, Type, scalar_of

WHOLE = (-(2**63), 2**63 - 1)


def unknowns(inputs: Sequence[Input], length: int | None) -> dict[str, Any]:
    """A fresh unknown for every number of every input, in the form of the input."""
    return {entry.name: _unknown(entry.name, entry.type, length, count()) for entry in inputs}


def _unknown(name: str, type_: Type, length: int | None, numbers: Any) -> Any:
    if isinstance(type_, Seq):
        return tuple(_unknown(name, type_.item, length, numbers) for _ in range(length or 0))
    if isinstance(type_, Array):
        size, *rest = type_.shape
        inner = Array(tuple(rest), type_.item) if rest else type_.item
        return tuple(_unknown(name, inner, length, numbers) for _ in range(size))
    make = {"b": z3.Bool, "i": z3.Int, "f": z3.Real}[kind_of(type_)]
    return make(f"{name}!{next(numbers)}")


def limits(inputs: Sequence[Input], terms: Mapping[str, Any], ranges: Mapping[str, Range]) -> list[Any]:
    """What is known of the inputs: labels within their number, integers within 64 bits, and the ranges given."""
    found = []
    for entry in inputs:
        scalar = scalar_of(entry.type)
        low, high = meet(ranges.get(entry.name, EVERYTHING), type_range(entry.type))
        if isinstance(scalar, Int):
            low, high = meet((low, high), WHOLE)
        for term in leaves(terms[entry.name]):
            found += within(term, low, high) if isinstance(scalar, (Int, Real, Category)) else _truth(term, low, high)
    return found


def within(term: Any, low: float, high: float) -> list[Any]:
    """That a number lies between two ends, infinite ones left out."""
    ends = [(low, lambda end: term >= end), (high, lambda end: term <= end)]
    return [above(_end(end, term)) for end, above in ends if abs(end) != float("inf")]


def _end(end: float, term: Any) -> Any:
    return literal(int(end)) if z3.is_int(term) and end == int(end) else literal(float(end))


def _truth(term: Any, low: float, high: float) -> list[Any]:
    return [*([term] if low > 0 else []), *([z3.Not(term)] if high < 1 else [])]


def small(inputs: Sequence[Input], terms: Mapping[str, Any]) -> list[Any]:
    """That numbers are small, and reals multiples of 1/1024: values on which double precision hardly rounds."""
    found = []
    for entry in inputs:
        for term in leaves(terms[entry.name]):
            if z3.is_real(term):
                found.append(z3.IsInt(term * 1024))
            if not z3.is_bool(term):
                found += within(term, -(2**20), 2**20)
    return found


def row_of(model: z3.ModelRef, inputs: Sequence[Input], terms: Mapping[str, Any]) -> np.ndarray:
    """One row of data, `(1, ...)`, as the program takes it; float64 when an input is real."""
    columns = [_numbers(model, terms[entry.name]) for entry in inputs]
    data = np.array(columns[0] if len(columns) == 1 else np.stack(np.broadcast_arrays(*columns), axis=-1))
    return data[None]


def _numbers(model: z3.ModelRef, value: Any) -> np.ndarray:
    if isinstance(value, tuple):
        return np.array([_numbers(model, part) for part in value])
    return np.array(number(model.eval(value, model_completion=True)))


def number(value: Any) -> Any:
    """A value of the solver as a bool, int or float; irrational ones are approximated."""
    if z3.is_bool(value):
        return int(z3.is_true(value))
    if z3.is_int_value(value):
        return value.as_long()
    exact = value if z3.is_rational_value(value) else value.approx(20)
    return float(exact.as_fraction())
