"""How well a circuit is borne out: faithfulness, completeness and minimality, each under a named ablation.

References: Wang et al., "Interpretability in the Wild", arXiv:2211.00593 (the three criteria); Miller et al.,
"Transformer Circuit Faithfulness Metrics are not Robust", arXiv:2407.08734 (why the ablation is part of the number).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrutable.circuits._findings import Score
from scrutable.circuits._trial import Trial, mean_damage
from scrutable.hypothesis import cluster_bootstrap
from scrutable.work import generator

SUBSETS = 20


def faithfulness(trials: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Score:
    """1 less the damage of replacing every edge outside the circuit: 1 for the network's own output.

    Arguments:
        trials: on inputs that the circuit was not found on, of one ablation. keep: `(edges,)` booleans.
    """
    values = 1 - mean_damage(trials, keep[None])[0]
    return _score("faithfulness", trials, values, "1 - damage with all other edges replaced", seed)


def completeness(trials: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Score:
    """How much circuit and network differ in damage when the same part of the circuit is missing from both; 0 is best.

    Parts are random, each with a share of the circuit's edges that is random too. Cost: two runs for each of 20 parts.
    """
    rng = generator(seed, "completeness")
    missing = keep & (rng.random((SUBSETS, len(keep))) < rng.random((SUBSETS, 1)))
    gap = np.abs(mean_damage(trials, keep & ~missing) - mean_damage(trials, ~missing))
    return _score("completeness", trials, gap.mean(0), f"mean difference over {SUBSETS} random parts", seed)


def minimality(trials: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Score:
    """The least that any edge of the circuit does: the damage of taking it away, as it is or with a part missing.

    Each edge counts by the most it does in the circuit and in random parts of it. Cost: 22 runs for each edge.
    """
    rng = generator(seed, "minimality")
    inside = np.flatnonzero(keep)
    parts = [keep, *(keep & (rng.random((SUBSETS // 2, len(keep))) < 0.8))]
    effects = np.array([_without_each(trials, part, inside) for part in parts])
    value = float(effects.max(0).min()) if len(inside) else 0.0
    method = f"least over {len(inside)} edges of the largest damage over the circuit and {SUBSETS // 2} parts of it"
    return Score("minimality", trials[0].ablation, value, None, len(trials[0].x), method)


def _without_each(trials: Sequence[Trial], part: np.ndarray, inside: np.ndarray) -> np.ndarray:
    with_each = np.repeat(part[None], len(inside), axis=0)
    with_each[np.arange(len(inside)), inside] = True
    without = with_each.copy()
    without[np.arange(len(inside)), inside] = False
    return (mean_damage(trials, without) - mean_damage(trials, with_each)).mean(1)


def _score(name: str, trials: Sequence[Trial], values: np.ndarray, method: str, seed: int) -> Score:
    interval = cluster_bootstrap(values, np.arange(len(values)), generator(seed, name))
    return Score(name, trials[0].ablation, float(values.mean()), interval, len(values), method)


def edge_auc(scores: np.ndarray, known: np.ndarray) -> float:
    """The share of pairs of a known edge and another one that scores put in order; ties count half."""
    inside, outside = scores[known, None], scores[None, ~known]
    return float(((inside > outside) + 0.5 * (inside == outside)).mean())
