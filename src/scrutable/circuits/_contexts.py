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

from scrutable.circuits._method import UNLIMITED, Method
from scrutable.circuits._trial import Trial, all_but_one, mean_damage
from scrutable.circuits._wiring import Wiring
from scrutable.work import Clock

MADE_GOOD = 0.5
"""A component may have a spare if without it less than this share of the whole damage is done."""


@final
@dataclass(frozen=True, slots=True)
class Contexts(Method):
    """The largest exact effect of an edge over contexts.

    Cost: two runs for each edge and context; contexts are at most one more than the components, and one of the port.
    """

    name: str = "contexts"

    def scores(self, trials: Sequence[Trial], *, seed: int, clock: Clock = UNLIMITED) -> np.ndarray:
        """See the interface."""
        wiring = trials[0].wiring
        best = effects(trials, np.ones_like(all_but_one(wiring)))
        for missing in [] if clock.over else _missing(trials):
            if clock.over:
                return best
            best = np.maximum(best, effects(trials, np.broadcast_to(missing, (len(best), len(best)))))
        return best if clock.over else np.maximum(best, effects(trials, _alone(wiring)))


def spared(trials: Sequence[Trial], keep: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The most that some edges of a circuit do where no spare in it does their work, `(k,)`.

    Arguments:
        keep: `(edges,)` booleans. edges: numbers of `k` edges.
    """
    contexts = [np.broadcast_to(missing, (len(edges), len(keep))) for missing in _missing(trials)]
    contexts.append(_alone(trials[0].wiring)[edges])
    return np.max([effects(trials, keep & context, edges) for context in contexts], axis=0)


def effects(trials: Sequence[Trial], contexts: np.ndarray, edges: np.ndarray | None = None) -> np.ndarray:
    """How much less damage there is with each edge than without it, `(k,)`.

    Arguments:
        contexts: `(k, edges)`: for each edge, the others that are kept. edges: their numbers; all if left out.
    """
    own = np.eye(contexts.shape[1], dtype=bool)
    own = own if edges is None else own[edges]
    with_each, shape = np.unique(contexts | own, axis=0, return_inverse=True)
    present = mean_damage(trials, with_each).mean(1)[shape.reshape(-1)]
    return mean_damage(trials, contexts & ~own).mean(1) - present


def _missing(trials: Sequence[Trial]) -> np.ndarray:
    """The network without what can be spared, once for each component whose loss is made good, which itself stays:
    `(sets, edges)`. Components go one after the other, each if what then remains still does most of the work."""
    sources = trials[0].wiring.edge_sources
    without = np.stack([sources != source for source in np.unique(sources)])
    spare = np.flatnonzero(mean_damage(trials, without).mean(1) < MADE_GOOD)
    keep = np.ones((len(spare), len(sources)), dtype=bool)
    for own, at in enumerate(spare):
        fewer = keep & without[at]
        spared = mean_damage(trials, fewer).mean(1) < MADE_GOOD
        spared[own] = False
        keep = np.where(spared[:, None], fewer, keep)
    return np.unique(keep, axis=0)


def _alone(wiring: Wiring) -> np.ndarray:
    """For each edge, the network in which its port reads nothing else."""
    return wiring.edge_ports[:, None] != wiring.edge_ports[None, :]
