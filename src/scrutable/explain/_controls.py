"""Null controls for one hypothesis: guards get the very search and the very tests that it went through."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from scrutable.explain._run import Run
from scrutable.explain._screen import Effort
from scrutable.explain._search import search
from scrutable.guard import GUARDS, Guard, GuardCase, Scores, guard_all
from scrutable.hypothesis import Hypothesis, Result, plain, read_as
from scrutable.network import Network
from scrutable.verify import Case, Sample, agrees, answers_to, interchange_value
from scrutable.work import Clock

LEAST_SEARCH = 0.5
SCORING_SECONDS = 5.0


def guarded(run: Run, hypothesis: Hypothesis, case: Case, *, effort: Effort | None) -> Hypothesis:
    """The hypothesis with the result of every guard added, each written down as it ends.

    Arguments:
        effort: what the real search had spent when it had the hypothesis in hand; every null search asks the same
            proposers for as long. None for a person's hypothesis: nothing was searched, so the null networks meet that
            same hypothesis.
    """
    repeated = None if effort is None else _repeated(effort)
    procedure = partial(_given, hypothesis) if repeated is None else partial(search, like=repeated, also=run.also)
    trial = GuardCase(
        network=run.network,
        hypothesis=hypothesis,
        evidence=hypothesis.evidence,
        find=case.find,
        test=case.test,
        seed=run.seed,
        clock=run.clock,
        search=procedure,
        score=score,
        search_seconds=LEAST_SEARCH if repeated is None else repeated.seconds,
        map=run.executor.map,
    )
    evidence = hypothesis.evidence
    for index, guard in enumerate(GUARDS):
        clock = run.clock.part(guard.weight / sum(each.weight for each in GUARDS[index:]))
        key = f"guard/{guard.name}/{hypothesis.program.source}"
        data = run.journal.once(key, lambda g=guard, c=clock: _applied(run, g, replace(trial, clock=c)))
        evidence = evidence.with_results(read_as(Result, data))
    return hypothesis.with_evidence(evidence)


def _repeated(effort: Effort) -> Effort:
    """The effort of a null search: the real one's, but for its last proposer not so little that chance decides."""
    last, seconds = list(effort.spent.items())[-1]
    more = max(0.0, LEAST_SEARCH - seconds)
    return replace(effort, seconds=effort.seconds + more, spent={**effort.spent, last: seconds + more})


def fallen_with(hypothesis: Hypothesis, fallen: Sequence[Hypothesis], inputs: np.ndarray) -> Hypothesis | None:
    """The hypothesis with the failed controls of one of the `fallen`, if it is that one again in other words.

    It is when it gives the same answers to `inputs` at no fewer bits and no causal test bears it out: the null networks
    that did as well as the shorter one do as well as this one, and a control that ran out of time must not spare it.
    """
    if any(r.passed for r in hypothesis.evidence.of("causal")):
        return None
    said, _ = answers_to(hypothesis.program, inputs)
    for other in fallen:
        answers, _ = answers_to(other.program, inputs)
        if said is None or answers is None or not np.array_equal(said, answers):
            continue
        if other.program.bits > hypothesis.program.bits + 1e-9:
            continue
        failed = (r for r in other.evidence.of("guard") if r.status == "fail")
        why = f"the same answers as a program of {other.program.bits:.0f} bits that failed"
        results = (replace(r, reason=f"{why}: {r.reason}") for r in failed)
        return hypothesis.with_evidence(hypothesis.evidence.with_results(*results))
    return None


def _given(hypothesis: Hypothesis, *_: Any, **__: Any) -> tuple[Hypothesis, ...]:
    return (hypothesis,)


def _applied(run: Run, guard: Guard, trial: GuardCase) -> dict[str, Any]:
    started = time.monotonic()
    result = guard_all(trial, guards=(guard,))[guard.name]
    run.note("guard", guard.name, f"{result.status}: {result.reason}", time.monotonic() - started)
    return plain(result)


def score(network: Network, hypothesis: Hypothesis, inputs: np.ndarray, outputs: np.ndarray, *, seed: int) -> Scores:
    """How a hypothesis does on rows that were not searched: half of them fit the alignment, the other half score it."""
    answers, valid = answers_to(hypothesis.program, inputs)
    right = (
        np.zeros(len(inputs), bool)
        if answers is None
        else agrees(network.outputs, answers, outputs, within=hypothesis.within) & valid
    )
    agreement = float(right.mean()) if len(right) else 0.0
    half = len(inputs) // 2
    find, test = Sample(inputs[:half], outputs[:half]), Sample(inputs[half:], outputs[half:])
    case = Case(network, hypothesis, find, test, seed, Clock(SCORING_SECONDS))
    return Scores(agreement, interchange_value(case))
