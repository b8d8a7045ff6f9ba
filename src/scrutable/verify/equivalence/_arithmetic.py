"""What operations do to affine forms, and how far floating point can take them from exact arithmetic.

A sum of k products, in any order, is off by at most `k u / (1 - k u)` times the sum of their sizes, u being half the
distance from 1 to the next number (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002,
section 3.1). The same account covers the arithmetic done here, which is in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from scrutable.verify.equivalence._curves import Curve, Stepped
from scrutable.verify.equivalence._forms import OUTWARD, Form, Rowwise, Symbols

CAUTION = 4.0
"""How many times the bound on rounding is taken: operations that PyTorch has as one round more often than one."""
DOUBLE = 2.0**-52


@final
@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """Operations on forms over the same symbols. Arguments: unit: the unit roundoff of what computes them."""

    symbols: Symbols
    unit: float

    def rounding(self, sums: int) -> float:
        """The bound for sums of so many products."""
        each = sums * (self.unit + DOUBLE)
        return CAUTION * each / (1 - each)

    def affine(self, apply: Rowwise, majorant: Rowwise, forms: Sequence[Form], *, sums: int) -> Form:
        """A function that is affine in all of its arguments together.

        Arguments:
            apply: of arrays with rows in front. majorant: the same with every weight replaced by its size and every
                difference by a sum. sums: how many products are added up for one number; 0 where nothing is rounded.
        """
        m = max(form.terms.shape[1] for form in forms)
        b = len(forms[0].centre)
        rows = [torch.cat([f.centre.new_zeros(1, *f.centre.shape[1:]), f.centre, _flat(f.padded(m))]) for f in forms]
        found = apply(*rows)
        zero, centre, terms = found[:1], found[1 : b + 1], found[b + 1 :] - found[:1]
        sizes = [torch.cat([form.size, form.size + form.error]) for form in forms]
        plain, moved = majorant(*sizes).abs().chunk(2)
        error = (moved - plain).clamp(min=0) + (self.rounding(sums) + m * DOUBLE) * moved
        if not sums:
            error = majorant(*(form.error for form in forms))
        return Form(centre, terms.reshape(b, m, *zero.shape[1:]), error)

    def product(self, apply: Rowwise, x: Form, y: Form, *, sums: int) -> Form:
        """A function that is linear in each of two arguments, such as a product of matrices."""
        m = max(x.terms.shape[1], y.terms.shape[1])
        b = len(x.centre)
        left, right = _flat(x.padded(m)), _flat(y.padded(m))
        wide_x, wide_y = (f.centre.repeat_interleave(m, 0) for f in (x, y))
        centre = apply(x.centre, y.centre)
        terms = (apply(left, wide_y) + apply(wide_x, right)).reshape(b, m, *centre.shape[1:]) if m else None
        reach_x, reach_y = x.terms.abs().sum(1), y.terms.abs().sum(1)
        plain, moved = apply(x.size, y.size), apply(x.size + x.error, y.size + y.error)
        error = (moved - plain).clamp(min=0) + (self.rounding(sums) + m * DOUBLE) * moved
        form = Form(centre, Form.exactly(centre).terms if terms is None else terms, error)
        return self.symbols.loosened(form, apply(reach_x, reach_y) * (1 + OUTWARD), form)

    def curved(self, form: Form, curve: Curve, *, rounded: bool = True) -> Form:
        """A function of each number. Arguments: rounded: whether PyTorch rounds its value."""
        lo, hi = form.ends
        if isinstance(curve, Stepped):  # a step that rounding could move may come out either way
            lo, hi = lo - form.error, hi + form.error
        slope, low, high = curve.lines(lo, hi)
        centre = slope * form.centre + (low + high) / 2
        error = curve.steepest(lo - form.error, hi + form.error) * form.error
        noise = (high - low) / 2 + OUTWARD * (high - low)
        noise = torch.where((slope == 0) & (low == high), 0.0, noise)
        error = torch.where(form.error > 0, error, 0.0)
        bent = self.symbols.loosened(Form(centre, slope[:, None] * form.terms, error), noise, form)
        return replace(bent, error=bent.error + self.rounding(2) * bent.size) if rounded else bent


def _flat(terms: Tensor) -> Tensor:
    return terms.flatten(0, 1)
