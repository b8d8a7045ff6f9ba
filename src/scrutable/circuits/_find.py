"""`find`: the circuit of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._contexts import Contexts
from scrutable.circuits._findings import Edge
from scrutable.circuits._method import UNLIMITED, Method
from scrutable.circuits._trial import Metric, Trial, mean_damage, trials
from scrutable.circuits._wire import wire
from scrutable.errors import UserError
from scrutable.network.engine import ABLATIONS, Ablation
from scrutable.work import Clock

BOTH: tuple[Ablation, ...] = ("zero", "resample", "resample anywhere")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """The edges of a network, those that matter marked.

    Arguments:
        edges: all of them. scores: how much each matters, `(edges,)`. keep: which ones are in the circuit, booleans.
        method, ablations: how the scores came about; an edge counts by its largest score over ablations and lengths.
        missing: what of the search there was no time for.
        trials: for each length of the inputs and each ablation, what the edges were replaced by.
    """

    edges: tuple[Edge, ...]
    scores: np.ndarray
    keep: np.ndarray
    method: str
    ablations: tuple[Ablation, ...]
    trials: tuple[tuple[Trial, ...], ...]
    missing: tuple[str, ...] = ()

    @property
    def inside(self) -> tuple[Edge, ...]:
        """The edges of the circuit, those that matter most first."""
        return tuple(self.edges[e] for e in np.argsort(-self.scores, kind="stable") if self.keep[e])


def find(
    module: nn.Module,
    x: Tensor | Sequence[Tensor],
    *,
    ablations: Sequence[Ablation] = BOTH,
    method: Method | None = None,
    wanted: Tensor | Sequence[Tensor] | None = None,
    metric: Metric = "squared",
    within: float = 0.01,
    draws: int = 1,
    clock: Clock = UNLIMITED,
    seed: int = 0,
) -> Circuit:
    """The smallest set of the highest scored edges that does what the network does when all others are replaced.

    Arguments:
        x: inputs `(n, ...)`, at least three; for sequences of several lengths, some of each.
        ablations: how edges are replaced: "zero", "mean", "resample" (another input), "resample anywhere" (another
            input, other positions). The circuit must hold under each of them.
        method: what scores the edges; exact effects in contexts if left out.
        wanted: the outputs that the circuit shall give, as many tensors as `x`; the network's own if left out.
        metric: what counts as damage; "KL" (of the answers' probabilities) for scores of labels, as the papers have it.
        within: the largest damage that the circuit may do, as a share of that of replacing every edge.
        draws: how many replacements are drawn for each input where they are random.
        clock: when it is over, edges count by what was seen until then; one kind of ablation is begun in any case.

    Raises:
        UserError: no such ablation, or the network has no edge graph.
        NotCaptured: its forward is no fixed sequence of operations.

    Cost: that of the method for each length and ablation, and one run for each edge.
    """
    unknown = [name for name in ablations if name not in ABLATIONS]
    if unknown or not ablations:
        raise UserError(f"got the ablations {list(ablations)}, expected some of {', '.join(ABLATIONS)}")
    method = method or Contexts()
    parts = [x] if isinstance(x, Tensor) else list(x)
    goals = [wanted] if isinstance(wanted, Tensor) else list(wanted or [None] * len(parts))
    made = tuple(
        tuple(trials(wiring, part, name, draws=draws, seed=seed, wanted=goal, metric=metric))
        for part, goal in zip(parts, goals, strict=True)
        for wiring in [wire(module, part)]
        for name in ablations
    )
    edges = made[0][0].wiring.edges
    if any(group[0].wiring.edges != edges for group in made):
        raise UserError("got inputs of lengths at which the network has other edges, expected the same edges at each")
    scores, missing = _scored(method, made, clock, seed)
    keep = _smallest(scores, made, within)
    return Circuit(edges, scores, keep, method.name, tuple(ablations), made, missing)


def _scored(
    method: Method, made: Sequence[Sequence[Trial]], clock: Clock, seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The largest score of each edge over groups of trials, and what there was no time for."""
    found, missing = [], []
    for group in made:
        if not found or not clock.over:
            found.append(method.scores(group, seed=seed, clock=clock))
        if clock.over:
            missing.append(f"all of the search under {group[0].ablation} ablation: time ran out")
    return np.max(found, axis=0), tuple(dict.fromkeys(missing))


def _smallest(scores: np.ndarray, made: Sequence[Sequence[Trial]], within: float) -> np.ndarray:
    """The shortest beginning of the ranking, equals together, that does little damage under every ablation."""
    sets = scores[None] >= np.unique(scores)[::-1, None]
    return sets[int(np.argmax(most_damage(made, sets) <= within))]


def most_damage(made: Sequence[Sequence[Trial]], sets: np.ndarray) -> np.ndarray:
    """The mean damage of replacing all edges but some, `(sets,)`, the largest over groups of trials."""
    return np.max([mean_damage(group, sets).mean(1) for group in made], axis=0)
