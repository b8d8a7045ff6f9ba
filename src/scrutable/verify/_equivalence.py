"""A proof by a solver that a program says what a small piecewise linear network does, on the whole declared domain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Interval, Kind, Result, Status, silent
from scrutable.network import PIECEWISE_LINEAR, Activation, Affine
from scrutable.verify._agreement import agrees, answers_to
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._bounds import UNIT, bounds_of
from scrutable.verify._exhaustive import LARGEST
from scrutable.verify._fidelity import examples

if TYPE_CHECKING:
    from scrutable.verify._equivalence_question import Question

MOST_SECONDS, SHARE = 20.0, 0.3
SETTLED, DEEPEST = 16, 10
"""A box with at most so many unsettled activations is put to the solver; others are halved, at most so many times."""
LARGEST_NETWORK = 4096


class Equivalence(Test):
    """A proof, or a counter-example, by an SMT solver, where the domain has too many inputs to compare them all.

    The network must be a chain of affine maps and piecewise linear activations, small enough for the solver, on a
    bounded domain; there is no result at all where every input is compared, nor for recurrent networks. The domain is
    cut into boxes on which few activations have their corner, and on each of them the solver is asked for an input on
    which program and network differ. The network it reasons about is in exact arithmetic; what the network's own
    rounding can amount to is bounded apart and taken off what is allowed, so that a proof holds for the network as it
    runs. A counter-example is only given after both have been run on it.

    Reference for exact encodings: G. Katz et al., Reluplex, CAV 2017 (arXiv:1702.01135).
    """

    name = "equivalence"
    kind: Kind = "exhaustive"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: at most a third of the time left, and 20 seconds."""
        domain = case.network.inputs
        if (domain.size is not None and domain.size <= LARGEST) or case.network.recurrence is not None:
            return ()
        reason = _unsuitable(case)
        if reason:
            return (silent(self.name, self.kind, reason),)
        from scrutable.verify._equivalence_question import Question

        until = time.monotonic() + min(MOST_SECONDS, SHARE * case.clock.left)
        try:
            question = Question.of(case)
        except ScrutableError as error:
            return (silent(self.name, self.kind, f"the program cannot be put to the solver: {error}"),)
        return (_result(case, question, _settle(case, question, until)),)


def _unsuitable(case: Case) -> str:
    """Why the network or its domain is none for the solver; "" when it is one."""
    network, domain = case.network, case.network.inputs
    if case.approximate:
        return "declared approximate: the claim is not about every input"
    if any(end is None for r in domain.ranges for end in (r.lo, r.hi)):
        return f"{domain.spec} has no bounds"
    if network.layers is None:
        return f"the network is no chain of layers: {network.no_layers}"
    kinds = {layer.kind for layer in network.layers if isinstance(layer, Activation)}
    if network.outputs.classes is not None:
        kinds -= {"softmax", "log_softmax"}  # at the end, where they change no answer
    if kinds - PIECEWISE_LINEAR:
        return f"its activations are not linear in pieces: {', '.join(sorted(kinds - PIECEWISE_LINEAR))}"
    if network.facts.dtype not in UNIT:
        return f"it computes in {network.facts.dtype}"
    if sum(layer.weight.size for layer in network.layers if isinstance(layer, Affine)) > LARGEST_NETWORK:
        return f"it has more than {LARGEST_NETWORK} weights"
    return ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of the question: boxes settled, how far rounding can go, and what stood in the way."""

    status: Status
    reason: str
    boxes: int
    rounding: float
    row: np.ndarray | None = None


def _settle(case: Case, question: Question, until: float) -> _Outcome:
    """Go through the boxes until one of them refutes, one cannot be decided, or all are settled."""
    done, rounding, doubts = 0, 0.0, ""
    for lo, hi in _boxes(question):
        bounds = bounds_of(question.layers, lo, hi, unit=question.unit)
        rounding = max(rounding, float(bounds[-1].error.max(initial=0.0)))
        for cautious in (True, False):
            answer, row = question.ask(lo, hi, bounds, cautious=cautious, until=until)
            if answer == "gave up":
                why = f"the solver did not decide box {done + 1} in the time it had"
                return _Outcome("unknown", why, done, rounding)
            if row is not None and _differ(case, row):
                return _Outcome("fail", "the solver found an input on which they differ", done, rounding, row)
            doubts = doubts if row is None else _DOUBTS[cautious]
            if row is None:
                break
        done += 1
    return _Outcome("unknown" if doubts else "pass", doubts, done, rounding)


_DOUBTS = {
    True: "they come so near to differing that rounding decides",
    False: "an input that the solver found is none when both are run",
}


def _boxes(question: Question) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Boxes that cover the domain, halved where many activations are unsettled."""
    waiting = [(question.lo, question.hi, 0)]
    while waiting:
        lo, hi, depth = waiting.pop()
        halves = None if depth >= DEEPEST or question.unsettled(lo, hi) <= SETTLED else _halved(question, lo, hi)
        if halves is None:
            yield lo, hi
        else:
            waiting += [(*half, depth + 1) for half in halves]


def _halved(question: Question, lo: np.ndarray, hi: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """The two halves along the entry that settles most; None when no entry has two values."""
    best: tuple[int, list[tuple[np.ndarray, np.ndarray]]] | None = None
    for entry in np.flatnonzero(hi > lo):
        middle = (lo[entry] + hi[entry]) / 2
        left, right = hi.copy(), lo.copy()
        whole = question.whole[entry]
        left[entry], right[entry] = (np.floor(middle), np.floor(middle) + 1) if whole else (middle, middle)
        halves = [(lo, left), (right, hi)]
        worst = max(question.unsettled(*half) for half in halves)
        if best is None or worst < best[0]:
            best = worst, halves
    return None if best is None else best[1]


def _differ(case: Case, row: np.ndarray) -> bool:
    outputs = case.network.predict(row)
    answers, valid = answers_to(case.hypothesis.program, row)
    return answers is None or not bool((agrees(case.network.outputs, answers, outputs, within=case.within) & valid)[0])


def _result(case: Case, question: Question, outcome: _Outcome) -> Result:
    proved = outcome.status == "pass"
    shown = ()
    if outcome.row is not None:
        sample = Sample(outcome.row, case.network.predict(outcome.row))
        answers, valid = answers_to(case.hypothesis.program, sample.inputs)
        shown = examples(answers, valid, sample, np.ones(1, bool), "solver")
    allowance = f"an allowance of {outcome.rounding:.2g} for the network's rounding"
    reasons = {
        "pass": f"proved {question.claim} on all of {case.network.inputs.spec}, with {allowance}",
        "fail": outcome.reason,
        "unknown": f"not proved: {outcome.reason} ({allowance})",
    }
    return Result(
        name=Equivalence.name,
        kind=Equivalence.kind,
        status=outcome.status,
        value={"pass": 1.0, "fail": 0.0}.get(outcome.status),
        n={"pass": outcome.boxes, "fail": 1}.get(outcome.status, 0),
        interval=Interval(1.0, 1.0, 1.0) if proved else None,
        method=f"z3 on {outcome.boxes} boxes that cover the domain; exact arithmetic, rounding bounded apart",
        reason=reasons[outcome.status],
        counter_examples=shown,
        details=(("boxes", outcome.boxes), ("rounding", outcome.rounding)),
    )
