"""A chain of layers as terms of the solver, on a box of inputs whose bounds are known."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import z3

from scrutable.network import Activation, Affine, Layer, OneHot
from scrutable.verify.equivalence._layer_bounds import Bounds


@lru_cache(maxsize=2**16)
def real(value: float) -> Any:
    """A number as exactly the fraction that it is."""
    fraction = Fraction(float(value))
    return z3.RealVal(f"{fraction.numerator}/{fraction.denominator}")


def as_real(term: Any) -> Any:
    """A number of any sort as a real."""
    if z3.is_bool(term):
        return z3.If(term, real(1.0), real(0.0))
    return z3.ToReal(term) if z3.is_int(term) else term


def raw_terms(
    layers: Sequence[Layer], inputs: Sequence[Any], bounds: Sequence[Bounds], *, open_steps: bool
) -> list[Any]:
    """The raw outputs of the layers as real terms, exact but for a softmax at the end, which is left out.

    Arguments:
        inputs: a term for each input number. bounds: of the inputs and after each layer, on the box in question.
        open_steps: whether a step so near zero that rounding could move it may come out either way.
    """
    values = list(inputs)
    for layer, before in zip(layers, bounds, strict=False):
        if isinstance(layer, OneHot):
            values = _one_hot(values, layer.classes)
            continue
        values = [as_real(value) for value in values]
        if isinstance(layer, Affine):
            values = _affine(layer, values)
        elif not layer.kind.endswith("softmax"):
            error = before.error if open_steps else np.zeros_like(before.error)
            columns = zip(values, before.lo.tolist(), before.hi.tolist(), error.tolist(), strict=True)
            values = [_activated(layer, *column) for column in columns]
    return [as_real(value) for value in values]


def _one_hot(values: list[Any], classes: int) -> list[Any]:
    return [z3.If(value == label, real(1.0), real(0.0)) for value in values for label in range(classes)]


def _affine(layer: Affine, values: list[Any]) -> list[Any]:
    known = [z3.is_rational_value(value) and value.as_fraction() == 0 for value in values]
    return [
        z3.Sum(
            [real(bias), *(real(w) * v for w, v, zero in zip(row, values, known, strict=True) if w != 0 and not zero)]
        )
        for row, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def _activated(layer: Activation, v: Any, lo: float, hi: float, slack: float) -> Any:
    match layer.kind:
        case "relu":
            return _two_sides(v, lo, hi, real(0.0), v)
        case "leaky_relu":
            return _two_sides(v, lo, hi, real(layer.settings[0]) * v, v)
        case "abs":
            return _two_sides(v, lo, hi, -v, v)
        case "hardtanh":
            low, high = layer.settings
            upper = _two_sides(v - real(high), lo - high, hi - high, v, real(high))
            return _two_sides(v - real(low), lo - low, hi - low, real(low), upper)
        case "sign":
            return _step(v, lo, hi, slack, closed=False) - _step(-v, -hi, -lo, slack, closed=False)
    return _step(v, lo, hi, slack, closed=layer.kind == "step_closed")


def _two_sides(v: Any, lo: float, hi: float, below: Any, above: Any) -> Any:
    """One term where v is below zero and another above it; they meet at zero."""
    if lo >= 0:
        return above
    return below if hi <= 0 else z3.If(v > 0, above, below)


def _step(v: Any, lo: float, hi: float, slack: float, *, closed: bool) -> Any:
    if lo > slack:
        return real(1.0)
    if hi < -slack:
        return real(0.0)
    if slack == 0:
        return z3.If(v >= 0 if closed else v > 0, real(1.0), real(0.0))
    either = z3.If(z3.FreshBool("either"), real(1.0), real(0.0))
    return z3.If(v > real(slack), real(1.0), z3.If(v < real(-slack), real(0.0), either))
