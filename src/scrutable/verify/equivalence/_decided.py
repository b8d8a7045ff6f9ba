"""Where the bounds of a network's raw outputs and of a program's answers leave no doubt that they agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from scrutable.verify.equivalence._forms import OUTWARD, Form, Symbols

if TYPE_CHECKING:
    from scrutable.network import Domain

SURE = 0.25
"""A whole number is known when its bounds are nearer than this to it."""
Decided = tuple[Tensor, Tensor]
"""Where they agree, `(b,)` bools, and how much the inputs move what had to be decided, `(b, d)`."""
Compared = tuple[Tensor, Tensor, Form]
"""Where they agree, where the answer is known, `(b,)` bools, and what was compared with the answer."""


def decided(domain: Domain, raw: Form, answers: Sequence[Form], symbols: Symbols, *, within: float) -> Decided:
    """Compare every answer with what the raw outputs are decoded to.

    Arguments:
        domain: of the outputs. raw: `(b, numbers)`. answers: `(b,)` each. symbols: of all of them.
        within: for real outputs.
    """
    k = domain.classes or 1
    threshold = getattr(domain, "threshold", None)
    ranges = domain.ranges * (len(answers) // len(domain.ranges))
    agree = torch.ones(len(raw.centre), dtype=torch.bool)
    moved = torch.zeros_like(symbols.causes[:, 0])
    for i, (answer, range_) in enumerate(zip(answers, ranges, strict=True)):
        if domain.classes is not None:
            one = _label(answer, _part(raw, slice(i * k, (i + 1) * k)))
        elif threshold is not None:
            one = _bit(answer, _part(raw, i), threshold)
        else:
            one = _near(answer, _part(raw, i), within=0.5 * (1 - OUTWARD) if range_.whole else within)
        agree &= one[0]
        known = one[1]
        moved += torch.where(known[:, None], symbols.moved_by(one[2]), symbols.moved_by(answer))
    return agree, moved


def _part(form: Form, at: int | slice) -> Form:
    return Form(form.centre[:, at], form.terms[:, :, at], form.error[:, at])


def _ends(form: Form) -> tuple[Tensor, Tensor]:
    """The ends with what rounding can add."""
    lo, hi = form.ends
    return lo - form.error, hi + form.error


def _known(answer: Form) -> tuple[Tensor, Tensor]:
    """The whole number that an answer is, and where there is only one."""
    lo, hi = _ends(answer)
    value = torch.round(answer.centre).nan_to_num(-1, -1, -1)
    return value, (lo > value - SURE) & (hi < value + SURE)


def _near(answer: Form, raw: Form, *, within: float) -> Compared:
    m = max(answer.terms.shape[1], raw.terms.shape[1])
    gap = Form(raw.centre - answer.centre, raw.padded(m) - answer.padded(m), raw.error + answer.error)
    lo, hi = _ends(gap)
    room = within - OUTWARD * (raw.size + answer.size)
    return (hi < room) & (lo > -room), torch.ones_like(hi, dtype=torch.bool), gap


def _bit(answer: Form, raw: Form, threshold: float) -> Compared:
    value, known = _known(answer)
    lo, hi = _ends(raw)
    return known & torch.where(value == 1, lo > threshold, (value == 0) & (hi < threshold)), known, raw


def _label(answer: Form, scores: Form) -> Compared:
    """The score of the answer lies above every other one."""
    value, known = _known(answer)
    k = scores.centre.shape[1]
    known &= (value >= 0) & (value < k)
    at = value.clamp(0, k - 1).long()
    rows = torch.arange(len(at))
    centre = scores.centre[rows, at][:, None] - scores.centre
    terms = scores.terms[rows, :, at][:, :, None] - scores.terms
    ahead = Form(centre, terms, scores.error[rows, at][:, None] + scores.error)
    lo, _ = _ends(ahead)
    other = torch.arange(k) != at[:, None]
    return known & ((lo > OUTWARD * scores.size) | ~other).all(1), known, ahead
