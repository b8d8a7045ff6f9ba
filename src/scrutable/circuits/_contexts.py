"""Exact effects of single edges, in the network as it is and where something else is missing.

Attributions see an edge to first order, so what is saturated looks idle; and replacing one edge alone shows nothing
where another one does the same work. Here every effect is exact, and is measured

- in the whole network,
- where a component has no spare: all others that can be spared write their replacements, once for each component whose
  loss is made good,
- where the port reads nothing else, so that reasons that suffice each alone show.

An effect is how much nearer to the network's own output the edge brings it, and an edge counts by the largest. What
edges carry otherwise is drawn on several partners, at the same position and at another one: what depends on the
position alone never differs between inputs. Everything is independent of everything else, so it is one fused run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.circuits._method import Method
from scrutable.circuits._pace import UNLIMITED, Pace
from scrutable.circuits._trial import Trial, all_but_one
from scrutable.circuits._wiring import Wiring

MADE_GOOD = 0.5
"""A component may have a spare if without it less than this share of the whole damage is done."""


@final
@dataclass(frozen=True, slots=True)
class Contexts(Method):
    """The largest exact effect of an edge over contexts.

    Cost: two runs for each edge and context; contexts are at most one more than the components, and one of the port.
    """

    name: str = "contexts"

    def least_runs(self, edges: int) -> int:
        """See the interface."""
        return edges + 1

    def scores(self, trials: Sequence[Trial], *, seed: int, pace: Pace = UNLIMITED) -> np.ndarray:
        """See the interface."""
        wiring, what = trials[0].wiring, f"under {trials[0].ablation} ablation"
        best = effects(trials, np.ones_like(all_but_one(wiring)))
        spares = _missing(trials, pace)
        if spares is None:
            pace.lacked(f"effects of edges where others are missing, {what}")
            return best
        contexts = [*(np.broadcast_to(each, (len(best), len(best))) for each in spares), _alone(wiring)]
        for at, context in enumerate(contexts):
            found = _effects(trials, context, pace=pace)
            if found is None:
                pace.lacked(f"effects of edges in {len(contexts) - at} of {len(contexts)} contexts, {what}")
                break
            best = np.maximum(best, found)
        return best


def spared(trials: Sequence[Trial], keep: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The most that some edges of a circuit do where no spare in it does their work, `(k,)`.

    Arguments:
        keep: `(edges,)` booleans. edges: numbers of `k` edges.
    """
    spares = _missing(trials, UNLIMITED)
    assert spares is not None
    contexts = [np.broadcast_to(missing, (len(edges), len(keep))) for missing in spares]
    contexts.append(_alone(trials[0].wiring)[edges])
    return np.max([effects(trials, keep & context, edges) for context in contexts], axis=0)


def effects(trials: Sequence[Trial], contexts: np.ndarray, edges: np.ndarray | None = None) -> np.ndarray:
    """How much less damage there is with each edge than without it, `(k,)`.

    Arguments:
        contexts: `(k, edges)`: for each edge, the others that are kept. edges: their numbers; all if left out.
    """
    found = _effects(trials, contexts, edges)
    assert found is not None
    return found


def _effects(
    trials: Sequence[Trial], contexts: np.ndarray, edges: np.ndarray | None = None, *, pace: Pace = UNLIMITED
) -> np.ndarray | None:
    """The same, or None if there was no time."""
    own = np.eye(contexts.shape[1], dtype=bool)
    own = own if edges is None else own[edges]
    with_each, shape = np.unique(contexts | own, axis=0, return_inverse=True)
    present = pace.damage(trials, with_each)
    absent = None if present is None else pace.damage(trials, contexts & ~own)
    return None if present is None or absent is None else absent - present[shape.reshape(-1)]


def _missing(trials: Sequence[Trial], pace: Pace) -> np.ndarray | None:
    """The network without what can be spared, once for each component whose loss is made good, which itself stays:
    `(sets, edges)`. Components go one after the other, each if what then remains still does most of the work. None if
    there was no time."""
    sources = trials[0].wiring.edge_sources
    without = np.stack([sources != source for source in np.unique(sources)])
    alone = pace.damage(trials, without)
    if alone is None:
        return None
    spare = np.flatnonzero(alone < MADE_GOOD)
    keep = np.ones((len(spare), len(sources)), dtype=bool)
    for own, at in enumerate(spare):
        fewer = keep & without[at]
        left = pace.damage(trials, fewer)
        if left is None:
            return None
        spared = left < MADE_GOOD
        spared[own] = False
        keep = np.where(spared[:, None], fewer, keep)
    return np.unique(keep, axis=0)


def _alone(wiring: Wiring) -> np.ndarray:
    """For each edge, the network in which its port reads nothing else."""
    return wiring.edge_ports[:, None] != wiring.edge_ports[None, :]
