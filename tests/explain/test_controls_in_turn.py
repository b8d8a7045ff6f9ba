"""Which candidates meet the null controls: the best, and one that the insides bear out where that one is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scrutable.explain import _pipeline
from scrutable.explain._screen import Candidate
from scrutable.hypothesis import Evidence, Hypothesis, Kind, Result, Status
from scrutable.program import INT, Const, Expr, Input, Let, Program, Var, call

X = Var("x", INT)
EXPRESSIONS = [X, call("add", X, Const(1, INT)), call("mul", call("add", X, Const(1, INT)), X)]
RUN: Any = SimpleNamespace(data=SimpleNamespace(inputs=np.arange(9)))


def candidate(expr: Expr, inside: Status, *, exact: bool = True) -> Candidate:
    """One that agrees with the network, and of which a test of the insides came out like that."""
    program = Program("p", (Input("x", INT),), (Let("output", expr),), ("output",))
    results = (result("fidelity.held_out", "behaviour", "pass"), result("interchange", "causal", inside))
    return Candidate(Hypothesis(program).with_evidence(Evidence(results)), effort=None, exact=exact)


def result(name: str, kind: Kind, status: Status) -> Result:
    return Result(name, kind, status, None, 0, None, method="made up", reason="made up")


@pytest.mark.parametrize(
    ("insides", "exact", "wanted"),
    [
        (["pass", "pass"], True, 1),
        (["fail", "pass"], True, 2),
        (["fail", "fail"], True, 1),
        (["not applicable", "pass"], True, 2),
        (["not applicable", "pass"], False, 1),
        (["not applicable", "not applicable", "pass"], True, 2),
        (["not applicable", "pass", "pass"], True, 2),
        (["not applicable", "fail"], True, 1),
    ],
)
def test_one_that_the_insides_bear_out_is_controlled(
    insides: list[Status], exact: bool, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    controlled: list[Hypothesis] = []

    def guarded(run: Any, hypothesis: Hypothesis, case: Any, *, effort: Any) -> Hypothesis:
        controlled.append(hypothesis)
        return hypothesis

    monkeypatch.setattr(_pipeline, "guarded", guarded)
    monkeypatch.setattr(_pipeline, "case_of", lambda run, hypothesis: None)
    monkeypatch.setattr(_pipeline, "_ranked", lambda found: found)
    made = [
        candidate(expr, inside, exact=exact or at == 0)
        for at, (expr, inside) in enumerate(zip(EXPRESSIONS, insides, strict=False))
    ]
    _pipeline._guarded_until_one_stands(RUN, tuple(made))
    assert len(controlled) == wanted and controlled[0] == made[0].hypothesis
    assert all(any(r.passed for r in each.evidence.of("causal")) for each in controlled[1:])
