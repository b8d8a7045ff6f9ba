"""Stands in for `explain` where a suite's scoring is tested: it answers with what it was given."""

from __future__ import annotations

from collections.abc import Sequence

from scrutable.explain import RunFacts, Study
from scrutable.hypothesis import Alignment, Evidence, Hypothesis, Interval, Provenance, Result
from scrutable.network import Network
from scrutable.program import Expr, Let, Program
from scrutable.propose._inputs import program_inputs


def passing(name: str, kind: str) -> Result:
    """A test that passed."""
    return Result(name, kind, "pass", 1.0, 8, Interval(1.0, 1.0), "", "")  # type: ignore[arg-type]


COMPARED = (passing("exhaustive", "exhaustive"), passing("fidelity.held_out", "behaviour"))
"""What makes a verdict of "behavioural"."""
EVERYTHING = (*COMPARED, passing("interchange", "causal"), passing("guard.a", "guard"), passing("guard.b", "guard"))
"""What makes a verdict of "proved"."""


class Pretender:
    """Answers with a program, or with an expression over the inputs, or with nothing, as if the tests had passed."""

    def __init__(
        self, answer: Program | Expr | None, results: Sequence[Result] = COMPARED, *, mode: str = "exact"
    ) -> None:
        self.answer, self.results, self.mode = answer, tuple(results), mode

    def __call__(self, network: Network, *, budget: float, seed: int) -> Study:
        facts = RunFacts(0, "", "", budget, seed, 0.0, "")
        if self.answer is None:
            return Study(network.facts, facts)
        program = self.answer
        if isinstance(program, Expr):
            program = Program("program", program_inputs(network.inputs), (Let("y", program),), ("y",))
        provenance = Provenance("planted", {"mode": self.mode})
        hypothesis = Hypothesis(program, Alignment(), provenance, Evidence(self.results))
        return Study(network.facts, facts, (hypothesis,))
