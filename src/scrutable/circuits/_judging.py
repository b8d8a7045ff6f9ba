"""Measuring circuits on inputs that they were not found on, as far as there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._claims import CLAIMS
from scrutable.circuits._findings import Placed, ProgramCircuit
from scrutable.circuits._induced import components_at, induced, starts_of
from scrutable.circuits._method import UNLIMITED
from scrutable.circuits._places import Places
from scrutable.circuits._scores import completeness, faithfulness, minimality
from scrutable.circuits._trial import Trial, mean_damage, trials
from scrutable.circuits._wire import wire
from scrutable.circuits._wiring import Wiring
from scrutable.errors import UserError
from scrutable.network import Network
from scrutable.network.engine import Ablation, NotCaptured
from scrutable.work import Clock, generator

JUDGED: tuple[Ablation, ...] = ("zero", "resample")
FIND, TEST, FEWEST, MOST_EDGES, TIMED = 16, 64, 6, 4000, 8
SCORES = {"faithfulness": faithfulness, "completeness": completeness, "minimality": minimality}
RUNS: Mapping[str, Callable[[int, int], int]] = {
    "completeness": lambda kept, components: 40,
    "minimality": lambda kept, components: 22 * kept,
    "sufficiency": lambda kept, components: 100,
    "minimality test": lambda kept, components: kept + 200 + components**2,
}
"""About how often the network is run on every input, for the edges of a circuit and the components of the network.
What is not named takes a few runs."""
SEARCH_RUNS = 5
"""Of each edge, in a search that has no time: two to score it, and one for each usual ablation to decide."""
T = TypeVar("T")


@final
@dataclass(frozen=True)
class Judge:
    """Judges circuits of one network on the same inputs, each by every measure that the time left allows.

    Arguments:
        fresh: inputs, `(n, ...)`. missing: what there was no time for so far, and why.
    """

    wiring: Wiring
    fresh: Tensor
    clock: Clock
    seed: int
    missing: list[str] = field(default_factory=list)

    @cached_property
    def trials(self) -> tuple[list[Trial], ...]:
        """The same inputs under each ablation of `JUDGED`."""
        return tuple(trials(self.wiring, self.fresh, kind, draws=1, seed=self.seed) for kind in JUDGED)

    @cached_property
    def seconds_each(self) -> float:
        """About how long a run on every input takes, where several sets of edges are run at once."""
        rng = generator(self.seed, "timed circuits")
        sets = rng.random((TIMED, len(self.wiring.edges))) < 0.5
        started = time.monotonic()
        mean_damage(self.trials[0], sets)
        return (time.monotonic() - started) / TIMED

    @property
    def search_seconds(self) -> float:
        """About the least that a search for the circuit takes: some runs for each edge, on fewer inputs."""
        return SEARCH_RUNS * len(self.wiring.edges) * self.seconds_each * FIND / len(self.fresh)

    def judged(self, keep: np.ndarray, measures: Mapping[str, Callable[..., T]], *, about: str = "") -> tuple[T, ...]:
        """Each measure under each ablation of `JUDGED`.

        Arguments:
            about: which circuit it is, for what is missing.
        """
        found = []
        for name, measure in measures.items():
            seconds = self._seconds(name, keep)
            for kind, group in zip(JUDGED, self.trials, strict=True):
                what = f"{name}{about} under {kind} ablation"
                if self.clock.over:
                    self.missing.append(f"{what}: time ran out")
                elif seconds > self.clock.left:
                    self.missing.append(f"{what}: it would take about {seconds:.0f} s, which was not left")
                else:
                    found.append(measure(group, keep, seed=self.seed))
        return tuple(found)

    def _seconds(self, name: str, keep: np.ndarray) -> float:
        runs = RUNS[name](int(keep.sum()), len(self.wiring.components)) if name in RUNS else 1
        return runs * self.seconds_each


def wired(network: Network, data: np.ndarray | None, seed: int) -> tuple[nn.Module, Tensor, Wiring]:
    """The module, inputs in the shape that it takes, and its edge graph.

    Raises:
        UserError: too little data, or a network without an edge graph or with one that is too large.
    """
    module, rows = _rows(network, data, seed)
    try:
        wiring = wire(module, rows[:FIND])
    except NotCaptured as error:
        raise UserError(f"got a network without an edge graph: {error}") from error
    if len(wiring.edges) > MOST_EDGES:
        raise UserError(f"got a network of {len(wiring.edges)} edges, expected at most {MOST_EDGES}")
    return module, rows, wiring


def _rows(network: Network, data: np.ndarray | None, seed: int) -> tuple[nn.Module, Tensor]:
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


def split(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The inputs that a circuit is found on, and the others."""
    half = min(FIND, len(rows) // 2)
    return rows[:half], rows[half:]


def judge_program(
    network: Network, places: Places, data: np.ndarray | None = None, *, clock: Clock, seed: int = 0
) -> ProgramCircuit:
    """The circuit that the places of a program's variables induce, judged on the inputs that `examine` would judge on.

    Arguments:
        data: `(n, *inputs.shape)`, at least 6 rows; None to sample the domain.
        clock: the faithfulness is measured in any case; of the rest, what would take longer is missing.

    Raises:
        UserError: no such site, too little data, or a network without an edge graph.

    Cost: two runs on 64 inputs, and with time up to some hundred for each ablation.
    """
    _, rows, wiring = wired(network, data, seed)
    return program_circuit(Judge(wiring, split(rows)[1], clock, seed), places)


def search_seconds(network: Network, data: np.ndarray | None = None, *, seed: int = 0) -> float:
    """About the least seconds that `examine` takes for its search, whatever its clock.

    Raises:
        UserError: too little data, or a network without an edge graph.
    """
    _, rows, wiring = wired(network, data, seed)
    return Judge(wiring, split(rows)[1], UNLIMITED, seed).search_seconds


def program_circuit(judge: Judge, places: Places) -> ProgramCircuit:
    """The circuit that some places induce, as far as there is time to judge it; its faithfulness in any case.

    Raises:
        UserError: no such site.
    """
    wiring, keep, known = judge.wiring, induced(judge.wiring, places), len(judge.missing)
    scores = tuple(faithfulness(group, keep, seed=judge.seed) for group in judge.trials)
    claims = judge.judged(keep, CLAIMS, about=" of the program's circuit")
    missing = tuple(judge.missing[known:])
    del judge.missing[known:]
    found = {name: components_at(wiring, site) for name, site in places.sites.items()}
    order = wiring.components.index
    return ProgramCircuit(
        places=tuple(Placed(n, str(places.sites[n]), tuple(sorted(at, key=order))) for n, at in found.items()),
        edges=tuple(edge for edge, kept in zip(wiring.edges, keep, strict=True) if kept),
        starts=tuple(sorted(starts_of(wiring), key=order)),
        components=len(wiring.components),
        of=len(wiring.edges),
        test=len(judge.fresh),
        scores=scores,
        claims=claims,
        missing=missing,
    )
