"""Training: AdamW on the cross-entropy at every position, the same weights for the same seed on one thread."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from scrutable.bench.trained._form import Form
from scrutable.bench.trained._module import made
from scrutable.bench.trained._tasks import Lesson
from scrutable.work import generator

RATE, DECAY, BATCH = 4e-3, 0.1, 128
CHECK, ENOUGH = 100, 0.9995
POOL = 64
"""So many batches of words are drawn at a time."""
TEST = 4096


@final
@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A trained module, what was spent on it, and the share of single answers that are right on fresh words."""

    module: nn.Module
    right: float
    steps: int
    seconds: float


def taught(lesson: Lesson, form: Form, *, seed: int, steps: int) -> Taught:
    """Train one network. The rate falls to nothing at the end, which comes early where all is learnt.

    Cost: three to ten milliseconds of processor time a step.
    """
    began, length = time.process_time(), lesson.task.length
    module = made(form, tokens=lesson.task.tokens, answers=lesson.answers, length=length, seed=seed)
    optimiser = torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=DECAY)
    rng, step, last = generator(seed, "bench", "trained", lesson.name), 0, steps
    while step < last:
        _set_rate(optimiser, min(1.0, (step + 1) / 100) * (1 + math.cos(math.pi * step / last)) / 2 + 1e-3)
        if step % POOL == 0:
            words = rng.permutation(lesson.words(POOL * BATCH, length, rng))
            answers = lesson.truth(words)
        batch = slice(step % POOL * BATCH, (step % POOL + 1) * BATCH)
        _step(module, optimiser, words[batch], answers[batch])
        step += 1
        if step % CHECK == 0 and last == steps and right_share(module, lesson, length, n=1024) >= ENOUGH:
            last = min(steps, step + step // 3 + CHECK)
    return Taught(module.eval(), right_share(module, lesson, length), step, time.process_time() - began)


def right_share(module: nn.Module, lesson: Lesson, length: int, *, n: int = TEST) -> float:
    """The share of single answers that are right on fresh uniform words."""
    x = generator(1, "bench", "trained", "fresh").integers(0, lesson.task.tokens, size=(n, length))
    with torch.no_grad():
        said = module(torch.from_numpy(x)).argmax(-1).numpy()
    return float((said == lesson.truth(x)).mean())


def _set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = RATE * share


def _step(module: nn.Module, optimiser: torch.optim.Optimizer, x: np.ndarray, answers: np.ndarray) -> None:
    scores = module(torch.from_numpy(x))
    loss = F.cross_entropy(scores.flatten(0, 1), torch.from_numpy(answers).flatten())
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimiser.step()
