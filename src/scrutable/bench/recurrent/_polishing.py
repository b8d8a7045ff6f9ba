"""Further training of a network that is nearly right, on the sequences that it is wrong or unsure about.

Of many fresh sequences the ones with the largest error are half of every batch (hard example mining, after Shrivastava,
Gupta and Girshick, CVPR 2016); every fourth round, and the first, takes Levenberg-Marquardt steps instead. Sequences
are of the trained length until nothing is wrong there, then of twice that: what a rule adds up grows with the length,
and the largest errors would all be of the longest sequences. One in four keeps to a narrower range of numbers: so the
extremes come up, where a network that is wrong on one sequence in 100,000 is wrong on one in 1,000. Each round starts
from the best weights so far; a round that does not better them is forgotten.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor

from scrutable.bench.recurrent._cells import Cell
from scrutable.bench.recurrent._levenberg import levenberg_marquardt
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._training import descend, time_first
from scrutable.bench.recurrent._unrolled import unrolled
from scrutable.work import generator

RATES = (1e-3, 3e-4, 1e-4)
"""Of the rounds in turn; each falls by half a cosine."""
STEPS, MINED, BATCH = 800, 200, 128
"""Steps of a round, and after how many of them the hardest sequences are looked for again."""
LOOK, HARD = 65_536, 1_024
"""Sequences looked at, and so many of the hardest of them."""
NARROW = 4
"""One sequence in so many keeps to a narrower range."""
TEST, CHUNK = 262_144, 32_768
"""Sequences of each sort on which a network is judged, and how many of them at a time."""

Score = tuple[float, float, float]
PERFECT: Score = (1.0, 1.0, 1.0)


def polished(cell: Cell, task: SequenceTask, *, seed: int, seconds: float, first: int = 0) -> tuple[Cell, int]:
    """The bettered cell, or the same, and the steps taken.

    Arguments:
        cell: on raw numbers. seconds: of processor time. first: the number of the first round, which settles what is
            drawn: another one for a network that was polished before.
    """
    end, steps, best, score = time.process_time() + seconds, 0, cell, _score(cell, task, seed)
    for attempt in count(first):
        if time.process_time() > end or score == PERFECT:
            break
        rng = generator(seed, "bench", "polish", attempt)
        tried = copy.deepcopy(best).train()
        length = task.length if score[0] < 1 else 2 * task.length
        drawn = _Drawn(task, length, rng)
        second_order = (attempt - first) % (1 + len(RATES)) == 0
        steps += (
            levenberg_marquardt(tried, drawn.some, rng, end=end)
            if second_order
            else _round(tried, drawn, RATES[attempt % len(RATES)], end)
        )
        reached = _score(tried, task, seed)
        if reached > score:
            best, score = tried.eval(), reached
    return best, steps


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Sequences of a length, and the right answers."""

    task: SequenceTask
    length: int
    rng: np.random.Generator

    def some(self, n: int) -> tuple[Tensor, Tensor]:
        """Inputs `(length, n, channels)` and the right answers `(length, n, outputs)`."""
        x = self.task.sample(n, self.length, self.rng)
        if self.task.draw is None:
            x[::NARROW] = _narrow(self.task, len(x[::NARROW]), self.length, self.rng)
        return self._answered(x)

    def tests(self, *, narrow: bool) -> Iterator[tuple[Tensor, Tensor]]:
        """`TEST` sequences as the task draws them, or those of narrower ranges."""
        for _ in range(TEST // CHUNK):
            draw = _narrow if narrow and self.task.draw is None else SequenceTask.sample
            yield self._answered(draw(self.task, CHUNK, self.length, self.rng))

    def _answered(self, x: np.ndarray) -> tuple[Tensor, Tensor]:
        return time_first(x), time_first(self.task.rule(x))

    def batches(self, cell: Cell) -> Iterator[tuple[Tensor, Tensor]]:
        """Half of each batch is hard for the cell as it is now, half is fresh."""
        while True:
            x, y = self.some(LOOK)
            with torch.no_grad():
                error = (unrolled(cell, x) - y).abs().amax(dim=(0, 2))
            hardest = error.topk(HARD).indices.numpy()
            for _ in range(MINED):
                half = BATCH // 2
                chosen = torch.from_numpy(np.concatenate([self.rng.choice(hardest, half), self.rng.choice(LOOK, half)]))
                yield x[:, chosen], y[:, chosen]


def _round(cell: Cell, drawn: _Drawn, rate: float, end: float) -> int:
    optimiser = torch.optim.AdamW(cell.parameters(), lr=rate, weight_decay=0.0, fused=True)
    for step, (x, y) in enumerate(drawn.batches(cell)):
        if step == STEPS or (step % 50 == 0 and time.process_time() > end):
            return step
        optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 50) * (1 + math.cos(math.pi * step / STEPS)) / 2
        descend(cell, optimiser, unrolled(cell, x) - y)
    return STEPS


def _narrow(task: SequenceTask, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs of which every sequence, in each channel, keeps between two numbers of its own."""
    ends = np.sort(rng.integers(task.low, task.high + 1, (n, 2, task.channels)), axis=1)
    x = rng.integers(ends[:, :1], ends[:, 1:] + 1, (n, length, task.channels))
    return x[..., 0] if task.channels == 1 else x


def _score(cell: Cell, task: SequenceTask, seed: int) -> Score:
    """The shares of answers right at T, at 2T, and at T on sequences of narrower ranges."""
    at, beyond, narrow = (
        _right(cell, _Drawn(task, length, generator(seed, "bench", "polish", "test", length, part)), narrow=part == 2)
        for part, length in enumerate((task.length, 2 * task.length, task.length))
    )
    return at, beyond, narrow


def _right(cell: Cell, drawn: _Drawn, *, narrow: bool) -> float:
    shares = []
    with torch.no_grad():
        for x, y in drawn.tests(narrow=narrow):
            shares.append(float(((unrolled(cell, x) - y).abs() < 0.5).double().mean()))
    return float(np.mean(shares))
