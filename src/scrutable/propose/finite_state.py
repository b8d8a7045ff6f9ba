"""Finite-state machines read off a recurrent network, written as a loop with named states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Program, Scan
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.propose._machine import Machine
from scrutable.propose._reading import MOST_RAW, Reading, alphabet, read_machine
from scrutable.propose._states import factor_machine, factors, labellings, window_machine
from scrutable.propose._writing import Form, Task, surveyed, written
from scrutable.work import Clock

READABLE = ("Bits", "Integers", "Tokens", "Category")
SEARCH_SECONDS = 20.0
SURVEY_SECONDS = 10.0
CLOSER = 3
"""So many ways of numbering the states are looked at closely."""
GOOD = 64.0
"""Bits below which no other way of numbering the states is tried."""
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
        for forms in (_without_state, _with_windows, _with_one_number, _side_by_side):
            if best < GOOD or problem.clock.over:
                return
            programs = [
                (written(form, task, clock=_seconds(problem, SEARCH_SECONDS)), form)
                for form in forms(reading.machine, task, problem)
            ]
            if programs:
                program, form = min(programs, key=lambda each: each[0].bits)
                if program.bits < WORTH_SAYING * best:
                    yield _hypothesis(program, form, reading, problem)
                best = min(best, program.bits)


def _seconds(problem: Problem, seconds: float) -> Clock:
    return Clock(min(seconds, problem.clock.left))


def _empty_answer(machine: Machine, answers: np.ndarray) -> np.ndarray:
    """The answer before any step: what is answered on returning to the initial state, or zero where that varies."""
    codes = np.unique(machine.output[machine.next == 0])
    return answers[codes[0]] if len(codes) == 1 else np.zeros(answers.shape[1], dtype=np.int64)


def _without_state(machine: Machine, task: Task, problem: Problem) -> Iterator[Form]:
    del task, problem
    if machine.states == 1:
        yield Form("no state", machine, ())


def _with_windows(machine: Machine, task: Task, problem: Problem) -> Iterator[Form]:
    """The last few inputs as states."""
    del problem
    zero = np.flatnonzero((task.letters == 0).all(axis=1))
    window = window_machine(machine, int(zero[0]) if len(zero) else 0) if machine.states > 1 else None
    if window is not None:
        longer, symbols = window
        places = product(range(symbols.shape[1]), range(task.letters.shape[1]))
        yield Form("last inputs", longer, tuple(task.letters[symbols[:, k], c] for k, c in places))


def _with_one_number(machine: Machine, task: Task, problem: Problem) -> Iterator[Form]:
    if machine.states > 1:
        values = task.answers[machine.output, 0] if task.answers.shape[1] == 1 else None
        numberings = labellings(machine, task.letters, values)
        for labels in surveyed(machine, numberings, task, count=CLOSER, clock=_seconds(problem, SURVEY_SECONDS)):
            yield Form("one number", machine, (labels,))


def _side_by_side(machine: Machine, task: Task, problem: Problem) -> Iterator[Form]:
    """Two smaller machines that run independently."""
    for one, other in factors(machine, most=2):
        yield Form("side by side", machine, tuple(_numbered(machine, block, task, problem) for block in (one, other)))


def _numbered(machine: Machine, block: np.ndarray, task: Task, problem: Problem) -> np.ndarray:
    """Numbers for the blocks of a closed partition, chosen for the machine on the blocks alone."""
    small = factor_machine(machine, block)
    answers = np.arange(small.states)[:, None]
    alone = Task(task.inputs, task.letters, answers, task.each_step, labels=False, empty=task.empty)
    numberings = labellings(small, task.letters, None)
    return surveyed(small, numberings, alone, count=1, clock=_seconds(problem, SURVEY_SECONDS))[0][block]


def _hypothesis(program: Program, form: Form, reading: Reading, problem: Problem) -> Hypothesis:
    sites = {s.name: "hidden" for each in program.statements if isinstance(each, Scan) for s in each.states}
    provenance = Provenance("finite_state", {**reading.settings, "form": form.kind}, problem.seed, SOURCES)
    return Hypothesis(program, Alignment(sites), provenance, notes=reading.notes)
