"""Where program and circuit meet, in words for somebody who reads neither code nor papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from scrutable.report._diagram import Diagram, graph
from scrutable.report._numbers import interval, number, plural

if TYPE_CHECKING:
    from scrutable.circuits import Claim, Examination, ProgramCircuit, Score
    from scrutable.explain import CircuitFacts

NEARLY_ALL, ROUNDING = 0.9, 1e-6
REPLACED = {
    "zero": "silenced (zero ablation)",
    "resample": "carrying what it carries on another input (resample ablation)",
}
QUESTIONS = {
    "sufficient": "Do these connections do more than as many random ones?",
    "equivalent": "Does their output score higher than the network's as often as lower?",
    "minimal": "Does each of them do something?",
    "complete": "Without them, does the output tell nothing of the network's own?",
}
MOST_EDGES, MOST_NAMED = 60, 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What a test of a circuit asks, and what came of it under each ablation."""

    question: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A connection, and in which circuits it is; None where there is no such circuit."""

    edge: str
    program: bool | None
    found: bool | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """The section of the page about connections.

    Arguments:
        program, found: sentences about the program's circuit and about the searched one.
        answers: of the program's circuit to the published tests; of the other where there is no program's.
        drawing: of the same circuit. edges: of either circuit, at most 60; more: how many others there are.
        missing: what there was no time for. facts: all that was measured, for the tables.
    """

    program: tuple[str, ...]
    found: tuple[str, ...]
    answers: tuple[Answer, ...]
    drawing: Diagram | None
    edges: tuple[Line, ...]
    more: int
    missing: tuple[str, ...]
    facts: CircuitFacts


def meeting(facts: CircuitFacts) -> Meeting:
    """The section, from what a study holds."""
    program, found = facts.program, facts.found
    judged = program or found
    lines = _lines(program, found)
    return Meeting(
        program=_of_program(program) if program is not None else (f"No circuit applies: {facts.reason}",),
        found=_of_search(found, program) if found is not None else _unfound(facts),
        answers=() if judged is None else _answers(judged.claims),
        drawing=_drawing(program, found),
        edges=lines[:MOST_EDGES],
        more=max(0, len(lines) - MOST_EDGES),
        missing=(*(program.missing if program is not None else ()), *(found.missing if found is not None else ())),
        facts=facts,
    )


def _of_program(program: ProgramCircuit) -> tuple[str, ...]:
    shown = dict.fromkeys(name for place in program.places for name in place.components)
    named = _listed(list(shown)) if len(shown) <= MOST_NAMED else f"{len(shown)} components"
    where = f": in {named}, of {plural(program.components, 'component')}" if shown else ""
    names = _listed([place.variable for place in program.places])
    first = (
        f"The program says where the network holds {names}{where}. By what it computes from what, it needs "
        f"{len(program.edges)} of the {plural(program.of, 'connection')} between components: those into these places, "
        "from one to the next, and on to the output. These are the program's circuit"
    )
    nowhere = [place.variable for place in program.places if not place.components]
    lost = () if not nowhere else (f"No component shows {_listed(nowhere)}, so that nothing is said of it here",)
    if len(program.edges) == program.of:
        return first, *lost, "These are all connections there are, so that keeping them says nothing of the program"
    parts = [f"{_value(s)} with every other connection {REPLACED.get(s.ablation, s.ablation)}" for s in program.scores]
    scale = "1 is the network's own output, and 0 what remains with every connection replaced"
    faithful = f"With these alone the output is faithful to the network's own: {' and '.join(parts)}. Here {scale}"
    return first, *lost, f"{faithful}. {_weighed(program.scores)}"


def _value(score: Score) -> str:
    if score.interval is not None and score.interval.low > 1 - ROUNDING:
        return "1 but for rounding"
    return f"{number(score.value)} {interval(score.interval)}"


def _weighed(scores: Sequence[Score]) -> str:
    enough = [s.interval is not None and s.interval.low >= NEARLY_ALL for s in scores]
    if all(enough):
        return "So these connections are enough: the network does nearly all of its work by them"
    if any(enough):
        return "Whether these connections are enough depends on how the others are replaced; read both numbers"
    return "So these connections are not enough: the network also works by others, of which the program says nothing"


def _of_search(found: Examination, program: ProgramCircuit | None) -> tuple[str, ...]:
    faithful = [s for s in found.scores if s.name == "faithfulness"]
    judged = " and ".join(f"{_value(s)} under {s.ablation} ablation" for s in faithful) or "not judged"
    first = (
        f"A search that knows nothing of the program keeps {len(found.kept)} of the "
        f"{plural(len(found.edges), 'connection')}, the smallest circuit it finds. Its faithfulness: {judged}"
    )
    return first, *(_compared(found, program) if program is not None else ()), _controlled(found)


def _compared(found: Examination, program: ProgramCircuit) -> tuple[str, ...]:
    own = set(map(str, program.edges))
    kept = [str(edge) for edge in found.kept]
    both = sum(edge in own for edge in kept)
    share = "All of these are" if both == len(kept) else f"{both} of these {len(kept)} are"
    spared = f"the network can spare the other {len(own) - both}" if len(own) > both else "it can spare none of those"
    text = f"{share} among the program's {len(own)}; {spared}"
    if both == len(kept):
        return (text,)
    verb = "is a connection" if len(kept) - both == 1 else "are connections"
    return (f"{text}; {len(kept) - both} {verb} that the network needs and the program says nothing of",)


def _controlled(found: Examination) -> str:
    if found.control is None:
        return "There was no time to search networks that mean nothing, so that the search may find as much anywhere"
    chance = found.control.chance
    return (
        f"The same search for the same outputs in {plural(len(chance), 'network')} with shuffled or new weights comes "
        f"to at most {number(max(chance))}, beside {number(found.control.value)} here (p = {number(found.control.p)})"
    )


def _unfound(facts: CircuitFacts) -> tuple[str, ...]:
    return (f"The smallest circuit is not shown: {facts.unfound}",) if facts.program is not None else ()


def _answers(claims: Sequence[Claim]) -> tuple[Answer, ...]:
    return tuple(
        Answer(QUESTIONS.get(name, name), tuple(map(_answered, group)))
        for name, group in groupby(claims, key=lambda claim: claim.name)
    )


def _answered(claim: Claim) -> str:
    return f"{claim.answer}, under {claim.ablation} ablation: {claim.reason}".replace(" -> ", " \u2192 ")


def _drawing(program: ProgramCircuit | None, found: Examination | None) -> Diagram | None:
    if program is not None:
        return graph([(edge.source, edge.target) for edge in program.edges], program.starts)
    return None if found is None else found_drawing(found)


def found_drawing(found: Examination) -> Diagram | None:
    """The components of a searched circuit; those that read nothing, and the output, as ends."""
    sources, readers = ({getattr(edge, end) for edge in found.edges} for end in ("source", "target"))
    return graph([(edge.source, edge.target) for edge in found.kept], sources - readers)


def _lines(program: ProgramCircuit | None, found: Examination | None) -> tuple[Line, ...]:
    own = [] if program is None else list(map(str, program.edges))
    kept = [] if found is None else [str(edge) for edge in found.kept]
    return tuple(
        Line(name, None if program is None else name in own, None if found is None else name in kept)
        for name in dict.fromkeys([*kept, *own])
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
