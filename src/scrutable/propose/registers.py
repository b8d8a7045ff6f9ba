"""Registers: programs that keep a few whole numbers from step to step, found from the network's answers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Scan
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._consensus import differing
from scrutable.propose._inputs import is_block, one_answer, program_inputs
from scrutable.propose._registers_heard import Ear, listen, listen_to_data
from scrutable.propose._registers_hunt import Hunt
from scrutable.propose._registers_program import Frame
from scrutable.propose._registers_trial import Upheld
from scrutable.propose._sequence_loops import read_by_others
from scrutable.work import Clock

READABLE = ("Bits", "Integers", "Tokens", "Category")
SHORTEST = 4
MOST_OUTPUTS = 4
FIRST_SHARE = 0.6
"""The share of each search after which a network is judged by its data alone."""
SOON, DEEPER = 3.0, 3.0
"""Seconds of the first search, and how much longer each further one is."""
SOURCES = (
    "A. Albarghouthi, S. Gulwani, Z. Kincaid, Recursive program synthesis (CAV 2013)",
    "E. Michaud et al., Opening the AI black box: program synthesis via mechanistic interpretability, arXiv 2402.05110",
)


@final
@dataclass(frozen=True, slots=True)
class Registers(Proposer):
    """Finds up to three registers (sums, counters, extrema, remainders, latches, earlier answers, ...) that determine
    the answers, and says the answers in terms of them.

    A pool of thousands of short updates is run over all sequences at once; which of them, with the input, determine the
    answers is a test that costs milliseconds, and only those that pass it are worth a search for an expression. Of
    registers that hold the whole word only a comparison with the word backwards is tried (`_registers_histories`).
    Programs are checked on fresh sequences and, where the network takes them, on sequences of twice the length; one
    that is right only up to the length of the data says so. For a transformer a loop is offered again as one over what
    other positions read of a token, where that has a place.

    References: see `SOURCES`; registers kept distinct by what they hold is the observational equivalence of the first.
    """

    name: str = "registers"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not network.inputs.is_sequence:
            return "inputs are not sequences"
        if network.inputs.kind not in READABLE or network.outputs.kind not in READABLE or is_block(network.inputs):
            return "inputs or outputs are real numbers, not whole ones"
        if (once := one_answer(network)) is not None:
            return once
        if problem.inputs.shape[1] < SHORTEST:
            return f"sequences shorter than {SHORTEST} steps"
        if _width(problem) > MOST_OUTPUTS:
            return f"more than {MOST_OUTPUTS} outputs"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        width = _width(problem)
        outputs = ("output",) if width == 1 else tuple(f"output_{k + 1}" for k in range(width))
        frame = Frame(program_inputs(problem.network.inputs), outputs, problem.network.each_step)
        ending: list[Upheld] = []
        for hunt, clock in _hunts(problem, frame):
            for upheld in hunt.run(clock):
                found = _hypothesis(upheld, problem)
                yield found
                located = read_by_others(found, problem) if upheld.agreement == 1 else None
                if located is not None:
                    yield located
            if hunt.strict.trial.best() < np.inf:
                return
            ending += hunt.strict.trial.found
        if ending:
            yield _hypothesis(min(ending, key=lambda each: each.program.bits), problem)


def _hunts(problem: Problem, frame: Frame) -> Iterator[tuple[Hunt, Clock]]:
    """Searches, each with its time, deeper and deeper until one ends before that: on all that the network is asked
    about, and where that led to nothing on its data alone."""
    ears: dict[Callable[[Problem], Ear], Ear] = {}
    for clock in _deeper(problem.clock):
        exhausted = True
        for hear, share in ((listen, FIRST_SHARE), (listen_to_data, 1.0)):
            if hear not in ears:
                ears[hear] = hear(problem)
            part, hunt = clock.part(share), Hunt(problem, frame, ears[hear])
            yield hunt, part
            exhausted &= not part.over
            if hunt.found:
                break
        if exhausted:
            return


def _deeper(clock: Clock) -> Iterator[Clock]:
    """Searches of three seconds, of nine and so on, the last one as long as there is time: what is found early is found
    soon, however much time there is."""
    seconds = SOON
    while not clock.over:
        yield clock.at_most(clock.planned if clock.planned < DEEPER * seconds else seconds)
        seconds *= DEEPER


def _width(problem: Problem) -> int:
    return int(np.prod(problem.outputs.shape[2 if problem.network.each_step else 1 :]))


def _hypothesis(upheld: Upheld, problem: Problem) -> Hypothesis:
    length = problem.inputs.shape[1]
    scans = (each for each in upheld.program.statements if isinstance(each, Scan))
    sites = {s.name: "hidden" for scan in scans for s in scan.states} if problem.network.recurrence else {}
    settings = {"registers": len(upheld.key.registers), "keys": upheld.key.size}
    notes: tuple[str, ...] = ()
    if upheld.agreement < 1:
        settings |= {"mode": "approximate"}
        notes = (differing(upheld.agreement, "the answers asked for"),)
    elif upheld.lasting:
        settings |= {"mode": "exact"}
    else:
        settings |= {"mode": f"up to {length} steps"}
        share = 1 - (upheld.longer or 0.0)
        notes = (f"right up to {length} steps; on sequences of {2 * length} the network differs on {share:.1%}",)
    provenance = Provenance("registers", settings, problem.seed, SOURCES)
    return Hypothesis(upheld.program, Alignment(sites), provenance, notes=notes)
