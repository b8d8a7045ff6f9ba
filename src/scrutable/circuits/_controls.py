"""Whether a circuit is more than the search for it: searched circuits of networks without mechanism, and independence.

Shi et al., "Hypothesis Testing the Circuit Hypothesis in LLMs", arXiv:2410.13032, compare a circuit with random ones of
its size; those were not searched for, so selection alone can pass. Here the whole search is run again, for what the
network under study does, on the same network with its weights shuffled or drawn anew: if a circuit of no more edges
does it there too, then any network has one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor, nn

from scrutable.circuits._find import Circuit, most_damage
from scrutable.circuits._findings import Control
from scrutable.circuits._pace import UNHURRIED
from scrutable.circuits._trial import Trial, distance, trials
from scrutable.circuits._wiring import Wiring
from scrutable.hypothesis import p_value
from scrutable.network._controls import permuted, reinitialised
from scrutable.network.engine import Ablation
from scrutable.network.engine._graph import OUTPUT
from scrutable.work import Clock, generator

SHUFFLES, NOISE = 500, 1e-10
CHANCE = (permuted, reinitialised)
"""How a network comes not to mean anything."""


def against_searched(
    found: Circuit,
    module: nn.Module,
    x: Tensor,
    fresh: Tensor,
    search: Callable[[nn.Module, Tensor, Tensor], Circuit],
    *,
    wanted: Tensor | None = None,
    answers: Callable[[Tensor], np.ndarray] | None = None,
    networks: int = 19,
    clock: Clock = UNHURRIED,
    seconds: float = 0.0,
    seed: int = 0,
) -> Control:
    """How well a circuit does what its network does, beside circuits for the same in networks that mean nothing.

    Their weights are shuffled and drawn anew in turn. Each search wants the outputs of the network under study; of what
    it ranks first, as many edges as do best on what was searched on are the rival, at most as many as `found` has.

    Arguments:
        found: what the search gives on the network itself. x: what is searched on.
        fresh: other inputs of the same shape, for the comparison.
        search: of a module, inputs and the outputs wanted, such as `lambda module, x, y: find(module, x, wanted=y)`.
        wanted: the outputs on `fresh`, if `found` is to do what another network does.
        answers: outputs to answers of the same shape, which are then compared by the share of equal ones; if left out,
            by 1 less the squared distance, as a share of what replacing every edge of the network under study does.
        networks: how many; 19 for p = 0.05.
        clock: no further one is begun that would not be over by then; one whose search it cut short does not count.
        seconds: about how long one takes.

    Cost: that of the search, for each network.
    """
    count, first = int(found.keep.sum()), found.trials[0][0]
    wiring, own = first.wiring, first.patching.values(fresh)[OUTPUT].detach()
    like = _Likeness(own if wanted is None else wanted, fresh, found.ablations, answers, seed)
    chance = list[float]()
    for at in range(networks):
        if clock.over or seconds > clock.left:
            break
        started = time.monotonic()
        rival = search(CHANCE[at % 2](module, seed + 1 + at), x, first.wanted)
        if not rival.missing:
            chance.append(like.of(rival.trials[0][0].wiring, _best(rival, count, answers), wiring))
        seconds = time.monotonic() - started
    method = (
        f"{like.name}; the same search for what this network does on {len(chance)} networks, with shuffled and new "
        f"weights in turn, at most {count} edges of each"
    )
    value = like.of(wiring, found.keep, wiring)
    return _control("likeness to the network", value, tuple(chance), len(fresh), method)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Likeness:
    """How near the outputs of circuits are to those that are wanted on other inputs, 1 for equal."""

    wanted: Tensor
    fresh: Tensor
    ablations: Sequence[Ablation]
    answers: Callable[[Tensor], np.ndarray] | None
    seed: int

    @property
    def name(self) -> str:
        return "1 - squared distance of outputs" if self.answers is None else "share of equal answers"

    def of(self, wiring: Wiring, keep: np.ndarray, studied: Wiring) -> float:
        """The least over ablations, of some edges; the distance is a share of what `studied` has with none."""
        return min(self._under(kind, wiring, keep, studied) for kind in self.ablations)

    def _under(self, kind: Ablation, wiring: Wiring, keep: np.ndarray, studied: Wiring) -> float:
        output = self._trial(wiring, kind).output(keep)
        if self.answers is not None:
            return float((self.answers(output) == self.answers(self.wanted)).mean())
        scale = self._trial(studied, kind).scale
        apart = float(distance(output, self.wanted, "squared").mean())
        return 1 - (apart / scale if scale > 0 else apart)

    def _trial(self, wiring: Wiring, kind: Ablation) -> Trial:
        return trials(wiring, self.fresh, kind, draws=1, seed=self.seed, wanted=self.wanted)[0]


def _best(rival: Circuit, count: int, answers: Callable[[Tensor], np.ndarray] | None) -> np.ndarray:
    """The edges ranked first, as many as do best where they were searched, but at most `count`."""
    rank = np.argsort(np.argsort(-rival.scores, kind="stable"))
    sets = rank[None] < np.arange(count + 1)[:, None]
    damage = most_damage(rival.trials, sets)
    if answers is not None:
        firsts = [group[0] for group in rival.trials]
        wrong = [[(answers(t.output(keep)) != answers(t.wanted)).mean() for t in firsts] for keep in sets]
        damage = np.max(wrong, axis=1)
    return sets[int(np.argmin(np.where(np.isnan(damage), np.inf, damage)))]


def independence(made: Sequence[Trial], keep: np.ndarray, *, seed: int) -> Control:
    """Whether the output with the circuit replaced still depends on the network's own output; a small p says it does.

    The Hilbert-Schmidt independence criterion with Gaussian kernels of median width (Gretton et al., "Measuring
    Statistical Dependence with Hilbert-Schmidt Norms", 2005), against 500 shufflings.

    Arguments:
        made: trials of one ablation; the first is used. keep: `(edges,)` booleans.
    """
    trial = made[0]
    noise = NOISE * float(trial.known[OUTPUT].double().square().flatten(1).sum(1).mean())
    rest, own = _kernel(trial.output(~keep), noise), _kernel(trial.known[OUTPUT], noise)
    rng, n = generator(seed, "independence"), len(own)
    centred = own - own.mean(0) - own.mean(1, keepdims=True) + own.mean()
    orders = [rng.permutation(n) for _ in range(SHUFFLES)]
    chance = tuple(float((centred * rest[np.ix_(order, order)]).mean()) for order in orders)
    value = float((centred * rest).mean())
    method = f"Hilbert-Schmidt independence criterion, {SHUFFLES} shufflings, {trial.ablation} ablation"
    return _control("dependence without the circuit", value, chance, n, method)


def _control(name: str, value: float, chance: tuple[float, ...], n: int, method: str) -> Control:
    return Control(name, value, chance, p_value(value, chance), n, method)


def _kernel(values: Tensor, noise: float) -> np.ndarray:
    flat = values.flatten(1).double().numpy()
    distances = ((flat[:, None] - flat[None]) ** 2).sum(-1)
    distances[distances <= noise] = 0
    apart = distances[distances > 0]
    return np.exp(-distances / (np.median(apart) if len(apart) else 1.0))
