"""Branch and bound: boxes are bounded many at once, settled where the bounds leave no doubt, and halved where they do.

Bounds are those of interval and linear bound propagation through network and program together (see `_forms.py`).
Program and network are both run in the middle of every box that is not settled: where they differ the claim is refuted,
and a box that is a single point is settled by that.

References: H. Zhang et al., CROWN, NeurIPS 2018 (arXiv:1811.00866); R. Bunel et al., A unified view of piecewise linear
neural network verification, NeurIPS 2018 (arXiv:1711.00455).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from scrutable.verify.equivalence._claim import Claim
from scrutable.verify.equivalence._decided import decided
from scrutable.verify.equivalence._network_forms import BoundedNetwork
from scrutable.verify.equivalence._outcome import Box, Outcome
from scrutable.verify.equivalence._program_forms import BoundedProgram

MOST_OPEN = 2**14
FEW = 64
"""So many boxes left are worth putting to the solver one by one."""
FALLBACK = 1e-9


@final
@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes side by side: `(b, d)` ends, and `(b,)` which share of the domain each is."""

    lo: np.ndarray
    hi: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.lo)

    def at(self, index: np.ndarray | slice) -> Boxes:
        """Some of them."""
        return Boxes(self.lo[index], self.hi[index], self.share[index])

    def and_then(self, other: Boxes) -> Boxes:
        """These and others."""
        joined = (
            np.concatenate(pair) for pair in ((self.lo, other.lo), (self.hi, other.hi), (self.share, other.share))
        )
        return Boxes(*joined)

    def middle(self, whole: np.ndarray) -> np.ndarray:
        """The point in the middle of each, `(b, d)`."""
        centre = self.lo + (self.hi - self.lo) / 2
        return np.where(whole, np.floor(centre), centre)

    def halves(self, entry: np.ndarray, whole: np.ndarray) -> Boxes:
        """Both halves of each. Arguments: entry: `(b,)`, which input is cut."""
        rows, cut = np.arange(len(self)), self.middle(whole)[np.arange(len(self)), entry]
        discrete = whole[entry]
        start = np.where(discrete, cut + 1, cut)
        hi, lo = self.hi.copy(), self.lo.copy()
        hi[rows, entry], lo[rows, entry] = cut, start
        count = self.hi[rows, entry] - self.lo[rows, entry] + 1
        left = np.where(discrete, (cut - self.lo[rows, entry] + 1) / count, 0.5)
        return Boxes(self.lo, hi, self.share * left).and_then(Boxes(lo, self.hi, self.share * (1 - left)))


def by_bounds(claim: Claim, network: BoundedNetwork, until: float) -> Outcome:
    """Settle the declared box, or as much of it as there is time for.

    Arguments:
        until: when to give up, by `time.monotonic`.

    Raises:
        NoBounds: an operation of the network or of the program that cannot be bounded.
    """
    program = BoundedProgram.of(claim.inputs, claim.answers)
    waiting, tried, settled, rounding = Boxes(claim.lo[None], claim.hi[None], np.ones(1)), 0, 0.0, 0.0
    while len(waiting):
        if time.monotonic() > until or len(waiting) > MOST_OPEN:
            why = f"{len(waiting)} boxes were left when " + (
                "they became too many" if time.monotonic() < until else "time ran out"
            )
            return Outcome("unknown", why, tried, rounding, settled, left=_few(waiting))
        now, waiting = waiting.at(slice(0, network.at_once)), waiting.at(slice(network.at_once, None))
        agree, weights, error = _bounded(claim, network, program, now)
        tried, rounding = tried + len(now), max(rounding, error)
        settled += float(now.share[agree].sum())
        now, weights = now.at(~agree), weights[~agree]
        rows = claim.rows(now.middle(claim.whole))
        holds = claim.holds(rows) if len(now) else np.ones(0, bool)
        if not holds.all():
            row = rows[int(np.argmin(holds))][None]
            return Outcome("fail", "they differ on an input in the middle of a box", tried, rounding, settled, row)
        point = (now.lo == now.hi).all(axis=1)
        settled += float(now.share[point].sum())
        now, weights = now.at(~point), weights[~point]
        wide = np.where(now.hi > now.lo, weights + FALLBACK * (now.hi - now.lo), -1.0)
        waiting = waiting.and_then(now.halves(wide.argmax(axis=1), claim.whole))
    return Outcome("pass", "", tried, rounding, 1.0)


def _bounded(
    claim: Claim, network: BoundedNetwork, program: BoundedProgram, boxes: Boxes
) -> tuple[np.ndarray, np.ndarray, float]:
    """Where program and network agree, how much each input has to do with what is open, and the network's rounding."""
    with torch.no_grad():
        symbols = network.symbols(len(boxes))
        inputs = network.inputs(boxes.lo, boxes.hi)
        raw = network.outputs(inputs, symbols)
        answers = program.outputs(inputs, symbols)
        agree, moved = decided(claim.outputs, raw, answers, symbols, within=claim.case.within)
    return agree.numpy(), moved.numpy(), float(raw.error.nan_to_num(0, 0, 0).max())


def _few(boxes: Boxes) -> tuple[Box, ...]:
    """The boxes one by one, unless they are many."""
    return tuple(zip(boxes.lo, boxes.hi, strict=True)) if len(boxes) <= FEW else ()
