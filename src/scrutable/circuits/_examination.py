"""`examine`: the circuit of a network, found on some inputs, and what it is worth on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.circuits._acdc import Acdc
from scrutable.circuits._attribution import EdgeAttribution, HeadImportance
from scrutable.circuits._claims import CLAIMS
from scrutable.circuits._contexts import Contexts
from scrutable.circuits._controls import against_searched
from scrutable.circuits._find import BOTH, Circuit, find
from scrutable.circuits._findings import Control, Edge, Examination, ProgramCircuit, ScoredEdge
from scrutable.circuits._judging import SCORES, Judge, judge_program
from scrutable.circuits._method import Method
from scrutable.circuits._places import Places
from scrutable.circuits._probing import SubnetworkProbing
from scrutable.circuits._subject import Subject
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
SEARCH, NULLS = 0.5, 19


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
        clock: the search has half of it, and scores each edge at least once; what there is no time for is missing.

    Raises:
        UserError: no such method, ablation or site.

    Cost: that of the search, up to 20 times, and about 50 runs for each edge of the circuit.
    """
    if method not in METHODS:
        raise UserError(f"got the method {method[:40]!r}, expected one of {', '.join(METHODS)}")
    judge, seed = Judge(subject, clock), subject.seed
    program = None if places is None else judge_program(subject, places, clock=clock)
    first = clock.part(SEARCH)

    def search(module: nn.Module, x: Tensor, wanted: Tensor | None = None) -> Circuit:
        part = first if wanted is None else clock
        return find(module, x, ablations=ablations, method=METHODS[method], wanted=wanted, clock=part, seed=seed)

    circuit = search(subject.module, subject.x)
    judge.missing.extend(circuit.missing)
    scores, claims = judge.judged(circuit.keep, SCORES), judge.judged(circuit.keep, CLAIMS)
    control = _control(judge, circuit, search)
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
        missing=tuple(judge.missing),
        seed=seed,
    )


def _control(judge: Judge, circuit: Circuit, search: Callable[[nn.Module, Tensor, Tensor], Circuit]) -> Control | None:
    """The circuit against the same search on networks that mean nothing, as many as there is time for."""
    subject, answers = judge.subject, _answers(judge.subject.network, judge.subject.fresh)
    settings: dict[str, Any] = {"answers": answers, "networks": NULLS, "clock": judge.clock, "seed": subject.seed}
    found = against_searched(circuit, subject.module, subject.x, subject.fresh, search, **settings)
    if len(found.chance) < NULLS:
        judge.missing.append(f"{NULLS - len(found.chance)} of {NULLS} networks that mean nothing: time ran out")
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
