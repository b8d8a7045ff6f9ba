"""Tests of the claim that some edges are the circuit of a network: they do what it does, and none of them is idle.

Reference: Shi et al., "Hypothesis Testing the Circuit Hypothesis in LLMs", arXiv:2410.13032. Their third test, that the
output does not depend on the rest, is `independence`. Here no labels are needed: an output scores by how far it lies in
the direction from the output with every edge replaced to the network's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import binomtest

from scrutable.circuits._findings import Control
from scrutable.circuits._trial import Trial, mean_damage
from scrutable.circuits._wiring import Wiring
from scrutable.hypothesis import holm
from scrutable.network.engine._graph import OUTPUT
from scrutable.work import generator

MARGIN, EQUAL = 0.1, 1e-6
INFLATED, QUANTILE = 100, 0.9


def equivalence(made: Sequence[Trial], keep: np.ndarray) -> Control:
    """Whether circuit and network are about as often the one that scores higher; a small p says that they are not.

    A sign test of the hypothesis that either does so on 40 to 60% of inputs; inputs of equal scores (within 1e-6 of the
    network's) count for neither.

    Arguments:
        made: trials of one ablation; the first is used. keep: `(edges,)` booleans.
    """
    trial = made[0]
    own, none, found = (trial.output(np.full(len(keep), True)), trial.output(keep & False), trial.output(keep))
    towards = (trial.known[OUTPUT] - none).double().flatten(1)
    more = ((found - own).double().flatten(1) * towards).sum(1).numpy()
    decided = np.abs(more) > EQUAL * float(towards.square().sum(1).mean())
    n, higher = int(decided.sum()), int((more[decided] > 0).sum())
    ends = ((0.5 - MARGIN, "less"), (0.5 + MARGIN, "greater"))
    p = min(1.0, 2 * min(_tail(higher, n, share, side) for share, side in ends)) if n else 1.0
    method = f"sign test, {len(found) - n} inputs with equal scores left out, {trial.ablation} ablation"
    return Control("circuit scores higher than the network", higher / n if n else 0.5, (), p, n, method)


def idle_edges(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> np.ndarray:
    """p-values of the hypothesis that an edge of the circuit does more than nine in ten random edges, `(edges,)`.

    They hold together (Holm), and are 1 outside of the circuit. A small one says that the edge is idle.

    The random edges are taken away from circuits to which a random path outside of the circuit was added. With no edge
    outside, nothing can be compared, and every p-value is 1.

    Arguments:
        made: trials of one ablation. keep: `(edges,)` booleans.

    Cost: a run for each edge of the circuit, and 200 for the random ones.
    """
    wiring, inside = made[0].wiring, np.flatnonzero(keep)
    p = np.ones(len(keep))
    pairs = list(_inflated(wiring, keep, generator(seed, "inflated circuits")))
    if not pairs or not len(inside):
        return p
    without = np.repeat(keep[None], len(inside), axis=0)
    without[np.arange(len(inside)), inside] = False
    effects = np.abs(_hurt(made, without) - _hurt(made, keep[None]))
    more, fewer = (np.stack(sets) for sets in zip(*pairs, strict=True))
    chance = np.abs(_hurt(made, fewer) - _hurt(made, more))
    beaten = (effects[:, None] > chance[None] + 1e-9).sum(1)
    p[inside] = holm([_tail(int(count), len(chance), QUANTILE, "less") for count in beaten])
    return p


def _tail(count: int, n: int, share: float, side: str) -> float:
    """The chance of so many of n, or of more or less, where each counts with a probability."""
    return float(binomtest(count, n, share, alternative=side).pvalue)


def _hurt(made: Sequence[Trial], keep: np.ndarray) -> np.ndarray:
    return mean_damage(made, keep).mean(1)


def _inflated(wiring: Wiring, keep: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Circuits with a random path more, and the same without one of the edges that it added."""
    into: dict[str, list[int]] = {}
    for at, edge in enumerate(wiring.edges):
        into.setdefault(edge.target, []).append(at)
    for _ in range(INFLATED):
        more, here = keep.copy(), "output"
        while here in into:
            at = int(rng.choice(into[here]))
            more[at], here = True, wiring.edges[at].source
        added = np.flatnonzero(more & ~keep)
        if len(added):
            fewer = more.copy()
            fewer[rng.choice(added)] = False
            yield more, fewer
