"""Linear state space: outputs that are a linear function of the inputs so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Let, Program, Scan, call
from scrutable.program import Var as Variable
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import one_answer, program_inputs
from scrutable.propose._relation import Relation, find_relation
from scrutable.propose._relation_program import programs_of

NUMBERS = ("Bits", "Integers", "Reals")


@final
@dataclass(frozen=True, slots=True)
class Linear(Proposer):
    """Finds the cheapest linear relation between the network's outputs, its earlier outputs and its inputs.

    Whole outputs must fit exactly on at least 95% of the places (all of them, unless the hypothesis says that it is
    approximate); real outputs to 99.9% of the variance, with coefficients taken to the shortest numbers that are within
    their error. Running sums, delays, moving sums, and systems with position and velocity come out as such.

    Reference: L. Ljung, System identification: theory for the user (1999).
    """

    name: str = "linear"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not network.inputs.is_sequence:
            return "inputs are not sequences"
        if network.inputs.kind not in NUMBERS or network.outputs.kind not in NUMBERS:
            return "inputs or outputs are labels, not numbers"
        if (once := one_answer(network)) is not None:
            return once
        if problem.inputs.shape[1] < 3:
            return "sequences shorter than 3 steps"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        network = problem.network
        x, y = _data(problem)
        whole = network.outputs.kind != "Reals"
        relation = problem.memo.get("relation", lambda: find_relation(x, y, whole=whole, clock=problem.clock))
        if relation is None:
            return
        exact = whole and bool((np.rint(relation.simulate(x)) == y).all())
        for program in programs_of(relation, program_inputs(network.inputs)):
            yield _hypothesis(program if network.each_step else _last_only(program), problem, relation, exact=exact)


def _data(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Inputs `(n, length, p)` and the answers after every step `(n, length, q)`, as floats."""
    x = np.concatenate([problem.counter_inputs, problem.inputs])
    if problem.network.each_step:
        y = np.concatenate([problem.counter_outputs, problem.outputs])
    else:
        x = x[:2048]
        y = problem.network.recurrence.run(x)[1]  # type: ignore[union-attr]
    n, length = x.shape[:2]
    return x.reshape(n, length, -1).astype(np.float64), y.reshape(n, length, -1).astype(np.float64)


def _last_only(program: Program) -> Program:
    """The same program, answering with its last output."""
    lets, types = [], program.variables
    for name in program.outputs:
        default = next((s.init.value for scan in _scans(program) for s in scan.states if s.name == name), 0)
        lets.append(Let(f"last_{name}", call("last", Variable(name, types[name]), params=(default,))))
    return Program(program.name, program.inputs, (*program.statements, *lets), tuple(let.name for let in lets))


def _scans(program: Program) -> Iterator[Scan]:
    return (statement for statement in program.statements if isinstance(statement, Scan))


def _hypothesis(program: Program, problem: Problem, relation: Relation, *, exact: bool) -> Hypothesis:
    r, m = relation.order
    settings = {"outputs_back": r, "inputs_back": m, "mode": "exact" if exact else "approximate"}
    notes = () if relation.snapped else ("coefficients are rounded decimals, not exact numbers",)
    sites = {s.name: "hidden" for scan in _scans(program) for s in scan.states} if problem.network.recurrence else {}
    provenance = Provenance("linear", settings, problem.seed, ("Ljung, System identification (1999)",))
    return Hypothesis(program, Alignment(sites), provenance, notes=notes)
