"""A classifier that leaves its language on long words is bettered there; one that keeps to it is left alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scrutable.bench.recurrent import _classifiers as classifiers
from scrutable.bench.recurrent import _longer as longer
from scrutable.bench.recurrent import _polishing as polishing
from scrutable.bench.recurrent._networks import task_named
from scrutable.bench.recurrent._readers import LAYERS, Reader
from scrutable.bench.recurrent._store import FOLDER, facts_of, file_name, keep

NAME = "language/tomita5"
LANGUAGE = classifiers.language_named(NAME)


def reader_of(kind: str) -> Reader:
    return classifiers._kept(NAME, kind, 0, FOLDER)


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longer, "TEST", 4096)
    monkeypatch.setattr(classifiers, "LARGE", 4096)


def test_a_right_reader_is_left_alone() -> None:
    reader = reader_of("rnn")
    same, steps = longer.lengthened(reader, LANGUAGE, seed=0, seconds=5.0)
    assert same is reader and steps == 0


@pytest.mark.parametrize("kind", LAYERS)
def test_a_state_without_noise_reads_as_the_reader_does(kind: str) -> None:
    reader, rng = reader_of(kind), np.random.default_rng(0)
    x = torch.tensor(LANGUAGE.sample(20, 30, rng))
    quiet, loud = (longer._Lesson(LANGUAGE, 2, noise, rng)._logits(reader, x) for noise in (0.0, 0.5))
    torch.testing.assert_close(quiet, reader(x), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(loud, quiet, atol=1e-2)


def test_a_spoiled_reader_is_mended_and_its_facts_follow(tmp_path: Path) -> None:
    reader = reader_of("rnn")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        for value in reader.parameters():
            value.add_(0.4 * value.square().mean().sqrt() * torch.randn(value.shape))
    before = longer.reading(reader, LANGUAGE)
    assert before[2] < 0.999
    weights = copy.deepcopy(reader.state_dict())
    spoiled = replace(facts_of(FOLDER / file_name(NAME, "rnn", 0), NAME), right=before[0], longest=12, far=None)
    keep(weights, spoiled, tmp_path)
    facts = classifiers.polish(NAME, "rnn", seconds=20.0, folder=tmp_path)
    assert (facts.right, facts.beyond, facts.far) == (1.0, 1.0, 1.0)
    assert facts.longest == longer.LONGEST * LANGUAGE.length and facts.steps > spoiled.steps
    assert facts == facts_of(tmp_path / facts.file, NAME)
    assert all(torch.equal(value, weights[name]) for name, value in reader.state_dict().items())


def test_narrower_ranges_hold_the_extremes() -> None:
    task = task_named("Sum_All")
    x = polishing._narrow(task, 4000, task.length, np.random.default_rng(0))
    assert x.shape == (4000, task.length) and x.min() == task.low and x.max() == task.high
    sums = x.sum(axis=1)
    assert sums.min() < 0.02 * task.high * task.length and sums.max() > 0.98 * task.high * task.length
