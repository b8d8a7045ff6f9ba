"""The question put to the solver: is there an input on which a program and a network differ?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import z3

from scrutable.network import Layer
from scrutable.verify.equivalence._claim import Claim
from scrutable.verify.equivalence._layer_bounds import Bounds, bounds_of, count_unsettled
from scrutable.verify.equivalence._network_terms import as_real, raw_terms, real

Answer = Literal["found", "none", "gave up"]
PROGRAM_ROUNDING = 2.0**-40
"""What a program's own double precision can amount to, as a share of the size of the outputs."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Everything about the question that is the same for every box.

    Arguments:
        layers: the network as a chain. unit: the unit roundoff of the network.
    """

    claim: Claim
    layers: tuple[Layer, ...]
    unit: float

    def unsettled(self, lo: np.ndarray, hi: np.ndarray) -> int:
        """How many activations have their corner inside a box."""
        return count_unsettled(self.layers, bounds_of(self.layers, lo, hi, unit=self.unit))

    def ask(
        self, lo: np.ndarray, hi: np.ndarray, bounds: list[Bounds], *, cautious: bool, until: float
    ) -> tuple[Answer, np.ndarray | None]:
        """Whether there is an input of a box on which they differ, and one, `(1, ...)`.

        Arguments:
            cautious: whether what rounding could do counts as a difference; else it counts as none.
        """
        solver = z3.Solver()
        solver.set("timeout", max(1, int(1000 * (until - time.monotonic()))))
        for term, low, high in zip(self.claim.inputs, lo.tolist(), hi.tolist(), strict=True):
            ends = (int(low), int(high)) if z3.is_int(term) else (real(low), real(high))
            solver.add(term >= ends[0], term <= ends[1])
        raw = raw_terms(self.layers, self.claim.inputs, bounds, open_steps=cautious)
        last = bounds[-1]
        slack = last.error + PROGRAM_ROUNDING * (1.0 + last.size)
        solver.add(self._differ(raw, (slack if cautious else -slack).tolist()))
        try:
            verdict = solver.check()
        except z3.Z3Exception:  # out of memory, or a fault of the solver
            return "gave up", None
        if verdict == z3.unsat:
            return "none", None
        return ("found", self._row(solver.model())) if verdict == z3.sat else ("gave up", None)

    def _row(self, model: z3.ModelRef) -> np.ndarray:
        values = []
        for term, low, high in zip(self.claim.inputs, self.claim.lo.tolist(), self.claim.hi.tolist(), strict=True):
            value: Any = model.eval(term, model_completion=True)
            values.append(min(max(_number(value), low), high))
        return self.claim.rows(np.array([values]))

    def _differ(self, raw: list[Any], slack: list[float]) -> Any:
        """That some answer is not what the raw outputs are decoded to, or could not be under `slack`."""
        if self.claim.outputs.classes is not None:
            k = self.claim.outputs.classes
            parts = [(raw[i : i + k], slack[i : i + k]) for i in range(0, len(raw), k)]
            return z3.Or(*(_other_label(p, *part) for p, part in zip(self.claim.answers, parts, strict=True)))
        ranges = self.claim.outputs.ranges * (len(raw) // len(self.claim.outputs.ranges))
        threshold = getattr(self.claim.outputs, "threshold", None)
        found = []
        for answer, value, room, range_ in zip(self.claim.answers, raw, slack, ranges, strict=True):
            if threshold is not None:
                found.append(_other_bit(answer, value - real(threshold), room))
            elif range_.whole:
                found.append(_farther(answer, value, 0.5 - room, strict=False))
            else:
                found.append(_farther(answer, value, self.claim.case.within - room, strict=True))
        return z3.Or(*found)


def _number(value: Any) -> float:
    """A value of the solver; irrational ones are approximated."""
    if z3.is_int_value(value):
        return float(value.as_long())
    return float((value if z3.is_rational_value(value) else value.approx(20)).as_fraction())


def _other_label(answer: Any, scores: list[Any], slack: list[float]) -> Any:
    """That the label is none, or some other score is higher (as high counts where there is slack)."""
    wrong = [answer < 0, answer >= len(scores)]
    for k, score in enumerate(scores):
        others = [scores[j] - score >= real(-(slack[j] + slack[k])) for j in range(len(scores)) if j != k]
        wrong.append(z3.And(answer == k, z3.Or(*others)))
    return z3.Or(*wrong)


def _other_bit(answer: Any, above: Any, slack: float) -> Any:
    answer = as_real(answer)
    return z3.Or(
        z3.And(answer != 0, answer != 1),
        z3.And(answer == 1, above <= real(slack)),
        z3.And(answer == 0, above > real(-slack)),
    )


def _farther(answer: Any, value: Any, distance: float, *, strict: bool) -> Any:
    if distance < 0:
        return z3.BoolVal(True)
    gap, far = value - as_real(answer), real(distance)
    return z3.Or(gap > far, -gap > far) if strict else z3.Or(gap >= far, -gap >= far)
