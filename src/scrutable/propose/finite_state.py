"""Finite-state machines read off a recurrent network, written as a loop with named states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Program, Scan
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.propose._machine import Machine
from scrutable.propose._naming import named
from scrutable.propose._reading import MOST_RAW, Reading, alphabet, read_machine
from scrutable.propose._writing import Form, Task

READABLE = ("Bits", "Integers", "Tokens", "Category")
WORTH_SAYING = 1.5
"""A further program is proposed when it is at most this many times as long as the best so far."""
SOURCES = (
    "Weiss, Goldberg, Yahav, Extracting automata from recurrent neural networks, arXiv 1711.09576",
    "Rivest, Schapire, Inference of finite automata using homing sequences (1993)",
    "Hartmanis, Stearns, Algebraic structure theory of sequential machines (1966)",
)


@final
@dataclass(frozen=True, slots=True)
class FiniteState(Proposer):
    """Learns a Mealy machine from the network's own hidden vectors and writes it as a program.

    States are vectors that answer all future words alike. They are numbered so that next state and answer are short
    expressions; what has none becomes a table. Counters, whose states grow with the length of the words, are given up
    (`scrutable.propose.finite_state.read_machine(problem).reason` says so). Networks that make a few mistakes get a
    machine by majority, with `mode` "majority" among the settings.

    References: see `SOURCES`.
    """

    name: str = "finite_state"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not network.inputs.is_sequence:
            return "inputs are not sequences"
        if network.recurrence is None:
            return f"no recurrence to read a state from: {network.no_recurrence}"
        if network.inputs.kind not in READABLE or network.outputs.kind not in READABLE:
            return "inputs or outputs are real numbers, not symbols"
        symbols = len(alphabet(problem))
        return None if symbols <= MOST_RAW else f"{symbols} different inputs at a step, more than {MOST_RAW}"

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        reading = read_machine(problem)
        if reading.machine is None:
            return
        inputs = program_inputs(problem.network.inputs)
        empty = _empty_answer(reading.machine, reading.answers)
        labels = problem.network.outputs.kind in ("Category", "Tokens")
        task = Task(inputs, reading.letters, reading.answers, problem.network.each_step, labels, empty)
        best = np.inf
        for program, form in named(reading.machine, task, clock=problem.clock):
            if program.bits < WORTH_SAYING * best:
                yield _hypothesis(program, form, reading, problem)
            best = min(best, program.bits)


def _empty_answer(machine: Machine, answers: np.ndarray) -> np.ndarray:
    """The answer before any step: what is answered on returning to the initial state, or zero where that varies."""
    codes = np.unique(machine.output[machine.next == 0])
    return answers[codes[0]] if len(codes) == 1 else np.zeros(answers.shape[1], dtype=np.int64)


def _hypothesis(program: Program, form: Form, reading: Reading, problem: Problem) -> Hypothesis:
    sites = {s.name: "hidden" for each in program.statements if isinstance(each, Scan) for s in each.states}
    provenance = Provenance("finite_state", {**reading.settings, "form": form.kind}, problem.seed, SOURCES)
    return Hypothesis(program, Alignment(sites), provenance, notes=reading.notes)
