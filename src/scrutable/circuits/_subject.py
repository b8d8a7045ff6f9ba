"""A network as its circuits are studied: its edge graph, and the inputs that they are found and judged on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._trial import Trial, mean_damage, trials
from scrutable.circuits._wire import wire
from scrutable.circuits._wiring import Wiring
from scrutable.errors import UserError
from scrutable.network import Network
from scrutable.network.engine import Ablation, NotCaptured
from scrutable.work import generator

JUDGED: tuple[Ablation, ...] = ("zero", "resample")
FIND, TEST, FEWEST, MOST_EDGES, TIMED = 16, 64, 6, 4000, 8


@final
@dataclass(frozen=True)
class Subject:
    """A network under study, wired up once for all that is asked about its circuits.

    Arguments:
        module: takes inputs as they are here. x: inputs that a circuit is found on, `(n, ...)`. fresh: others, that it
            is judged on.
    """

    network: Network
    module: nn.Module
    wiring: Wiring
    x: Tensor
    fresh: Tensor
    seed: int

    @staticmethod
    def of(network: Network, data: np.ndarray | None = None, *, seed: int = 0) -> Subject:
        """A network with some of the data.

        Arguments:
            data: `(n, *inputs.shape)`, at least 6 rows, of which at most 80 are used; None to sample the domain.

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
        half = min(FIND, len(rows) // 2)
        return Subject(network, module, wiring, rows[:half], rows[half:], seed)

    @cached_property
    def trials(self) -> tuple[list[Trial], ...]:
        """The fresh inputs under each ablation of `JUDGED`."""
        return tuple(trials(self.wiring, self.fresh, kind, draws=1, seed=self.seed) for kind in JUDGED)

    @cached_property
    def seconds_each(self) -> float:
        """About how long a run on every fresh input takes, where several sets of edges are run at once."""
        rng = generator(self.seed, "timed circuits")
        sets = rng.random((TIMED, len(self.wiring.edges))) < 0.5
        started = time.monotonic()
        mean_damage(self.trials[0], sets)
        return (time.monotonic() - started) / TIMED


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
