"""What the suites of trained networks share: the procedure that is measured, and what its studies say besides."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrutable.bench._base import Case, Row
from scrutable.bench._text import one_line

if TYPE_CHECKING:
    from scrutable.explain import Study
    from scrutable.network import Network

NOTHING = "no short program"
"""The verdict of a row without a program."""
Explain = Callable[..., "Study"]


@dataclass(frozen=True, slots=True)
class Grade:
    """See the fields of the same names in `Row`."""

    solved: bool
    why: str
    marks: Mapping[str, bool] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Studied:
    """A study, and the seconds that it took, of wall-clock and of processor time."""

    study: Study
    seconds: float
    busy: float

    def row(
        self,
        case: Case,
        judged: Grade,
        *,
        agreement: float | None,
        details: Mapping[str, Any],
        nulls: Mapping[str, float] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> Row:
        """The row of a case; see the fields of the same names in `Row`."""
        best = self.study.best
        return Row(
            key=case.key,
            family=case.family,
            task=case.task,
            program=None if best is None else one_line(best.program),
            bits=None if best is None else round(best.program.bits, 1),
            agreement=agreement,
            verdict=NOTHING if best is None else best.verdict.value,
            seconds=round(self.seconds, 2),
            nulls=nulls or {},
            solved=judged.solved,
            why=judged.why,
            marks=judged.marks,
            columns=columns or {},
            details={"processor seconds": round(self.busy, 2), **details, **judged.details},
        )


def studied(explain: Explain | None, network: Network, *, budget: float, seed: int) -> Studied:
    """The study of a network, timed.

    Arguments:
        explain: what is measured; None for the library's own. It is given the network, the budget and a seed.
    """
    if explain is None:
        from scrutable.explain import explain as usual

        explain = usual
    started, busy = time.monotonic(), time.process_time()
    study = explain(network, budget=budget, seed=seed)
    return Studied(study, time.monotonic() - started, time.process_time() - busy)


def reasons(study: Study) -> str:
    """What became of the candidates there were."""
    tried = [
        f"{a.what}: {a.outcome}" for a in study.attempts if a.step == "propose" and "not suitable" not in a.outcome
    ]
    fallen = [f"{h.provenance.proposer} {h.verdict.value}" for h in study.hypotheses]
    return "; ".join([*tried, *fallen])[:300]


def told(study: Study) -> dict[str, Any]:
    """Who found it, what else was tried, and what became of it."""
    best = study.best
    steps = [
        f"{attempt.step} {attempt.what}: {attempt.outcome}" for attempt in study.attempts if attempt.step != "data"
    ]
    others = [
        f"{h.verdict.value}, {h.provenance.proposer}, {h.total_bits:.0f} bits: {one_line(h.program)[:300]}"
        for h in study.hypotheses[:4]
        if h is not best
    ]
    found: dict[str, Any] = {"steps": steps, "other candidates": others}
    if best is None:
        return found
    tests = [
        {"name": r.name, "kind": r.kind, "status": r.status, "value": r.value, "n": r.n, "reason": r.reason}
        for r in best.evidence
    ]
    return {**found, "proposer": best.provenance.proposer, "tests": tests}
