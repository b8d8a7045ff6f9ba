"""Levenberg-Marquardt steps for a recurrent network that is nearly right: where gradient descent has stopped gaining.

Levenberg (1944) and Marquardt (1963), on sequences of which half are the hardest of all seen so far. The matrix of the
normal equations fades over the steps, because a few hundred sequences say little of a few thousand weights; damping and
length of a step are those that serve best on hard sequences that the step was not worked out from, judged by the eighth
moment of the errors: what is to fall is the largest of them, not their square.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from scrutable.bench.recurrent._cells import Cell, linears
from scrutable.bench.recurrent._unrolled import unrolled

STEPS = 30
LOOK, KEPT, JUDGED, USED = 32_768, 8_192, 2_048, 192
"""Sequences drawn for a step; the hardest kept; of the hardest and of the fresh ones, so many judge a step and so many
make it."""
FADES, LEAST, MOST, FLOOR = 0.85, 3e-5, 1.0, 1e-6
"""The share of the matrix that a step leaves; bounds of the damping, relative to the diagonal; the least diagonal."""
LENGTHS, MOMENT, CHUNK = (1.5, 0.5), 8, 64

Draw = Callable[[int], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class _Sequences:
    """Inputs `(length, n, channels)` and right answers `(length, n, outputs)`."""

    x: Tensor
    y: Tensor

    def take(self, which: Tensor | slice) -> _Sequences:
        return _Sequences(self.x[:, which], self.y[:, which])

    def and_(self, other: _Sequences) -> _Sequences:
        return _Sequences(torch.cat([self.x, other.x], 1), torch.cat([self.y, other.y], 1))

    def errors(self, cell: Cell) -> Tensor:
        """Of every answer."""
        with torch.no_grad():
            return unrolled(cell, self.x) - self.y

    def hardest(self, cell: Cell, n: int) -> _Sequences:
        """Those with the largest errors, falling."""
        worst = self.errors(cell).abs().amax(dim=(0, 2))
        return self.take(worst.topk(min(n, len(worst))).indices)


def levenberg_marquardt(cell: Cell, draw: Draw, rng: np.random.Generator, *, end: float) -> int:
    """Better a cell in place; how many steps were taken.

    Arguments:
        draw: a number to so many fresh sequences. end: in processor time.

    Cost: one to six seconds a step for 2,500 to 5,000 weights and sequences of twenty numbers.
    """
    damping, matrix, hard = 1e-3, None, None
    for step in range(STEPS):
        if time.process_time() > end:
            return step
        fresh = _Sequences(*draw(LOOK))
        hard = fresh.hardest(cell, KEPT // 4) if hard is None else hard.and_(fresh.hardest(cell, KEPT // 4))
        hard = hard.hardest(cell, KEPT)
        top = torch.from_numpy(rng.permutation(min(2 * JUDGED, hard.x.shape[1])))
        using = hard.take(top[:USED]).and_(fresh.take(slice(USED)))
        judging = hard.take(top[len(top) // 2 :]).and_(fresh.take(slice(-JUDGED, None)))
        found, slope = _normal(cell, using)
        matrix = found if matrix is None else FADES * matrix + found
        damping = _step(cell, matrix, slope, judging, damping)
    return STEPS


def _normal(cell: Cell, using: _Sequences) -> tuple[Tensor, Tensor]:
    """J'J and J'r of the errors r on some sequences, `(weights, weights)` and `(weights,)`."""
    weights = {name: value.detach() for name, value in cell.named_parameters()}
    hidden, n = linears(cell.f)[-1].out_features, sum(value.numel() for value in weights.values())

    def answers(values: dict[str, Tensor], x: Tensor) -> Tensor:
        state, said = x.new_zeros(hidden), []
        for x_t in x:
            state, y_t = functional_call(cell, values, (state, x_t))
            said.append(y_t)
        return torch.stack(said).flatten()

    jacobian = vmap(jacrev(answers), in_dims=(None, 0))
    matrix, slope = torch.zeros(n, n, dtype=torch.double), torch.zeros(n, dtype=torch.double)
    for part in torch.arange(using.x.shape[1]).split(CHUNK):
        some = using.take(part)
        by_name = jacobian(weights, some.x.transpose(0, 1))
        rows = torch.cat([by_name[name].flatten(0, 1).flatten(1) for name in weights], dim=1)
        matrix += (rows.T @ rows).double()
        slope += (rows.T @ some.errors(cell).transpose(0, 1).flatten()).double()
    return matrix, slope


def _step(cell: Cell, matrix: Tensor, slope: Tensor, judging: _Sequences, damping: float) -> float:
    """Take the best of some steps, or none where all make it worse; the damping to go on with."""
    diagonal = matrix.diagonal()
    diagonal = diagonal.clamp_min(FLOOR * float(diagonal.max()))
    start = parameters_to_vector(cell.parameters()).detach()
    best, least, after = start, _moment(cell, judging), 3 * damping
    for tried in (max(damping / 4, LEAST), damping, 4 * damping):
        factor, failed = torch.linalg.cholesky_ex(matrix + torch.diag(tried * diagonal))
        if failed:
            continue
        way = torch.cholesky_solve(slope[:, None], factor)[:, 0].to(start.dtype)
        for length in LENGTHS:
            vector_to_parameters(start - length * way, cell.parameters())
            moment = _moment(cell, judging)
            if moment < least:
                best, least, after = start - length * way, moment, tried
    vector_to_parameters(best, cell.parameters())
    return min(after, MOST)


def _moment(cell: Cell, judging: _Sequences) -> float:
    found = float(judging.errors(cell).double().pow(MOMENT).mean())
    return found if math.isfinite(found) else math.inf
