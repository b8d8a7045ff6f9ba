"""`find`: the circuit of a network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._contexts import Contexts
from scrutable.circuits._findings import Edge
from scrutable.circuits._method import Method
from scrutable.circuits._pace import UNHURRIED, Pace
from scrutable.circuits._trial import Metric, Trial, all_but_one, mean_damage, trials
from scrutable.circuits._wire import wire
from scrutable.errors import UserError
from scrutable.network.engine import ABLATIONS, Ablation
from scrutable.work import Clock

TIMED, REPEATED, SHORTER = 8, 3, 64
BOTH: tuple[Ablation, ...] = ("zero", "resample", "resample anywhere")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """The edges of a network, those that matter marked.

    Arguments:
        edges: all of them. scores: how much each matters, `(edges,)`. keep: which ones are in the circuit, booleans.
        method, ablations: how the scores came about; an edge counts by its largest score over ablations and lengths.
        missing: what of the search there was no time for, and why.
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
    within: float | None = 0.01,
    draws: int = 1,
    clock: Clock = UNHURRIED,
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
        within: the largest damage that the circuit may do, as a share of that of replacing every edge. None: edges are
            scored, and all of them kept.
        draws: how many replacements are drawn for each input where they are random.
        clock: when it is over, edges count by what was seen until then, and a larger circuit may be kept; edges are
            scored under one kind of ablation in any case.

    Raises:
        UserError: no such ablation, or the network has no edge graph.
        NotCaptured: its forward is no fixed sequence of operations.

    Cost: that of the method for each length and ablation, and at most one run for each edge.
    """
    known_ablations(ablations)
    parts = [x] if isinstance(x, Tensor) else list(x)
    goals = [wanted] if isinstance(wanted, Tensor) else list(wanted or [None] * len(parts))
    made = tuple(
        tuple(trials(wiring, part, name, draws=draws, seed=seed, wanted=goal, metric=metric))
        for part, goal in zip(parts, goals, strict=True)
        for wiring in [wire(module, part)]
        for name in ablations
    )
    if any(group[0].wiring.edges != made[0][0].wiring.edges for group in made):
        raise UserError("got inputs of lengths at which the network has other edges, expected the same edges at each")
    return found_in(made, method or Contexts(), within=within, scoring=clock, clock=clock, seed=seed)


def known_ablations(ablations: Sequence[Ablation]) -> None:
    """Check names of ablations.

    Raises:
        UserError: none, or one that there is not.
    """
    unknown = [name for name in ablations if name not in ABLATIONS]
    if unknown or not ablations:
        raise UserError(f"got the ablations {list(ablations)}, expected some of {', '.join(ABLATIONS)}")


def found_in(
    made: Sequence[Sequence[Trial]], method: Method, *, within: float | None, scoring: Clock, clock: Clock, seed: int
) -> Circuit:
    """The same for groups of trials, each of one length of the inputs and one ablation; see `find`.

    Arguments:
        scoring: the part of the time that is for the scores; the rest is for how many edges are needed.
    """
    pace, edges = Pace(clock), made[0][0].wiring.edges
    scores = _scored(method, made, Pace(scoring, pace.missing), seed)
    keep = np.ones(len(edges), dtype=bool) if within is None else _smallest(scores, made, within, pace)
    kinds: list[Ablation] = [group[0].ablation for group in made]
    groups = tuple(map(tuple, made))
    return Circuit(edges, scores, keep, method.name, tuple(dict.fromkeys(kinds)), groups, tuple(pace.missing))


def least_seconds(method: Method, made: Sequence[Trial]) -> float:
    """About the least time in which a method sees anything of the edges, by the fastest of three. Cost: a few runs."""
    sets = all_but_one(made[0].wiring)
    some = sets[np.linspace(0, len(sets) - 1, min(TIMED, len(sets))).astype(int)]
    taken = list[float]()
    for _ in range(REPEATED):
        started = time.monotonic()
        mean_damage(made, some)
        taken.append(time.monotonic() - started)
    return method.least_runs(len(sets)) * min(taken) / len(some)


def _scored(method: Method, made: Sequence[Sequence[Trial]], pace: Pace, seed: int) -> np.ndarray:
    """The largest score of each edge over groups of trials."""
    found = []
    for group in made:
        seconds = least_seconds(method, group) if found and not pace.clock.over else 0.0
        if not found or pace.allows(f"the search under {group[0].ablation} ablation", seconds):
            found.append(method.scores(group, seed=seed, pace=pace))
    return np.max(found, axis=0)


def _smallest(scores: np.ndarray, made: Sequence[Sequence[Trial]], within: float, pace: Pace) -> np.ndarray:
    """The shortest beginning of the ranking, equals together, that does little damage under every ablation.

    The first that does it of beginnings that double in size is kept at least; shorter ones are tried as far as there is
    time. Of beginnings none of which does it, the shortest.
    """
    sets = scores[None] >= np.unique(scores)[::-1, None]
    doubled = [*(2**k - 1 for k in range(len(sets).bit_length()) if 2**k < len(sets)), len(sets) - 1]
    last = next((at for at in doubled if most_damage(made, sets[at : at + 1])[0] <= within), None)
    rest = np.array([at for at in range(len(sets) if last is None else last) if at not in doubled], int)
    for start in range(0, len(rest), SHORTER):
        some = rest[start : start + SHORTER]
        damage = [pace.damage(group, sets[some]) for group in made]
        tried = [each for each in damage if each is not None]
        if len(tried) < len(damage):
            pace.lacked(f"{len(rest) - start} circuits of fewer edges")
            break
        fine = some[np.max(tried, axis=0) <= within]
        if len(fine):
            return sets[fine[0]]
    return sets[last or 0]


def most_damage(made: Sequence[Sequence[Trial]], sets: np.ndarray) -> np.ndarray:
    """The mean damage of replacing all edges but some, `(sets,)`, the largest over groups of trials."""
    return np.max([mean_damage(group, sets).mean(1) for group in made], axis=0)
