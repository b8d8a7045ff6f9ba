"""`examine`: the circuit of a network, found on some inputs, and what it is worth on others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.circuits._acdc import Acdc
from scrutable.circuits._attribution import EdgeAttribution, HeadImportance
from scrutable.circuits._claims import CLAIMS, Claim
from scrutable.circuits._contexts import Contexts
from scrutable.circuits._controls import Control, against_searched
from scrutable.circuits._find import BOTH, Circuit, find
from scrutable.circuits._induced import induced
from scrutable.circuits._method import Method
from scrutable.circuits._probing import SubnetworkProbing
from scrutable.circuits._scores import Score, completeness, faithfulness, minimality
from scrutable.circuits._trial import trials
from scrutable.circuits._wire import wire
from scrutable.circuits._wiring import Edge, Wiring
from scrutable.errors import UserError
from scrutable.network import Network
from scrutable.network.engine import Ablation, NotCaptured
from scrutable.work import Clock, generator

METHODS: dict[str, Method] = {
    "contexts": Contexts(),
    "acdc": Acdc(),
    "eap": EdgeAttribution(),
    "eap-ig": EdgeAttribution(5),
    "hisp": HeadImportance(),
    "sp": SubnetworkProbing(),
}
JUDGED: tuple[Ablation, ...] = ("zero", "resample")
SEARCH = 0.5
T = TypeVar("T")
FIND, TEST, FEWEST, MOST_EDGES, NULLS = 16, 64, 6, 4000, 19


@final
@dataclass(frozen=True, slots=True)
class ScoredEdge:
    """An edge, how much it matters, and whether it is in the circuit, and in the one that a program induces."""

    source: str
    target: str
    port: str
    score: float
    kept: bool
    induced: bool = False

    def __str__(self) -> str:
        return str(Edge(self.source, self.target, self.port))


@final
@dataclass(frozen=True, slots=True)
class Examination:
    """A circuit and what is known about it. It is plain data.

    Arguments:
        method, ablations: what it was found by. find, test: how many inputs it was found on, and how many others it was
            tested on.
        edges: all of them, those that matter most first.
        scores: faithfulness, completeness and minimality, each under each ablation of `JUDGED`.
        claims: the published tests, each under each ablation of `JUDGED`.
        control: against the same search, for what this network does, on networks with shuffled and with new weights.
        sites: where the variables of a program are said to be, by name; none without a program.
        induced: faithfulness of the edges between those places, under each ablation of `JUDGED`.
        missing: what was not measured, and why.
    """

    network: str
    method: str
    ablations: tuple[Ablation, ...]
    find: int
    test: int
    edges: tuple[ScoredEdge, ...]
    scores: tuple[Score, ...]
    claims: tuple[Claim, ...]
    control: Control | None
    sites: tuple[tuple[str, str], ...]
    induced: tuple[Score, ...]
    missing: tuple[str, ...]
    seed: int

    @property
    def kept(self) -> tuple[ScoredEdge, ...]:
        """The edges of the circuit."""
        return tuple(edge for edge in self.edges if edge.kept)


def examine(
    network: Network,
    data: np.ndarray | None = None,
    *,
    method: str = "contexts",
    ablations: Sequence[Ablation] = BOTH,
    sites: dict[str, str] | None = None,
    clock: Clock,
    seed: int = 0,
) -> Examination:
    """Find the circuit of a network and judge it on other inputs.

    Arguments:
        data: `(n, *inputs.shape)`, at least 6 rows; None to sample the domain.
        method: one of `METHODS`. ablations: see `find`.
        sites: where variables of a program are, as printed; the circuit that they induce is judged as well.
        clock: the search has half of it, and scores each edge at least once; what there is no time for is missing.

    Raises:
        UserError: no such method, ablation or site, too little data, or a network without an edge graph.

    Cost: that of the search, up to 20 times, and about 50 runs for each edge of the circuit.
    """
    if method not in METHODS:
        raise UserError(f"got the method {method[:40]!r}, expected one of {', '.join(METHODS)}")
    module, rows = _rows(network, data, seed)
    wiring = _wired(module, rows[:FIND])
    half = min(FIND, len(rows) // 2)
    begun = _Begun(module, wiring, rows[:half], rows[half:], clock, seed)
    placed = {name: network.site(text) for name, text in (sites or {}).items()}

    first = clock.part(SEARCH)

    def search(module: nn.Module, x: Tensor, wanted: Tensor | None = None) -> Circuit:
        part = first if wanted is None else clock
        return find(module, x, ablations=ablations, method=METHODS[method], wanted=wanted, clock=part, seed=seed)

    circuit = search(module, begun.x)
    begun.missing.extend(circuit.missing)
    claimed = induced(wiring, placed.values()) if placed else np.zeros(len(circuit.edges), dtype=bool)
    measures = {measure.__name__: measure for measure in (faithfulness, completeness, minimality)}
    scores, claims = begun.judged(circuit.keep, measures), begun.judged(circuit.keep, CLAIMS)
    shares = begun.judged(claimed, {"faithfulness of the program's circuit": faithfulness}) if placed else ()
    control = begun.control(circuit, search, _answers(network, begun.fresh))
    return Examination(
        network=network.name,
        method=circuit.method,
        ablations=tuple(ablations),
        find=len(begun.x),
        test=len(begun.fresh),
        edges=_edges(circuit, claimed),
        scores=scores,
        claims=claims,
        control=control,
        sites=tuple((name, str(site)) for name, site in placed.items()),
        induced=shares,
        missing=tuple(begun.missing),
        seed=seed,
    )


def _wired(module: nn.Module, x: Tensor) -> Wiring:
    """The edge graph, if there is one that is not too large."""
    try:
        wiring = wire(module, x)
    except NotCaptured as error:
        raise UserError(f"got a network without an edge graph: {error}") from error
    if len(wiring.edges) > MOST_EDGES:
        raise UserError(f"got a network of {len(wiring.edges)} edges, expected at most {MOST_EDGES}")
    return wiring


def _rows(network: Network, data: np.ndarray | None, seed: int) -> tuple[nn.Module, Tensor]:
    """The module, and inputs in the shape that it takes."""
    rng = generator(seed, "circuit", "inputs")
    x = network.inputs.sample(FIND + TEST, rng) if data is None else network.inputs.cast(data)
    x = x[rng.permutation(len(x))[: FIND + TEST]]
    if len(x) < FEWEST:
        raise UserError(f"got {len(x)} rows of data, expected at least {FEWEST}")
    try:
        runner = network.captured.runner
    except NotCaptured as error:
        raise UserError(f"got a network without an edge graph: {error}") from error
    if runner.layout.time_major:
        raise UserError("got a network that takes time first, expected one that takes rows first")
    assert runner.module is not None
    return runner.module, runner.tensor(x)


def _answers(network: Network, x: Tensor) -> Callable[[Tensor], np.ndarray] | None:
    """From outputs on inputs such as `x` to labels; None where outputs are numbers."""
    runner, row = network.captured.runner, x[:1].numpy()
    if network.outputs.classes is None:
        return None
    return lambda raw: network.outputs.decode(runner.fitted(torch.nan_to_num(raw), row.repeat(len(raw), 0)).numpy())


def _edges(circuit: Circuit, claimed: np.ndarray) -> tuple[ScoredEdge, ...]:
    return tuple(
        ScoredEdge(
            source=circuit.edges[e].source,
            target=circuit.edges[e].target,
            port=circuit.edges[e].port,
            score=float(circuit.scores[e]),
            kept=bool(circuit.keep[e]),
            induced=bool(claimed[e]),
        )
        for e in np.argsort(-circuit.scores, kind="stable")
    )


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """What an examination works with, and what it had no time for."""

    module: nn.Module
    wiring: Wiring
    x: Tensor
    fresh: Tensor
    clock: Clock
    seed: int
    missing: list[str] = field(default_factory=list)

    def judged(self, keep: np.ndarray, measures: Mapping[str, Callable[..., T]]) -> tuple[T, ...]:
        """Each measure under each ablation of `JUDGED`."""
        found = []
        made = [trials(self.wiring, self.fresh, kind, draws=1, seed=self.seed) for kind in JUDGED]
        for name, measure in measures.items():
            for kind, group in zip(JUDGED, made, strict=True):
                if self.clock.over:
                    self.missing.append(f"{name} under {kind} ablation: time ran out")
                else:
                    found.append(measure(group, keep, seed=self.seed))
        return tuple(found)

    def control(
        self,
        circuit: Circuit,
        search: Callable[[nn.Module, Tensor, Tensor], Circuit],
        answers: Callable[[Tensor], np.ndarray] | None,
    ) -> Control | None:
        """The circuit against the same search on networks that mean nothing, as many as there is time for."""
        settings: dict[str, Any] = {"answers": answers, "networks": NULLS, "clock": self.clock, "seed": self.seed}
        found = against_searched(circuit, self.module, self.x, self.fresh, search, **settings)
        if len(found.chance) < NULLS:
            self.missing.append(f"{NULLS - len(found.chance)} of {NULLS} networks that mean nothing: time ran out")
        return found if found.chance else None
