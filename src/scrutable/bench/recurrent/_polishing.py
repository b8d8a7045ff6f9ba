"""Further training of a network that is nearly right, on the sequences that it is wrong or unsure about.

Of many fresh sequences the ones with the largest error are half of every batch (hard example mining, after Shrivastava,
Gupta and Girshick, CVPR 2016). Each round starts from the best weights so far; a round that does not better them is
forgotten.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from torch import Tensor

from scrutable.bench.recurrent._cells import Cell
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._training import descend, time_first
from scrutable.bench.recurrent._unrolled import unrolled
from scrutable.work import generator

RATES = (1e-3, 3e-4, 3e-3, 1e-4)
"""Of the rounds in turn; each falls by half a cosine."""
STEPS, BATCH = 800, 128
LOOK, HARD = 16_384, 1_024
"""Sequences looked at before a round, and so many of the hardest of them."""
TEST = 16_384

Score = tuple[float, float]


def polished(cell: Cell, task: SequenceTask, *, seed: int, seconds: float) -> tuple[Cell, int]:
    """The bettered cell, or the same, and the steps taken.

    Arguments:
        cell: on raw numbers. seconds: of processor time.
    """
    end, steps, best, score = time.process_time() + seconds, 0, cell, _score(cell, task, seed)
    for attempt in count():
        if time.process_time() > end or score == (1.0, 1.0):
            break
        rng = generator(seed, "bench", "polish", attempt)
        tried = copy.deepcopy(best).train()
        steps += _round(tried, task, RATES[attempt % len(RATES)], rng, end)
        reached = _score(tried, task, seed)
        if reached > score:
            best, score = tried.eval(), reached
    return best, steps


def _round(cell: Cell, task: SequenceTask, rate: float, rng: np.random.Generator, end: float) -> int:
    optimiser = torch.optim.AdamW(cell.parameters(), lr=rate, weight_decay=0.0)
    for step, (x, y) in enumerate(_batches(cell, task, rng)):
        if step == STEPS or (step % 50 == 0 and time.process_time() > end):
            return step
        optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 50) * (1 + math.cos(math.pi * step / STEPS)) / 2
        descend(cell, optimiser, unrolled(cell, x) - y)
    return STEPS


def _batches(cell: Cell, task: SequenceTask, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Half of each batch is hard, half is fresh, all of twice the length."""
    x, y = _drawn(task, LOOK, rng)
    with torch.no_grad():
        error = (unrolled(cell, x) - y).abs().amax(dim=(0, 2))
    hardest = error.topk(HARD).indices.numpy()
    while True:
        fresh, fresh_y = _drawn(task, BATCH // 2, rng)
        some = torch.from_numpy(rng.choice(hardest, BATCH // 2))
        yield torch.cat([x[:, some], fresh], dim=1), torch.cat([y[:, some], fresh_y], dim=1)


def _drawn(task: SequenceTask, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Inputs `(2 T, n, channels)` and the right answers `(2 T, n, outputs)`."""
    x = task.sample(n, 2 * task.length, rng)
    return time_first(x), time_first(task.rule(x))


def _score(cell: Cell, task: SequenceTask, seed: int) -> Score:
    """The shares of answers right at T and at 2T."""
    x, y = _drawn(task, TEST, generator(seed, "bench", "polish", "test"))
    with torch.no_grad():
        right = ((unrolled(cell, x) - y).abs() < 0.5).double()
    return float(right[: task.length].mean()), float(right.mean())
