"""Does the program predict the network: on rows kept back, on shifted inputs, on longer sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scrutable.hypothesis import CounterExample, Kind, Result, Status, silent, wilson
from scrutable.verify._agreement import SHOWN, answers_to, counter_example, least_right, same, shares_right
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._inputs import fresh_inputs, shifted_inputs
from scrutable.work import generator

ROWS = 2048
SINGLE = "agreement of single answers"
"""The detail of a result that an approximate program is judged by."""


class HeldOut(Test):
    """Agreement on the rows kept back.

    An exact program passes when it equals the network on every one of them. One that declares itself approximate
    (`"mode": "approximate"` or `"majority"` in its settings) passes where enough of the single answers are right (see
    `least_right`), those of every step where there are such, and the reason says how many rows differ.
    """

    name = "fidelity.held_out"
    kind: Kind = "behaviour"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`."""
        return (compared(case, case.test, self.name, "rows kept back"),)


class Shifted(Test):
    """Agreement on inputs of the declared domain that ordinary sampling hardly draws (see `shifted_inputs`).

    They belong to the claim of an exact program, so one disagreement refutes it. A hypothesis that declares itself
    approximate claims only the usual inputs: below its floor the result is "unknown" and says so.
    """

    name = "fidelity.shifted"
    kind: Kind = "behaviour"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`."""
        inputs = np.unique(shifted_inputs(case, ROWS, generator(case.seed, "shifted")), axis=0)
        return (compared(case, Sample(inputs, case.network.predict(inputs)), self.name, "rare inputs of the domain"),)


class Longer(Test):
    """Agreement on sequences twice as long as the declared ones.

    The claim ends at the declared length, and trained networks often drift beyond it: a disagreement refutes nothing.
    It makes the result "unknown" and says at which step program and network part.
    """

    name = "fidelity.longer"
    kind: Kind = "behaviour"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`."""
        if not case.network.inputs.is_sequence:
            return (silent(self.name, self.kind, "the inputs are not sequences"),)
        length = case.find.inputs.shape[1]
        inputs = _longer_inputs(case)
        try:
            outputs = answers_at_any_length(case, inputs)
        except Exception as error:  # noqa: BLE001 - a user's network may refuse another length in any way it likes
            return (silent(self.name, self.kind, f"the network does not take longer sequences ({str(error)[:200]})"),)
        result = compared(case, Sample(inputs, outputs), self.name, f"sequences of length {2 * length}")
        if result.status != "fail":
            return (result,)
        return (_beyond_the_claim(result, case, Sample(inputs, outputs)),)


def _longer_inputs(case: Case) -> np.ndarray:
    """Uniform and shifted sequences, each glued to another one of its kind."""
    rng = generator(case.seed, "longer")
    halves = [np.concatenate([fresh_inputs(case, 384, rng), shifted_inputs(case, 96, rng)]) for _ in range(2)]
    return np.concatenate([halves[0], halves[1][: len(halves[0])]], axis=1)


def answers_at_any_length(case: Case, inputs: np.ndarray) -> np.ndarray:
    """The network's answers to sequences of any length, `(n, ...)`."""
    network = case.network
    if network.recurrence is None:
        return network.predict(inputs)
    _, decoded = network.recurrence.run(inputs)
    return decoded if network.each_step else decoded[:, -1]


def _beyond_the_claim(result: Result, case: Case, sample: Sample) -> Result:
    length = case.find.inputs.shape[1]
    where = f"beyond the declared length of {length}"
    if case.network.each_step and sample.outputs.ndim > 1:
        answers, valid = answers_to(case.hypothesis.program, sample.inputs)
        equal = None if answers is None else same(answers, sample.outputs, case.within)
        if equal is not None:
            wrong = ~(equal.reshape(*equal.shape[:2], -1).all(axis=2) & valid[:, None])
            first = int(np.argmax(wrong.any(axis=0))) + 1
            where = f"program and network part at step {first}, the declared length being {length}"
            if first <= length and case.network.recurrence is not None:
                return _with_status(result, "fail", f"{where}; {result.reason}")
    return _with_status(result, "unknown", f"{where}: {result.reason}; the claim ends at length {length}")


def _with_status(result: Result, status: Status, reason: str) -> Result:
    return replace(result, status=status, reason=reason)


def compared(case: Case, sample: Sample, name: str, what: str) -> Result:
    """The agreement of program and network on a sample, as a result. Units are whole inputs."""
    n = len(sample)
    if n == 0:
        return silent(name, "behaviour", "", unknown=f"there are no {what}")
    answers, valid = answers_to(case.hypothesis.program, sample.inputs)
    if answers is not None and answers.size != sample.outputs.size:
        return _wrong_shape(name, answers, sample)
    within = case.within
    shares = single_answers(case, sample, answers, valid)
    right = shares == 1
    wrong = int((~right).sum())
    status, reason = judged(case, n - wrong, n, what, single=float(shares.mean()))
    if status == "fail" and case.approximate and name != HeldOut.name:
        status, reason = "unknown", f"{reason}; an approximate program claims only the usual inputs"
    details: tuple[tuple[str, Any], ...] = (("disagreements", wrong), (SINGLE, float(shares.mean())))
    if within:
        details += (("tolerance", within),)
    return Result(
        name=name,
        kind="behaviour",
        status=status,
        value=float(right.mean()),
        n=n,
        interval=wilson(n - wrong, n),
        method="share of whole inputs with every output equal; Wilson interval",
        reason=reason,
        counter_examples=examples(answers, valid, sample, ~right, what),
        details=details,
    )


def single_answers(case: Case, sample: Sample, answers: np.ndarray | None, valid: np.ndarray) -> np.ndarray:
    """The share of right single answers to each input, `(n,)`; 0 where the program has none."""
    if answers is None:
        return np.zeros(len(sample))
    return valid * shares_right(case.network, answers, sample.outputs, within=case.within)


def judged(case: Case, right: int, n: int, what: str, *, single: float) -> tuple[Status, str]:
    """The rule: an exact program differs nowhere, an approximate one in a few single answers, and says so."""
    wrong = n - right
    if wrong == 0:
        return "pass", f"equal to the network on all {n} {what}"
    differ = f"{wrong} of {n} {what} differ"
    if not case.approximate:
        return "fail", differ
    steps = f", {1 - single:.1%} of their steps" if case.network.each_step else ""
    least = least_right(case.network, case.find.outputs)
    if single >= least:
        return "pass", f"approximate: {differ}{steps}"
    return "fail", f"{differ}{steps}, which is below the {least:.1%} that an approximate program must reach"


def examples(
    answers: np.ndarray | None, valid: np.ndarray, sample: Sample, wrong: np.ndarray, where: str
) -> tuple[CounterExample, ...]:
    """The first few disagreements."""
    rows = np.flatnonzero(wrong)[:SHOWN]
    says = [answers[row] if answers is not None and valid[row] else "no answer" for row in rows]
    return tuple(
        counter_example(sample.inputs[row], said, sample.outputs[row], where)
        for row, said in zip(rows, says, strict=True)
    )


def _wrong_shape(name: str, answers: np.ndarray, sample: Sample) -> Result:
    return Result(
        name=name,
        kind="behaviour",
        status="fail",
        value=0.0,
        n=len(sample),
        interval=wilson(0, len(sample)),
        method="shapes compared",
        reason=f"the program answers in shape {answers.shape[1:]}, the network in shape {sample.outputs.shape[1:]}",
        counter_examples=(counter_example(sample.inputs[0], answers[0], sample.outputs[0]),),
    )
