"""Where program and circuit meet: the circuit that a program's variables induce, beside a searched one."""

from __future__ import annotations

import time
from typing import Any

from scrutable.circuits import Examination, Places, ProgramCircuit, Score, Subject, examine, judge_program
from scrutable.errors import UserError
from scrutable.explain._run import Run
from scrutable.explain._study import CircuitFacts
from scrutable.hypothesis import Hypothesis, plain, read_as, sites
from scrutable.work import Clock

UNASKED_SHARE, ASKED_SHARE, PROGRAM_SHARE = 0.03, 0.25, 0.3
"""Of the budget, for the circuit: unasked beyond it and asked for within it; and of that for the program's own."""
FAILURES = (UserError, RuntimeError)
"""What may happen where connections are followed, torch's own errors included: a reason, and not the end of a study."""
STATE = "the network carries a state from step to step, and a circuit is a part of one pass without any"
UNPLACED = "no variable of the program has a place in the network"
UNASKED = "the search for the smallest circuit takes a quarter of the budget, and was not asked for"


def circuit_of(run: Run, hypothesis: Hypothesis) -> CircuitFacts:
    """What the connections of the network say about a hypothesis, written down as it ends. It changes no verdict."""

    def make() -> dict[str, Any]:
        return plain(_met(run, hypothesis))

    return read_as(CircuitFacts, run.journal.once(f"circuit/{hypothesis.program.source}", make))


def _met(run: Run, hypothesis: Hypothesis) -> CircuitFacts:
    started = time.monotonic()
    clock = Clock(run.reserved + run.clock.left if run.reserved else UNASKED_SHARE * run.clock.seconds)
    subject, reason = _subject(run, hypothesis)
    program, found, unfound = None, None, reason if run.reserved else UNASKED
    if subject is not None:
        program, reason = _of_program(run, subject, hypothesis, clock)
        if run.reserved:
            found, unfound = _searched(subject, clock)
    seconds = round(time.monotonic() - started, 2)
    if program is not None or found is not None:
        run.note("circuit", "connections", _outcome(program, found), seconds)
    return CircuitFacts(program, reason, found, unfound, seconds)


def _subject(run: Run, hypothesis: Hypothesis) -> tuple[Subject | None, str]:
    """The network wired up, once for all that is asked, or why it is not."""
    if run.network.recurrence is not None:
        return None, STATE
    if not run.reserved and not sites(hypothesis):
        return None, UNPLACED
    try:
        return Subject.of(run.network, run.data.inputs[run.data.test], seed=run.seed), ""
    except FAILURES as error:
        return None, str(error)


def _of_program(run: Run, subject: Subject, hypothesis: Hypothesis, clock: Clock) -> tuple[ProgramCircuit | None, str]:
    """The program's circuit, or why there is none."""
    places = sites(hypothesis)
    if not places:
        return None, UNPLACED
    try:
        placed = Places.of(hypothesis.program, {name: run.network.site(text) for name, text in places.items()})
        part = clock.part(PROGRAM_SHARE) if run.reserved else clock
        return judge_program(subject, placed, clock=part), ""
    except FAILURES as error:
        return None, str(error)


def _searched(subject: Subject, clock: Clock) -> tuple[Examination | None, str]:
    """What the search came to, or why there was none."""
    try:
        return examine(subject, clock=clock), ""
    except FAILURES as error:
        return None, str(error)


def _outcome(program: ProgramCircuit | None, found: Examination | None) -> str:
    """In words for a terminal."""
    parts = []
    if program is not None:
        parts.append(
            f"the program's circuit has {len(program.edges)} of {program.of} edges: {_faithful(program.scores)}"
        )
    if found is not None:
        parts.append(f"the search keeps {len(found.kept)} of {len(found.edges)}: {_faithful(found.scores)}")
    return "; ".join(parts)


def _faithful(scores: tuple[Score, ...]) -> str:
    found = [f"{s.value:.3f} under {s.ablation} ablation" for s in scores if s.name == "faithfulness"]
    return f"faithfulness {', '.join(found)}" if found else "not judged"
