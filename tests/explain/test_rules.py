"""What the pipeline may say, and what it may not be talked into by a second wording of the same program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrutable.explain import RunFacts, Study, _pipeline, _testing
from scrutable.explain._controls import fallen_with
from scrutable.hypothesis import Evidence, Hypothesis, Provenance, Result, Verdict
from scrutable.network import Bits, Integers, Network, NetworkFacts, Recurrent
from scrutable.program import INT, Input, Let, Program, Seq, Var, call

A, B = Var("a", INT), Var("b", INT)
X = np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 2)


def result(name: str, kind, status="pass", value: float | None = 1.0, n: int = 50) -> Result:
    return Result(name, kind, status, value, n, None, "counted", "because")


SEEN = Evidence((result("fidelity.held_out", "behaviour"), result("exhaustive", "exhaustive")))
FAILED = result("guard.random_weights", "guard", "fail", 0.4)


def hypothesis(expr, evidence: Evidence = SEEN, **changes) -> Hypothesis:
    inputs = (Input("a", INT), Input("b", INT))
    return Hypothesis(Program("p", inputs, (Let("output", expr),), ("output",)), evidence=evidence, **changes)


SHORT, LONG, OTHER = call("max", A, B), A + B - call("min", A, B), call("min", A, B)


def test_the_same_program_in_other_words_falls_with_the_first() -> None:
    fallen = hypothesis(SHORT, SEEN.with_results(FAILED))
    again = fallen_with(hypothesis(LONG), [fallen], X)
    assert again is not None and again.verdict is Verdict.FRIVOLOUS
    assert "same answers" in again.evidence["guard.random_weights"].reason


def test_what_says_something_else_is_shorter_or_is_borne_out_by_the_insides_gets_controls_of_its_own() -> None:
    first = hypothesis(LONG, SEEN.with_results(FAILED))
    assert fallen_with(hypothesis(SHORT), [first], X) is None
    assert fallen_with(hypothesis(OTHER), [first], X) is None
    sound = SEEN.with_results(result("interchange", "causal"))
    assert fallen_with(hypothesis(LONG, sound), [hypothesis(SHORT, SEEN.with_results(FAILED))], X) is None
    assert fallen_with(hypothesis(LONG), [], X) is None


def study(best: Hypothesis) -> Study:
    facts = NetworkFacts("n", "MLP", 3, "float32", "0", "", "", "Bits()", "Bits()", "none", ())
    return Study(facts, RunFacts(50, "sampled", "0", 10, 0, 1.0, "explain(network)"), (best,))


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ((), "equal to the network on its whole domain"),
        ((result("exhaustive", "exhaustive", "not applicable", 0.99),), "approximate"),
        ((result("fidelity.longer", "behaviour", "unknown", 0.9),), "declared length only"),
        ((result("fidelity.longer", "behaviour", "unknown", None, 0),), "not established (17 bits)."),
    ],
)
def test_the_headline_says_how_far_the_answer_reaches(extra: tuple[Result, ...], wanted: str) -> None:
    settings = {"mode": "majority"}
    tested = hypothesis(SHORT, SEEN.with_results(*extra), provenance=Provenance("tree", settings))
    assert tested.verdict is Verdict.BEHAVIOURAL
    assert wanted in study(tested).headline
    assert ("approximate" in study(tested).headline) == ("approximate" in wanted)
    assert "approximate" in study(replace(tested, residual_bits=9.0)).headline


def test_a_program_is_spelled_out_for_parts_found_in_the_network_and_for_nothing_else() -> None:
    """That the state plays no part is no reason to name the parts of an expression."""
    network = Network(
        Recurrent(lambda state, x: (state * 0, 2 * x + 1), np.zeros(2)), inputs=Bits(8), outputs=Integers(length=8)
    )
    run = _pipeline._begin(
        network, None, labels=None, budget="20s", seed=0, jobs=1, out=None, resume=False, on_event=None, circuit=False
    )
    x = Var("x", Seq(INT))
    said = Hypothesis(Program("p", (Input("x", Seq(INT)),), (Let("output", 2 * x + 1),), ("output",)))
    tested, evidence = _testing._tested(run, said)
    assert evidence["no_memory"].passed and tested is said
