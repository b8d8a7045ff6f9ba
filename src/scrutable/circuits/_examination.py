"""`examine`: the circuit of a network, found on some inputs, and what it is worth on others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.circuits._acdc import Acdc
from scrutable.circuits._attribution import EdgeAttribution, HeadImportance
from scrutable.circuits._claims import CLAIMS
from scrutable.circuits._contexts import Contexts
from scrutable.circuits._controls import against_searched
from scrutable.circuits._find import BOTH, Circuit, find, found_in, known_ablations, least_seconds
from scrutable.circuits._findings import Control, Edge, Examination, ProgramCircuit, ScoredEdge
from scrutable.circuits._judging import SCORES, Judge, judge_program
from scrutable.circuits._method import Method
from scrutable.circuits._pace import Pace, in_words
from scrutable.circuits._places import Places
from scrutable.circuits._probing import SubnetworkProbing
from scrutable.circuits._subject import Subject
from scrutable.circuits._trial import trials
from scrutable.errors import UserError
from scrutable.network import Network
from scrutable.network.engine import Ablation
from scrutable.work import Clock

METHODS: dict[str, Method] = {
    "contexts": Contexts(),
    "acdc": Acdc(),
    "eap": EdgeAttribution(),
    "eap-ig": EdgeAttribution(5),
    "hisp": HeadImportance(),
    "sp": SubnetworkProbing(),
}
SEARCH, SCORING, NULLS, WITHIN = 0.5, 0.35, 19, 0.01
GRACE = 1.0
"""Seconds by which any search may take longer than there is time."""


def examine(
    subject: Subject,
    *,
    method: str = "contexts",
    ablations: Sequence[Ablation] = BOTH,
    places: Places | None = None,
    clock: Clock,
) -> Examination:
    """Find the circuit of a network and judge it on other inputs.

    Arguments:
        method: one of `METHODS`. ablations: see `find`.
        places: where variables of a program are; the circuit that they induce is judged as well.
        clock: the search has half of it; what there is no time for is missing.

    Raises:
        UserError: no such method, ablation or site, or so little time that not even each edge could be scored once.

    Cost: that of the search, up to 20 times, and about 50 runs for each edge of the circuit.
    """
    if method not in METHODS:
        raise UserError(f"got the method {method[:40]!r}, expected one of {', '.join(METHODS)}")
    known_ablations(ablations)
    program = None if places is None else judge_program(subject, places, clock=clock)
    started, circuit = time.monotonic(), _search(subject, METHODS[method], ablations, clock)
    judge = Judge(subject, Pace(clock, list(circuit.missing)))
    seconds = time.monotonic() - started
    scores, claims = judge.judged(circuit.keep, SCORES), judge.judged(circuit.keep, CLAIMS)
    control = _control(judge, circuit, METHODS[method], seconds)
    return Examination(
        network=subject.network.name,
        method=circuit.method,
        ablations=tuple(ablations),
        find=len(subject.x),
        test=len(subject.fresh),
        edges=_edges(circuit, program),
        scores=scores,
        claims=claims,
        control=control,
        program=program,
        missing=tuple(judge.pace.missing),
        seed=subject.seed,
    )


def _search(subject: Subject, method: Method, ablations: Sequence[Ablation], clock: Clock) -> Circuit:
    """The circuit, in half of the time that is left.

    Raises:
        UserError: even the least of the search would take longer than all of it.
    """
    made = [trials(subject.wiring, subject.x, kind, draws=1, seed=subject.seed) for kind in ablations]
    seconds = least_seconds(method, made[0])
    if seconds > clock.left + GRACE:
        raise UserError(
            f"got {in_words(clock.left)} to find the circuit in, expected at least about {in_words(seconds)} to score "
            f"{len(subject.wiring.edges)} edges by {method.name}; try a longer budget, or the method eap"
        )
    scoring, whole = clock.part(SCORING), clock.part(SEARCH)
    return found_in(made, method, within=WITHIN, scoring=scoring, clock=whole, seed=subject.seed)


def _control(judge: Judge, circuit: Circuit, method: Method, seconds: float) -> Control | None:
    """The circuit against the same search on networks that mean nothing, as many as there is time for.

    Arguments:
        seconds: that the search took.
    """
    subject, clock = judge.subject, judge.pace.clock

    def search(module: nn.Module, x: Tensor, wanted: Tensor) -> Circuit:
        kinds, seed = circuit.ablations, subject.seed
        return find(module, x, ablations=kinds, method=method, wanted=wanted, within=None, clock=clock, seed=seed)

    what = f"networks that mean nothing, each searched for about {in_words(seconds)}"
    if not judge.pace.allows(f"{NULLS} {what}", seconds):
        return None
    found = against_searched(
        circuit,
        subject.module,
        subject.x,
        subject.fresh,
        search,
        answers=_answers(subject.network, subject.fresh),
        networks=NULLS,
        clock=clock,
        seconds=seconds,
        seed=subject.seed,
    )
    if len(found.chance) < NULLS:
        judge.pace.lacked(f"{NULLS - len(found.chance)} of {NULLS} {what}")
    return found if found.chance else None


def _answers(network: Network, x: Tensor) -> Callable[[Tensor], np.ndarray] | None:
    """From outputs on inputs such as `x` to labels; None where outputs are numbers."""
    runner, row = network.captured.runner, x[:1].numpy()
    if network.outputs.classes is None:
        return None
    return lambda raw: network.outputs.decode(runner.fitted(torch.nan_to_num(raw), row.repeat(len(raw), 0)).numpy())


def _edges(circuit: Circuit, program: ProgramCircuit | None) -> tuple[ScoredEdge, ...]:
    claimed: set[Edge] = set() if program is None else set(program.edges)
    return tuple(
        ScoredEdge(
            source=circuit.edges[e].source,
            target=circuit.edges[e].target,
            port=circuit.edges[e].port,
            score=float(circuit.scores[e]),
            kept=bool(circuit.keep[e]),
            induced=circuit.edges[e] in claimed,
        )
        for e in np.argsort(-circuit.scores, kind="stable")
    )
