"""Truth values on many boxes of inputs at once: sure to hold, sure not to, or open, and by which number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
import z3
from torch import Tensor

from scrutable.verify.equivalence._forms import Form


@final
@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A truth value on b boxes: where it is sure to hold and where it is sure not to, `(b,)` each.

    Arguments:
        margin: the number whose width leaves it open; None where no such number is known.
        turns: whether it holds where the margin is above zero, and not where it is below.
    """

    yes: Tensor
    no: Tensor
    margin: Form | None = None
    turns: bool = False


def times(form: Form, by: Tensor) -> Form:
    """A form times a number for each box."""
    return Form(form.centre * by, form.terms * by[:, None], form.error * by.abs())


def selected(where: Tensor, yes: Form, no: Form) -> Form:
    """One form on some boxes and another on the rest."""
    m = max(yes.terms.shape[1], no.terms.shape[1])
    terms = torch.where(where[:, None], yes.padded(m), no.padded(m))
    return Form(torch.where(where, yes.centre, no.centre), terms, torch.where(where, yes.error, no.error))


def all_of(args: list[Truth]) -> Truth:
    """Whether all hold."""
    margin = None
    for arg in args:
        if arg.margin is not None:
            margin = arg.margin if margin is None else selected(arg.yes | arg.no, margin, arg.margin)
    return Truth(torch.stack([a.yes for a in args]).all(0), torch.stack([a.no for a in args]).any(0), margin)


def any_of(args: list[Truth]) -> Truth:
    """Whether any holds."""
    return negated([all_of([negated([arg]) for arg in args])])


def negated(args: list[Truth]) -> Truth:
    """Whether the only one does not hold."""
    (only,) = args
    margin = only.margin
    turned = None if margin is None else times(margin, torch.full_like(margin.centre, -1.0))
    return Truth(only.no, only.yes, turned, only.turns)


JOINED: dict[int, Callable[[list[Truth]], Truth]] = {z3.Z3_OP_AND: all_of, z3.Z3_OP_OR: any_of, z3.Z3_OP_NOT: negated}
"""How the solver's connectives join truth values."""
