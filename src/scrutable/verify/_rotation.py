"""Orthogonal directions of a place, turned by gradient until exchanging what lies along them does what it should."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor

from scrutable.network import Domain, Network
from scrutable.verify.scrubbing._spots import Spot

if TYPE_CHECKING:
    from scrutable.verify._subspace import Wanted

BATCH, RATE = 128, 0.1
HOT, COLD = 0.5, 0.02
PRICE = 0.1
"""What the whole place costs, in units of the loss at the start."""


def turned(
    network: Network, site: str, wanted: Wanted, rng: np.random.Generator, *, dimensions: int | None, steps: int
) -> np.ndarray:
    """Orthonormal directions of a site, `(k, d)`, found by gradient descent.

    Arguments:
        dimensions: k; None to learn it: all directions are turned, and a boundary, soft at first, moves to where those
            behind it are not worth their price.
        steps: of gradient descent, each on 128 pairs.

    Raises:
        NotCaptured: the network's insides cannot be followed. UserError: no such site.

    Cost: one run of the network forwards and backwards for each step.
    """
    turner = _Turner(network, site, wanted, rng, dimensions)
    optimiser = torch.optim.Adam(turner.free, lr=RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / steps)
        rows = torch.from_numpy(rng.integers(0, len(wanted.base), size=min(BATCH, len(wanted.base))))
        loss = turner.loss(rows, HOT * (COLD / HOT) ** (step / max(1, steps - 1)))
        for parameter, gradient in zip(turner.free, torch.autograd.grad(loss, turner.free), strict=True):
            parameter.grad = gradient
        optimiser.step()
    return turner.directions()


@final
class _Turner:
    """The directions as they stand, and what they are worth."""

    def __init__(
        self, network: Network, site: str, wanted: Wanted, rng: np.random.Generator, dimensions: int | None
    ) -> None:
        self.captured, self.outputs, self.wanted = network.captured, network.outputs, wanted
        graph = self.captured.graph
        self.spot, self.first = Spot.of(graph, site), graph.nodes[0]
        rows = Spot.of(graph, self.first.name).rows
        given = self.captured.tensor(wanted.source)
        with torch.no_grad():
            self.others = self.spot.read(graph.evaluate([self.spot.name], {self.first.name: given})[self.spot.name])
        self.back, self.base = rows.back, rows.first(self.captured.tensor(wanted.base))
        self.fixed = dimensions is not None
        width = int(np.prod(self.others.shape[1:]))
        start = torch.from_numpy(rng.normal(size=(width, width if dimensions is None else dimensions)))
        self.turn = start.to(self.others.dtype).requires_grad_(True)
        self.boundary = torch.full((), 0.5, dtype=self.others.dtype, requires_grad=True)
        self.price: float | None = None

    @property
    def free(self) -> list[Tensor]:
        """What descends."""
        return [self.turn] if self.fixed else [self.turn, self.boundary]

    def loss(self, rows: Tensor, temperature: float) -> Tensor:
        """How far the answers of some pairs are from what is wanted; without fixed dimensions with their price."""
        axes = torch.linalg.qr(self.turn).Q
        weights = torch.ones(axes.shape[1], dtype=axes.dtype) if self.fixed else self._weights(temperature)
        put = partial(self._blended, axes * weights, axes, self.others[rows])
        given = {self.first.name: self.back(self.base[rows])}
        output = self.captured.graph.evaluate(["output"], given, edits={self.spot.name: put})["output"]
        index = rows.numpy()
        raw = self.captured.arranged(output, self.wanted.base[index])
        far = distance(self.outputs, raw, torch.from_numpy(self.wanted.answers[index]))
        if self.fixed:
            return far
        self.price = float(far.detach()) * PRICE if self.price is None else self.price
        return far + self.price * weights.mean()

    def directions(self) -> np.ndarray:
        """The directions, `(k, d)`; at least one."""
        with torch.no_grad():
            axes = torch.linalg.qr(self.turn).Q
            kept = axes.shape[1] if self.fixed else max(1, int((self._weights(COLD) > 0.5).sum()))
            return axes[:, :kept].T.double().numpy()

    def _weights(self, temperature: float) -> Tensor:
        """How much of each direction is exchanged: 1 before the boundary, 0 behind it, in between near it."""
        place = (torch.arange(self.turn.shape[1], dtype=self.turn.dtype) + 0.5) / self.turn.shape[1]
        return torch.sigmoid((self.boundary - place) / temperature)

    def _blended(self, weighted: Tensor, axes: Tensor, others: Tensor, value: Tensor) -> Tensor:
        held = self.spot.read(value)
        difference = (others - held).flatten(1)
        return self.spot.put(value, held + (difference @ weighted @ axes.T).reshape(held.shape))


def distance(outputs: Domain, raw: Tensor, answers: Tensor) -> Tensor:
    """How far raw outputs are from answers: cross-entropy for labels, for bits that of the distance to the threshold,
    else the squared error in units of the answers' variance."""
    if outputs.classes is not None:
        return torch.nn.functional.cross_entropy(raw.reshape(-1, raw.shape[-1]), answers.reshape(-1).long())
    answers = answers.to(raw.dtype).reshape(raw.shape)
    threshold = getattr(outputs, "threshold", None)
    if threshold is not None:
        return torch.nn.functional.binary_cross_entropy_with_logits(raw - threshold, answers)
    return ((raw - answers) ** 2).mean() / (answers.var() + 1e-9)
