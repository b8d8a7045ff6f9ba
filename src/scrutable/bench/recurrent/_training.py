"""Training of recurrent networks on rules over sequences: the same weights for the same seed, on one thread.

AdamW on 1/2 log(1 + error^2) in units of the output. Sequences start short and grow as the rule is learnt; the rate
falls once it is learnt or most steps are gone; other seeds are tried until nothing is wrong or time is up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.bench.recurrent._cells import Cell, Shape, fold, remember
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._unrolled import unrolled
from scrutable.work import generator

CHECK = 200
"""Errors are looked at after so many steps."""
LOOK = 1024
"""On so many sequences while training, `TEST` at the end of an attempt."""
TEST = 4096
NUMBERS = 5.0
"""Outputs with a larger standard deviation are numbers to be kept, and cells start with a memory; the rest are states
to be told apart, which small weights find sooner, and without counting."""
POOL = 8192
"""Sequences drawn at a time; each is used in one step."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    Arguments:
        steps: of the attempts in turn; the last number is that of all further ones.
        reach: how long the sequences of the attempts get, in T; the last number is that of all further ones. Rules that
            are learnt by counting up to T, and are wrong beyond, are learnt as rules from longer sequences.
        cycles: of the learning rate in one attempt; another one only if the last left few errors.
        few: that share of outputs right counts as few errors.
        rate, decay: of AdamW; each cycle starts with a third of the rate of the last. batch: sequences in a step.
        grow: sequences get longer once that share of outputs is close (to a tenth of a standard deviation, at least to
            1/2), and in any case with the share `grown` of the steps.
        flat: the share of steps after which the rate falls. cool: steps over which it falls when all is learnt.
        margin: an output this near to the truth is learnt.
    """

    steps: tuple[int, ...] = (3000, 4000, 6000, 8000, 12000)
    reach: tuple[int, ...] = (1, 2)
    cycles: int = 3
    few: float = 0.9
    rate: float = 1e-2
    decay: float = 1e-2
    batch: int = 128
    grow: float = 0.97
    grown: float = 0.6
    flat: float = 0.3
    cool: int = 600
    margin: float = 0.25


@dataclass(frozen=True, slots=True)
class Taught:
    """A trained cell on raw numbers, and what came of it.

    Arguments:
        right, beyond: the share of outputs that are right at T and at 2T, on fresh sequences.
        seed, longest: of the attempt; the length of the sequences that it was trained on in the end.
        attempts, steps: in all. seconds: of processor time.
    """

    cell: Cell
    right: float
    beyond: float
    seed: int
    longest: int
    attempts: int
    steps: int
    seconds: float

    @property
    def exact(self) -> bool:
        """Nothing was wrong."""
        return self.right == 1.0 and self.beyond == 1.0


def taught(task: SequenceTask, shape: Shape, recipe: Recipe, *, seed: int, seconds: float, first: int = 0) -> Taught:
    """The best network of several attempts.

    Arguments:
        seed: of the network; those of the attempts follow from it. first: the number of the first attempt.
        seconds: of processor time. An attempt that is under way then is cut short.

    Cost: one to three milliseconds a step. Most rules are learnt in 1,000 to 5,000 steps; a rule that is not takes all
    the time there is.
    """
    began, best, steps, attempt = time.process_time(), None, 0, first
    end = began + seconds
    while best is None or (time.process_time() < end and not best.exact):
        longest = task.length * _item(recipe.reach, attempt)
        lesson = Lesson(task, recipe, seed=1000 * seed + attempt, longest=longest, end=end)
        cell = lesson.start(shape, attempt)
        right, beyond = lesson.run(cell, _item(recipe.steps, attempt))
        steps, attempt = steps + lesson.done, attempt + 1
        if best is None or (right, beyond) > (best.right, best.beyond):
            fold(cell, inwards=lesson.inwards, outwards=lesson.outwards)
            best = Taught(cell.eval(), right, beyond, lesson.seed, longest, 0, 0, 0.0)
    spent = round(time.process_time() - began, 1)
    return replace(best, attempts=attempt - first, steps=steps, seconds=spent)


def _item(values: tuple[int, ...], index: int) -> int:
    return values[min(index, len(values) - 1)]


@dataclass
class Lesson:
    """One attempt, on sequences up to `longest`. `done` counts its steps; `end` is when it is cut short, in processor
    time."""

    task: SequenceTask
    recipe: Recipe
    seed: int
    longest: int
    end: float
    done: int = 0
    inwards: float = field(init=False)
    outwards: float = field(init=False)

    def __post_init__(self) -> None:
        task = self.task
        self.inwards = max(1.0, max(abs(task.low), abs(task.high)) / 3)
        drawn = task.rule(task.sample(LOOK, task.length, generator(0, "bench", "scale")))
        self.outwards = max(1.0, float(drawn.std()))

    def start(self, shape: Shape, attempt: int) -> Cell:
        """A fresh cell. Attempts differ in how it starts; torch's own random state stays as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            cell = Cell(shape, self.task.channels, self.task.outputs)
        turns = (0.0, 1.0, None) if self.outwards > NUMBERS else (None, 0.0, 1.0)
        turn = turns[attempt % 3]
        if turn is not None:
            remember(cell, torch.Generator().manual_seed(self.seed), turn=turn)
        return cell

    def run(self, cell: Cell, steps: int) -> tuple[float, float]:
        """Train a cell. The shares of outputs right at T and at 2T on fresh sequences."""
        length, scores = 2, (0.0, 0.0)
        for cycle in range(self.recipe.cycles):
            self._cycle(cell, steps, length, cycle)
            scores = self._score(cell, TEST, "test")
            if scores == (1.0, 1.0) or scores[0] < self.recipe.few or time.process_time() > self.end:
                break
            length = self.longest
        return scores

    def _cycle(self, cell: Cell, steps: int, length: int, cycle: int) -> None:
        recipe, longest, seen = self.recipe, self.longest, 0.0
        plan = _Plan(level=1.0, fall=round(recipe.flat * steps), last=steps)
        optimiser = torch.optim.AdamW(cell.parameters(), lr=recipe.rate, weight_decay=recipe.decay, fused=True)
        for step, (x, y) in enumerate(self._batches(cycle)):
            if step >= plan.last or (step % 50 == 0 and time.process_time() > self.end):
                break
            optimiser.param_groups[0]["lr"] = recipe.rate * plan.share(step) / 3**cycle
            seen = 0.95 * seen + 0.05 * self._step(cell, optimiser, x[:length], y[:length])
            if length < longest and (seen > recipe.grow or length < 2 + longest * step / (recipe.grown * steps)):
                length, seen = length + 1, 0.8 * seen
            if step % CHECK == CHECK - 1 and plan.last == steps and length == longest and self._learnt(cell):
                plan = _Plan(plan.share(step), step, min(steps, step + recipe.cool))
            self.done += 1

    def _batches(self, cycle: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng = generator(self.seed, "bench", "sequences", cycle)
        while True:
            x, y = self._drawn(POOL, self.longest, rng)
            yield from zip(x.split(self.recipe.batch, 1), y.split(self.recipe.batch, 1), strict=True)

    def _step(self, cell: Cell, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
        """One step; the share of outputs that were close before it."""
        error = unrolled(cell, x) * self.outwards - y
        descend(cell, optimiser, error)
        return float((error.detach().abs() < max(0.5, 0.1 * self.outwards)).float().mean())

    def _drawn(self, n: int, length: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Scaled inputs `(length, n, channels)` and the right answers `(length, n, outputs)`."""
        x = self.task.sample(n, length, rng)
        y = self.task.rule(x)
        return time_first(x) / self.inwards, time_first(y)

    def _learnt(self, cell: Cell) -> bool:
        right = self._errors(cell, LOOK, self.task.length, "look") < self.recipe.margin
        return bool(right.all()) and bool((self._errors(cell, LOOK, 2 * self.task.length, "look") < 0.5).all())

    def _score(self, cell: Cell, n: int, name: str) -> tuple[float, float]:
        lengths = (self.task.length, 2 * self.task.length)
        at, beyond = (float((self._errors(cell, n, k, name) < 0.5).double().mean()) for k in lengths)
        return at, beyond

    def _errors(self, cell: Cell, n: int, length: int, name: str) -> Tensor:
        x, y = self._drawn(n, length, generator(self.seed, "bench", name, length))
        with torch.no_grad():
            return (unrolled(cell, x) * self.outwards - y).abs()


def descend(cell: Cell, optimiser: torch.optim.Optimizer, error: Tensor) -> None:
    """One step down from an error, in units of the output."""
    loss = error.square().log1p().mean() / 2
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(cell.parameters(), 1.0)
    optimiser.step()


def time_first(values: np.ndarray) -> Tensor:
    """Sequences `(n, length, ...)` as `(length, n, numbers of a step)`."""
    return torch.tensor(values.reshape(*values.shape[:2], -1).swapaxes(0, 1), dtype=torch.float32)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The share of the full rate: up over 100 steps, `level`, then half a cosine down from step `fall` to `last`."""

    level: float
    fall: int
    last: int

    def share(self, step: int) -> float:
        done = max(0.0, (step - self.fall) / max(self.last - self.fall, 1))
        return self.level * min(1.0, (step + 1) / 100) * (0.001 + 0.999 * (1 + math.cos(math.pi * done)) / 2)
