"""Ablation of a site: what becomes of the answers when what it holds is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.hypothesis import Interval, wilson
from scrutable.verify._agreement import agrees
from scrutable.verify._aligned import off_manifold
from scrutable.work import flat_rows, generator

if TYPE_CHECKING:
    from scrutable.network import Network
    from scrutable.network.engine import Ablation


@final
@dataclass(frozen=True, slots=True)
class Ablated:
    """What one kind of ablation did.

    Arguments:
        kind: one of `scrutable.network.engine.ABLATIONS`. site: as printed.
        changed: the share of inputs whose answer is another one then. interval: Wilson. n: inputs.
        unlike: the share of the values put there that are farther from the nearest natural value than 95% of natural
            ones are. Where it is large, the answers are those to something the network never sees.
    """

    kind: Ablation
    site: str
    changed: float
    interval: Interval
    n: int
    unlike: float

    def __str__(self) -> str:
        low, high = self.interval.low, self.interval.high
        return f"{self.kind} ablation of {self.site}: {self.changed:.1%} of answers change ({low:.1%} to {high:.1%})"


def ablate(network: Network, site: str, data: np.ndarray, *, kind: Ablation, seed: int = 0) -> Ablated:
    """Replace what a site holds, by zero, by its mean or by what it holds on another input, and compare answers.

    Arguments:
        data: `(n, *inputs.shape)`; means and other inputs are taken from these.

    Raises:
        UserError: no such site or kind, or data that cannot be used.

    Cost: three runs of the network on the data.
    """
    import torch

    from scrutable.network.engine import ablated

    rng = generator(seed, "ablation", kind, site)
    (natural,) = network.read(data, site).values()
    values = ablated(kind, {site: torch.from_numpy(natural)}, rng)[site].numpy()
    answers, said = network.predict(data), network.patched(data, {site: values})
    changed = ~agrees(network.outputs, said, answers)
    points, order = flat_rows(natural).astype(float), rng.permutation(len(natural))
    half = len(order) // 2
    return Ablated(
        kind=kind,
        site=str(network.site(site)),
        changed=float(changed.mean()),
        interval=wilson(int(changed.sum()), len(changed)),
        n=len(changed),
        unlike=off_manifold(flat_rows(values).astype(float), points[order[:half]], points[order[half:]]),
    )
