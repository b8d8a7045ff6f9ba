"""What came of a proof, and the result that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Interval, Kind, Result, Status
from scrutable.verify._agreement import answers_to
from scrutable.verify._base import Sample
from scrutable.verify._fidelity import examples
from scrutable.verify.equivalence._claim import Claim

NAME = "equivalence"
KIND: Kind = "exhaustive"
Box = tuple[np.ndarray, np.ndarray]
"""The least and the greatest inputs, `(d,)` each."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Boxes settled, how far rounding can go, and what stood in the way.

    Arguments:
        settled: the share of the domain on which program and network are known to agree.
        row: a counter-example, `(1, ...)`. left: boxes that are not settled, as far as they are worth another try.
    """

    status: Status
    reason: str
    boxes: int
    rounding: float
    settled: float = 0.0
    row: np.ndarray | None = None
    left: tuple[Box, ...] = ()


def result_of(claim: Claim, outcome: Outcome, method: str) -> Result:
    """The outcome as a result. Arguments: method: how the boxes were settled."""
    shown = ()
    if outcome.row is not None:
        sample = Sample(outcome.row, claim.case.network.predict(outcome.row))
        answers, valid = answers_to(claim.case.hypothesis.program, sample.inputs)
        shown = examples(answers, valid, sample, np.ones(1, bool), "proof")
    allowance = f"an allowance of {outcome.rounding:.2g} for the network's rounding"
    reasons = {
        "pass": f"proved {claim.words} on all of {claim.case.network.inputs.spec}, with {allowance}",
        "fail": outcome.reason,
        "unknown": f"not proved: {outcome.reason} ({outcome.settled:.1%} of the domain settled, {allowance})",
    }
    proved = outcome.status == "pass"
    return Result(
        name=NAME,
        kind=KIND,
        status=outcome.status,
        value={"pass": 1.0, "fail": 0.0}.get(outcome.status),
        n={"pass": outcome.boxes, "fail": 1}.get(outcome.status, 0),
        interval=Interval(1.0, 1.0, 1.0) if proved else None,
        method=f"{method} on {outcome.boxes} boxes that cover the domain; rounding bounded apart",
        reason=reasons[outcome.status],
        counter_examples=shown,
        details=(("boxes", outcome.boxes), ("rounding", outcome.rounding), ("share settled", outcome.settled)),
    )
