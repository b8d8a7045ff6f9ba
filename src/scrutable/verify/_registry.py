"""Every test, and all of them applied to one hypothesis."""

from __future__ import annotations

from scrutable.errors import ProgramError, UserError
from scrutable.hypothesis import Evidence, Result, silent
from scrutable.verify._base import Case, Test
from scrutable.verify._claims import NoDependence, NoMemory
from scrutable.verify._fidelity import HeldOut, Longer, Shifted
from scrutable.verify._interchange import Interchange
from scrutable.verify._search import CounterExamples
from scrutable.verify.equivalence import Equivalence, is_finite
from scrutable.verify.scrubbing import Scrubbing

TESTS: tuple[Test, ...] = (
    HeldOut(),
    Shifted(),
    CounterExamples(),
    Equivalence(),
    Interchange(),
    Scrubbing(),
    NoMemory(),
    NoDependence(),
    Longer(),
)
"""In the order of application: cheap and decisive first. Append to register a test."""


def verify_all(case: Case, tests: tuple[Test, ...] = TESTS) -> Evidence:
    """Apply every test to a hypothesis.

    Once it is refuted the causal tests are left out, since there is nothing to explain the insides by, and nothing is
    left to prove. When the time is up, what is left is "unknown", but for the comparison on the rows kept back, which
    is always made.
    """
    evidence = Evidence()
    for test in tests:
        evidence = evidence.with_results(*_applied(test, case, evidence))
    return evidence


def _applied(test: Test, case: Case, evidence: Evidence) -> tuple[Result, ...]:
    refuted = any(r.status == "fail" and r.kind in ("behaviour", "exhaustive", "counter-example") for r in evidence)
    if refuted and (test.kind == "causal" or (isinstance(test, Equivalence) and not is_finite(case.network))):
        return (silent(test.name, test.kind, "the program was refuted before"),)
    if case.clock.over and len(evidence):
        return (silent(test.name, test.kind, "", unknown="time ran out before this test"),)
    try:
        return test.apply(case)
    except (ProgramError, UserError) as error:
        return (silent(test.name, test.kind, "", unknown=f"could not be measured: {error}"),)
