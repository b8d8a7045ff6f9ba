"""Classifiers: readers trained to tell words of a language from others, kept, and made ready for study."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from scrutable.bench.recurrent._languages import LANGUAGES, Language
from scrutable.bench.recurrent._longer import LONGEST, lengthened
from scrutable.bench.recurrent._readers import HIDDEN, Reader, answering
from scrutable.bench.recurrent._store import (
    FOLDER,
    NetworkFacts,
    attempts_at,
    facts_of,
    file_name,
    keep_better,
    keep_further,
    read_into,
)
from scrutable.bench.recurrent._tested import LARGE, accuracy, shares
from scrutable.errors import UserError
from scrutable.network import Category, Network, Tokens
from scrutable.work import generator

STEPS = (1500, 2500, 4000)
"""Of the attempts in turn; the last number is that of all further ones."""
RATE = 1e-2
BATCH, LOOK, CHECK = 128, 2048, 250


@dataclass(frozen=True, slots=True)
class Attempt:
    """A trained reader, its seed, the shares of answers right at T and at 2T, and the steps it took."""

    reader: Reader
    seed: int
    right: float
    beyond: float
    steps: int

    @property
    def exact(self) -> bool:
        """Nothing was wrong."""
        return self.right == 1.0 and self.beyond == 1.0


def language_named(name: str) -> Language:
    """One of the languages.

    Raises:
        UserError: no such language.
    """
    for language in LANGUAGES:
        if language.name == name:
            return language
    raise UserError(f"got the language {name[:40]!r}, expected one of {', '.join(each.name for each in LANGUAGES)}")


def reader_of(name: str, kind: str = "gru", *, seed: int = 0, folder: Path = FOLDER) -> Network:
    """A trained classifier as it is given to `explain`. Its name says nothing of the language.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    language, reader = language_named(name), _kept(name, kind, seed, folder)
    inputs, outputs = (
        made(count, length=language.length)
        for made, count in ((Tokens, language.letters), (Category, language.answers))
    )
    return Network(reader, inputs=inputs, outputs=outputs)


def _kept(name: str, kind: str, seed: int, folder: Path) -> Reader:
    path = folder / file_name(name, kind, seed)
    reader = Reader(kind, language_named(name), facts_of(path, name).form["hidden"])
    read_into(reader, path)
    return reader


def train(name: str, kind: str, *, seed: int = 0, seconds: float = 180.0, folder: Path = FOLDER) -> NetworkFacts:
    """Train a classifier, test it, and keep it, unless one as good is there. The facts of the one that is kept.

    When one is there, training goes on with the attempts after those that were made at it.

    Arguments:
        seconds: of processor time for training.
    """
    language, began, best, steps = language_named(name), time.process_time(), None, 0
    first = number = attempts_at(name, kind, seed, folder)
    while best is None or (not best.exact and time.process_time() < began + seconds):
        made = _attempt(language, kind, 1000 * seed + number, end=began + seconds)
        if best is None or (made.right, made.beyond) > (best.right, best.beyond):
            best = made
        number, steps = number + 1, steps + made.steps
    facts = NetworkFacts(
        task=name,
        size=kind,
        seed=seed,
        start=best.seed,
        longest=language.length,
        form={"hidden": HIDDEN},
        **accuracy(answering(best.reader), language),
        attempts=number - first,
        steps=steps,
        seconds=round(time.process_time() - began, 1),
        bits=32,
    )
    return keep_better(best.reader, facts, folder)


def polish(name: str, kind: str, *, seed: int = 0, seconds: float = 180.0, folder: Path = FOLDER) -> NetworkFacts:
    """Train a classifier that is there further, on longer words, until nothing is wrong there. Its facts then.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    language, began = language_named(name), time.process_time()
    before, reader = facts_of(folder / file_name(name, kind, seed), name), _kept(name, kind, seed, folder)
    best, steps = lengthened(reader, language, seed=seed, seconds=seconds, first=before.steps)
    answer = answering(best)
    found = {
        "longest": before.longest if best is reader else LONGEST * language.length,
        "far": shares(answer, language, LONGEST * language.length, LARGE)[0],
        **accuracy(answer, language, LARGE),
    }
    return keep_further(best, before, found, steps=steps, began=began, folder=folder)


def _attempt(language: Language, kind: str, seed: int, *, end: float) -> Attempt:
    """One attempt, cut short at `end` in processor time, or as soon as nothing is wrong and the loss is small."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(kind, language)
    rng, done = generator(seed, "bench", "words"), 0
    steps = STEPS[min(seed % 1000, len(STEPS) - 1)]
    optimiser = torch.optim.AdamW(reader.parameters(), lr=RATE, weight_decay=1e-3, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    for step in range(steps):
        x = language.sample(BATCH, language.length, rng)
        loss = F.cross_entropy(reader(torch.tensor(x)).flatten(0, 1), torch.tensor(language.rule(x)).flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        done += 1
        learnt = step % CHECK == CHECK - 1 and float(loss.detach()) < 2e-3 and _scores(reader, language) == (1.0, 1.0)
        if learnt or time.process_time() > end:
            break
    return Attempt(reader.eval(), seed, *_scores(reader, language), done)


def _scores(reader: Reader, language: Language) -> tuple[float, float]:
    at, beyond = (
        shares(answering(reader), language, k, LOOK, name="look")[0] for k in (language.length, 2 * language.length)
    )
    return at, beyond
