"""Further training of a classifier of words, until it keeps to its language on words longer than it was trained on.

What tells the states of a classifier apart may fade with every letter, and short words do not show it. Training goes on
from the weights there are, on words of mixed lengths, half of them the hardest of many fresh ones (as in `_polishing`),
and now and then the state gets noise in the middle of a word, so that states draw in what lies near them (Jim, Giles
and Horne, "An analysis of noise in recurrent neural networks", IEEE Transactions on Neural Networks, 1996). Each round
starts from the best weights so far; one that does not better them is forgotten.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.bench.recurrent._languages import Language
from scrutable.bench.recurrent._readers import Reader, answering
from scrutable.bench.recurrent._tested import shares
from scrutable.work import generator

LONGEST = 5
"""Words get as long as this many times T; while words of 2T are read wrongly, every other round ends there."""
TURNS = ((3e-3, 0.1), (1e-3, 0.3), (3e-4, 0.0))
"""Rate and noise of the rounds in turn. Rates fall by half a cosine; noise is Gaussian, beside states from -1 to 1."""
EVERY = 8
"""Noise comes after at most so many letters."""
STEPS, MINED, BATCH = 400, 50, 128
"""Steps of a round (as many more after every three rounds), and after how many of them the hardest words are looked
for again."""
LOOK, HARD = 8_192, 512
"""Words looked at, and so many of the hardest of them."""
TEST = 131_072

Score = tuple[float, float, float]
PERFECT: Score = (1.0, 1.0, 1.0)


def lengthened(reader: Reader, language: Language, *, seed: int, seconds: float, first: int = 0) -> tuple[Reader, int]:
    """The bettered reader, or the same, and the steps taken.

    Arguments:
        seconds: of processor time. first: settles what is drawn: another number for a reader that was here before.
    """
    end, steps, best, score = time.process_time() + seconds, 0, reader, reading(reader, language)
    for number in count():
        if time.process_time() > end or score == PERFECT:
            break
        tried, (rate, noise) = copy.deepcopy(best).train(), TURNS[number % len(TURNS)]
        times = 2 if score[1] < 1 and number % 2 else LONGEST
        lesson = _Lesson(language, times, noise, generator(seed, "bench", "longer", first, number))
        steps += lesson.run(tried, rate, STEPS * (1 + number // len(TURNS)), end)
        reached = reading(tried.eval(), language)
        if reached > score:
            best, score = tried, reached
    return best, steps


def reading(reader: Reader, language: Language) -> Score:
    """The shares of answers right on words of T, 2T and `LONGEST` T letters, drawn apart from the benchmark's test.

    Cost: some ten seconds.
    """
    answer = answering(reader)
    at, beyond, far = (
        shares(answer, language, times * language.length, TEST, name="longer")[0] for times in (1, 2, LONGEST)
    )
    return at, beyond, far


@dataclass(frozen=True, slots=True)
class _Lesson:
    """One round."""

    language: Language
    times: int
    noise: float
    rng: np.random.Generator

    def run(self, reader: Reader, rate: float, steps: int, end: float) -> int:
        """Train a reader; how many steps were taken until `end` in processor time."""
        optimiser = torch.optim.AdamW(reader.parameters(), lr=rate, weight_decay=0.0, fused=True)
        for step, (x, y) in enumerate(self._batches(reader)):
            if step == steps or (step % 50 == 0 and time.process_time() > end):
                return step
            optimiser.param_groups[0]["lr"] = (
                rate * min(1.0, (step + 1) / 50) * (1 + math.cos(math.pi * step / steps)) / 2
            )
            loss = F.cross_entropy(self._logits(reader, x).flatten(0, 1), y.flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
        return steps

    def _batches(self, reader: Reader) -> Iterator[tuple[Tensor, Tensor]]:
        """Half of each batch is hard for the reader as it is now, half is fresh. Words of a length come together."""
        while True:
            length = int(self.rng.integers(self.language.length, self.times * self.language.length + 1))
            x = self.language.sample(LOOK, length, self.rng)
            words, right = torch.tensor(x), torch.tensor(self.language.rule(x))
            with torch.no_grad():
                surprise = F.cross_entropy(reader(words).transpose(1, 2), right, reduction="none").amax(dim=1)
            hardest = surprise.topk(HARD).indices.numpy()
            for _ in range(MINED):
                half = BATCH // 2
                chosen = torch.from_numpy(np.concatenate([self.rng.choice(hardest, half), self.rng.choice(LOOK, half)]))
                yield words[chosen], right[chosen]

    def _logits(self, reader: Reader, x: Tensor) -> Tensor:
        """Logits `(n, L, answers)` of a reader whose state gets noise every few letters."""
        dice = torch.Generator().manual_seed(int(self.rng.integers(2**31)))
        state, said = None, []
        for part in x.split(int(self.rng.integers(1, EVERY + 1)), dim=1):
            hidden, state = reader.layer(reader.letters(part), state)
            said.append(hidden)
            state = _noisy(state, self.noise, dice)
        return reader.readout(torch.cat(said, dim=1))


def _noisy(state: Any, noise: float, dice: torch.Generator) -> Any:
    """Of a layer: one tensor, or a pair of them."""
    if isinstance(state, tuple):
        return tuple(_noisy(each, noise, dice) for each in state)
    return state + noise * torch.randn(state.shape, generator=dice)
