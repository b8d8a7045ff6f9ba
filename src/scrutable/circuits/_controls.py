"""Whether a circuit is more than the search for it: searched circuits of networks without mechanism, and independence.

Shi et al., "Hypothesis Testing the Circuit Hypothesis in LLMs", arXiv:2410.13032, compare a circuit with random ones of
its size; those were not searched for, so selection alone can pass. Here the whole search is run again on the same
network with its weights shuffled within each tensor, and its best circuit of the same number of edges is the rival.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._find import Circuit
from scrutable.circuits._scores import faithfulness
from scrutable.circuits._trial import Trial, trials
from scrutable.hypothesis import p_value
from scrutable.network._controls import permuted
from scrutable.network.engine._graph import OUTPUT
from scrutable.work import Clock, generator

SHUFFLES = 500


@final
@dataclass(frozen=True, slots=True)
class Control:
    """A statistic of a circuit beside what it is by chance.

    Arguments:
        value: of the circuit. chance: of each control. p: (1 + how many do as well) / (1 + how many there are).
        n: inputs. method: how the controls were made.
    """

    name: str
    value: float
    chance: tuple[float, ...]
    p: float
    n: int
    method: str


def against_searched(
    found: Circuit,
    module: nn.Module,
    x: Tensor,
    fresh: Tensor,
    search: Callable[[nn.Module, Tensor], Circuit],
    *,
    networks: int = 19,
    clock: Clock | None = None,
    seed: int = 0,
) -> Control:
    """Held-out faithfulness of the circuit that a search found, beside that of the same search on shuffled weights.

    Every network is asked to do what it does itself, with as many edges as the circuit of the real one has.

    Arguments:
        found: what the search gives on the network itself. x: what is searched on.
        fresh: other inputs of the same shape, for the faithfulness.
        search: such as `lambda module, x: find(module, x)`.
        networks: how many shuffled ones; 19 for p = 0.05.
        clock: no further one is begun when it is over.

    Cost: that of the search, for each network.
    """
    count = int(found.keep.sum())
    begun = itertools.takewhile(lambda _: clock is None or not clock.over, range(networks))
    rivals = (search(permuted(module, seed + 1 + at), x) for at in begun)
    chance = tuple(_held_out(rival, fresh, count, seed) for rival in rivals)
    method = f"the same search on {len(chance)} networks with shuffled weights, the best {count} edges of each"
    return _control(
        "faithfulness of a searched circuit", _held_out(found, fresh, count, seed), chance, len(fresh), method
    )


def independence(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Control:
    """Whether the output with the circuit replaced still depends on the network's own output; a small p says it does.

    The Hilbert-Schmidt independence criterion with Gaussian kernels of median width (Gretton et al., "Measuring
    Statistical Dependence with Hilbert-Schmidt Norms", 2005), against 500 shufflings.

    Arguments:
        made: trials of one ablation; the first is used. keep: `(edges,)` booleans.
    """
    trial = made[0]
    rest = _kernel(trial.output(~keep))
    own = _kernel(trial.known[OUTPUT])
    rng, n = generator(seed, "independence"), len(own)
    centred = own - own.mean(0) - own.mean(1, keepdims=True) + own.mean()
    orders = [rng.permutation(n) for _ in range(SHUFFLES)]
    chance = tuple(float((centred * rest[np.ix_(order, order)]).mean()) for order in orders)
    value = float((centred * rest).mean())
    method = f"Hilbert-Schmidt independence criterion, {SHUFFLES} shufflings, {trial.ablation} ablation"
    return _control("dependence without the circuit", value, chance, n, method)


def _control(name: str, value: float, chance: tuple[float, ...], n: int, method: str) -> Control:
    return Control(name, value, chance, p_value(value, chance), n, method)


def _held_out(circuit: Circuit, fresh: Tensor, count: int, seed: int) -> float:
    """The least faithfulness, over ablations, of the `count` highest scored edges."""
    keep = np.zeros(len(circuit.edges), dtype=bool)
    keep[np.argsort(-circuit.scores, kind="stable")[:count]] = True
    wiring = circuit.trials[0][0].wiring
    made = (trials(wiring, fresh, name, draws=1, seed=seed) for name in circuit.ablations)
    return min(faithfulness(group, keep, seed=seed).value for group in made)


def _kernel(values: Tensor) -> np.ndarray:
    flat = values.flatten(1).double().numpy()
    distances = ((flat[:, None] - flat[None]) ** 2).sum(-1)
    apart = distances[distances > 0]
    return np.exp(-distances / (np.median(apart) if len(apart) else 1.0))
