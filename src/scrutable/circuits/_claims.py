"""The published tests of a circuit, each with what it says: sufficient, equivalent, minimal, all there is.

Reference: Shi et al., "Hypothesis Testing the Circuit Hypothesis in LLMs", arXiv:2410.13032.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from scrutable.circuits._contexts import spared
from scrutable.circuits._controls import independence
from scrutable.circuits._findings import Claim
from scrutable.circuits._hypotheses import equivalence, idle_edges
from scrutable.circuits._trial import Trial, mean_damage
from scrutable.hypothesis import p_value
from scrutable.work import generator

LEVEL, RANDOM, MATTERS = 0.05, 99, 0.01


def sufficient(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Claim:
    """Whether the circuit is more faithful than 99 random ones of as many edges of the same network.

    Arguments:
        made: trials of one ablation. keep: `(edges,)` booleans.
    """
    count, rng = int(keep.sum()), generator(seed, "random circuits")
    if count in (0, len(keep)):
        reason = f"{count} of {len(keep)} edges are in the circuit: there is no other circuit of its size"
        value = 1 - float(mean_damage(made, keep[None]).mean())
        return Claim("sufficient", made[0].ablation, None, value, 1.0, len(made[0].x), "faithfulness", reason)
    rivals = np.argsort(rng.random((RANDOM, len(keep))), axis=1) < count
    values = 1 - mean_damage(made, np.concatenate([keep[None], rivals])).mean(1)
    p = p_value(values[0], values[1:])
    method = f"faithfulness, beside {RANDOM} random circuits of {count} edges of the same network"
    reason = f"the best random circuit has {values[1:].max():.3f}"
    return Claim("sufficient", made[0].ablation, p <= LEVEL, float(values[0]), p, len(made[0].x), method, reason)


def equivalent(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Claim:
    """`equivalence` as a claim."""
    found = equivalence(made, keep)
    reason = f"{found.n} of {len(made[0].x)} inputs have other scores, {found.value:.0%} of these higher ones"
    reason = reason if found.n else "the scores are equal on every input"
    return Claim(
        "equivalent", made[0].ablation, found.p > LEVEL, found.value, found.p, len(made[0].x), found.method, reason
    )


def minimal(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Claim:
    """Whether no edge of the circuit is idle; one that works once its spares are gone is redundant, and not idle.

    Edges that carry the same when they are replaced cannot be tested, and are said not to be.
    """
    changed, p = _changed(made), idle_edges(made, keep, seed=seed)
    tested = np.flatnonzero(keep & changed)
    weak = np.flatnonzero((p <= LEVEL) & changed)
    works = spared(made, keep, weak) > MATTERS if len(weak) else np.zeros(0, dtype=bool)
    idle = weak[~works]
    named = {"idle": idle, "redundant": weak[works], "not tested": np.flatnonzero(keep & ~changed)}
    texts = [f"{kind}: {_names(made, edges)}" for kind, edges in named.items() if len(edges)]
    reason = "; ".join(texts) or "every edge works"
    comparable = len(tested) > 0 and not keep.all()
    if not comparable:
        reason = f"{len(tested)} edges can be tested, and {int((~keep).sum())} are outside: nothing to compare"
    return Claim(
        "minimal",
        made[0].ablation,
        not len(idle) if comparable else None,
        float(len(idle)),
        float(p[np.setdiff1d(tested, weak[works])].min(initial=1.0)),
        len(made[0].x),
        "edges that do less than nine in ten random ones (Holm), and nothing where their spares are gone",
        reason,
    )


def _changed(made: Sequence[Trial]) -> np.ndarray:
    """Which edges carry something else when they are replaced, `(edges,)`."""
    wiring = made[0].wiring
    found = []
    for source in wiring.sources:
        name, part = source.node.name, source.part
        pairs = [(trial.known[name], trial.replacement[name]) for trial in made]
        if part is not None:
            pairs = [(own.select(part.axis, part.at), other.select(part.axis, part.at)) for own, other in pairs]
        found.append(not all(torch.allclose(own, other) for own, other in pairs))
    return np.array(found)[wiring.edge_sources]


def _names(made: Sequence[Trial], edges: np.ndarray) -> str:
    return ", ".join(str(made[0].wiring.edges[e]) for e in edges)


def everything(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Claim:
    """`independence` as a claim: without the circuit, the output says nothing about the network's own."""
    found = independence(made, keep, seed=seed)
    holds = found.p > LEVEL
    reason = "without the circuit no dependence is seen" if holds else "without the circuit the output still depends"
    return Claim("complete", made[0].ablation, holds, found.value, found.p, found.n, found.method, reason)


CLAIMS = {"sufficiency": sufficient, "equivalence": equivalent, "minimality test": minimal, "independence": everything}
"""By what they are called where they were not tested."""
