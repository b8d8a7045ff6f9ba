"""Values on many boxes of inputs at once, as affine functions of shared symbols, and how far rounding can move them.

Every symbol lies between -1 and 1. The first ones stand for the input numbers within their box, the others for what
could not be followed exactly. What two values have in common cancels in their difference, so a program and a network
that are the same affine function on a box differ by nothing there, however large the box.

Reference for affine arithmetic over networks: G. Singh et al., Fast and effective robustness certification, NeurIPS
2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

OUTWARD = 1e-12
"""By what share intervals are widened for the arithmetic done here."""

Rowwise = Callable[..., Tensor]
"""A function of arrays with rows in front, each row by itself."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Values of one shape on b boxes.

    Arguments:
        centre: `(b, *shape)`. terms: `(b, m, *shape)`, what each of the first m symbols adds.
        error: `(b, *shape)`, how far what the network computes can be from this.
    """

    centre: Tensor
    terms: Tensor
    error: Tensor

    @staticmethod
    def exactly(values: Tensor) -> Form:
        """Values that are known, `(b, *shape)`."""
        return Form(values, values.new_zeros(len(values), 0, *values.shape[1:]), torch.zeros_like(values))

    @property
    def ends(self) -> tuple[Tensor, Tensor]:
        """The least and greatest values, in exact arithmetic."""
        reach = self.terms.abs().sum(1)
        reach = reach + OUTWARD * (self.centre.abs() + reach) * (reach > 0)
        return self.centre - reach, self.centre + reach

    @property
    def size(self) -> Tensor:
        """The largest size of each value."""
        return self.centre.abs() + self.terms.abs().sum(1)

    def padded(self, symbols: int) -> Tensor:
        """The terms of so many symbols."""
        more = symbols - self.terms.shape[1]
        if not more:
            return self.terms
        zeros = self.terms.new_zeros(len(self.terms), more, *self.terms.shape[2:])
        return torch.cat([self.terms, zeros], 1)

    def rearranged(self, change: Rowwise) -> Form:
        """The same numbers in another shape. Arguments: change: of rows."""
        b, m = self.terms.shape[:2]
        terms = change(self.terms.flatten(0, 1))
        return Form(change(self.centre), terms.unflatten(0, (b, m)), change(self.error))


@final
class Symbols:
    """The symbols of one walk over b boxes.

    Arguments:
        inputs: how many of them stand for inputs.
    """

    def __init__(self, boxes: int, inputs: int) -> None:
        self.boxes, self.count = boxes, inputs
        self.causes = torch.eye(inputs, dtype=torch.float64).expand(boxes, inputs, inputs)
        """`(b, symbols, inputs)`: which share each input's width has in a symbol being there."""

    def loosened(self, form: Form, noise: Tensor, due: Form) -> Form:
        """A form that can be off by `noise`, `(b, *shape)`, which is due to the width of `due`, of the same shape."""
        wanted = (flat(noise, 1) != 0).any(0)
        at = wanted.nonzero()[:, 0]
        if not len(at):
            return form
        fresh = noise.new_zeros(len(noise), len(at), wanted.numel())
        fresh[:, torch.arange(len(at)), at] = flat(noise, 1)[:, at]
        before = form.padded(self.count)
        self.causes = torch.cat([self.causes, self._shares(flat(due.terms, 2)[:, :, at].transpose(1, 2))], 1)
        self.count += len(at)
        return replace(form, terms=torch.cat([before, fresh.reshape(*fresh.shape[:2], *noise.shape[1:])], 1))

    def moved_by(self, form: Form) -> Tensor:
        """How much of the width of a form is due to each input, `(b, inputs)`."""
        return self._due(flat(form.terms.abs(), 2).sum(2)[:, None])[:, 0]

    def _due(self, terms: Tensor) -> Tensor:
        """By input, `(b, k, inputs)`, for terms `(b, k, m)`."""
        return (terms.abs() @ self.causes[:, : terms.shape[2]]).nan_to_num(0, 0, 0)

    def _shares(self, terms: Tensor) -> Tensor:
        due = self._due(terms)
        return due / due.sum(2, keepdim=True).clamp(min=1e-300)


def flat(values: Tensor, kept: int) -> Tensor:
    """All axes but the first few as one."""
    return values.reshape(*values.shape[:kept], math.prod(values.shape[kept:]))
