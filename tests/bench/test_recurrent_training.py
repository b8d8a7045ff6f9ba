"""Recurrent networks of the benchmark: their form, the same weights every time, compact files, loading."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from scrutable.bench.recurrent import _classifiers as classifiers
from scrutable.bench.recurrent import _networks as networks
from scrutable.bench.recurrent._cells import Cell, Shape, fold, recurrent, remember
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._readers import LAYERS
from scrutable.bench.recurrent._shapes import KINDS, SHAPES, SIZES, shape_of
from scrutable.bench.recurrent._store import FOLDER, INDEX, facts_in, kept, write_index
from scrutable.bench.recurrent._tasks import RECURRENT
from scrutable.bench.recurrent._tested import TESTED
from scrutable.bench.recurrent._training import Lesson, Recipe, taught
from scrutable.bench.recurrent._unrolled import unrolled
from scrutable.errors import UserError

FORMS = [Shape(5, 0, 1, 1), Shape(5, 9, 1, 2), Shape(5, 12, 2, 1), Shape(5, 9, 2, 3), Shape(4, 9, 3, 2)]
QUICK = Recipe(steps=(600,), cycles=1)


def cell_of(shape: Shape, *, channels: int = 2, outputs: int = 3) -> Cell:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Cell(shape, channels, outputs).double()


@pytest.mark.parametrize("shape", FORMS, ids=str)
def test_unrolling_gives_what_the_cell_gives_and_its_gradients(shape: Shape) -> None:
    cell, x = cell_of(shape), torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    step_by_step = recurrent(cell).double()(x.transpose(0, 1)).transpose(0, 1)
    at_once = unrolled(cell, x)
    torch.testing.assert_close(at_once, step_by_step)
    for a, b in zip(
        *(torch.autograd.grad(y.square().sum(), list(cell.parameters())) for y in (at_once, step_by_step)), strict=True
    ):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("shape", FORMS, ids=str)
def test_folding_moves_scales_into_the_weights(shape: Shape) -> None:
    cell, x = cell_of(shape), torch.arange(24, dtype=torch.float64).reshape(3, 4, 2)
    expected = 7 * unrolled(cell, x / 5)
    fold(cell, inwards=5, outwards=7)
    torch.testing.assert_close(unrolled(cell, x), expected)


@pytest.mark.parametrize("shape", [Shape(5, 0, 1, 1), Shape(5, 16, 2, 1)], ids=str)
def test_memory_keeps_the_state(shape: Shape) -> None:
    cell = Cell(shape, 1, 1)
    remember(cell, torch.Generator().manual_seed(1), turn=0.0)
    with torch.no_grad():
        for layer in (cell.f[0], cell.f[-1]):
            layer.bias.zero_()  # type: ignore[operator]
        if shape.f_depth == 2:
            cell.f[-1].weight[:, 10:] = 0  # type: ignore[index]
        state = torch.randn(3, 5)
        torch.testing.assert_close(cell(state, torch.zeros(3, 1))[0], state, atol=1e-5, rtol=1e-5)


def test_the_same_seed_gives_the_same_weights_and_leaves_torch_alone() -> None:
    task, before = networks.task_named("Bitwise_Xor"), torch.random.get_rng_state()
    lessons = [Lesson(task, QUICK, seed=3, longest=10, end=math.inf) for _ in range(2)]
    cells = [lesson.start(Shape(4, 12), attempt=0) for lesson in lessons]
    scores = [lesson.run(cell, steps=150) for lesson, cell in zip(lessons, cells, strict=True)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert scores[0] == scores[1]
    first, again = (list(cell.state_dict().values()) for cell in cells)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_time_that_is_up_still_gives_a_network() -> None:
    made = taught(networks.task_named("Add_Mod_7"), Shape(4, 12), QUICK, seed=0, seconds=0.0)
    assert made.attempts == 1
    assert made.right < 1.0


def test_a_network_is_trained_kept_and_loaded(tmp_path: Path) -> None:
    name = "Bitwise_And"
    facts = networks.train(name, "small", seconds=20, folder=tmp_path, recipe=QUICK)
    assert (facts.right, facts.beyond, facts.imperfect) == (1.0, 1.0, False)
    assert facts.tested == TESTED
    network = networks.network_of(name, "small", folder=tmp_path)
    x = network.inputs.sample(500, np.random.default_rng(0))
    np.testing.assert_array_equal(network.predict(x), networks.task_named(name).rule(x))
    assert network.recurrence is not None
    write_index(tmp_path)
    (row,) = json.loads((tmp_path / INDEX).read_text())
    assert (row["file"], row["task"], row["right"]) == (facts.file, name, 1.0)


def test_the_better_network_stays_and_work_is_added_up(tmp_path: Path) -> None:
    name, hasty = "Bitwise_And", Recipe(steps=(1,), cycles=1)
    first = networks.train(name, "small", seconds=0, folder=tmp_path, recipe=hasty)
    assert first.imperfect
    second = networks.train(name, "small", seconds=20, folder=tmp_path, recipe=QUICK)
    assert (second.right, second.start) == (1.0, first.attempts)
    third = networks.train(name, "small", seconds=0, folder=tmp_path, recipe=hasty)
    assert (third.right, third.start, third.attempts) == (1.0, second.start, second.attempts + 1)
    x = networks.task_named(name).sample(100, 10, np.random.default_rng(0))
    network = networks.network_of(name, "small", folder=tmp_path)
    np.testing.assert_array_equal(network.predict(x), networks.task_named(name).rule(x))


def test_missing_and_damaged_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="got the task 'Sums'"):
        networks.network_of("Sums")
    with pytest.raises(UserError, match=r"got no trained network .*; try python bench/train_recurrent.py Sum_All"):
        networks.network_of("Sum_All", folder=tmp_path)
    (tmp_path / "Sum_All.small.0.safetensors").write_bytes(b"nothing")
    assert facts_in(tmp_path / "Sum_All.small.0.safetensors") is None
    assert kept(tmp_path) == ()
    with pytest.raises(UserError, match="got no trained network"):
        classifiers.reader_of("language/tomita1", folder=tmp_path)


def test_a_classifier_is_trained_kept_and_loaded(tmp_path: Path) -> None:
    facts = classifiers.train("language/tomita1", "gru", seconds=30, folder=tmp_path)
    assert facts.right == 1.0
    network = classifiers.reader_of("language/tomita1", "gru", folder=tmp_path)
    language = classifiers.language_named("language/tomita1")
    x = language.sample(300, language.length, np.random.default_rng(0))
    np.testing.assert_array_equal(network.predict(x), language.rule(x))
    assert network.recurrence is not None


def test_every_task_has_two_shapes() -> None:
    assert {kind for _, kind in KINDS} <= set(SHAPES)
    for task in (*RECURRENT, *OUTSIDE):
        small, generous = (shape_of(task.name, size) for size in SIZES)
        assert small.hidden < generous.hidden
        assert 1 <= small.f_depth <= 3


@pytest.mark.parametrize("facts", kept(), ids=lambda facts: facts.file)
def test_what_is_kept_is_as_right_as_it_says(facts: networks.NetworkFacts) -> None:
    """On a few fresh sequences; the facts were measured on many."""
    if facts.size in LAYERS:
        language = classifiers.language_named(facts.task)
        network = classifiers.reader_of(facts.task, facts.size, seed=facts.seed)
        x = language.sample(500, language.length, np.random.default_rng(0))
        right = float((network.predict(x) == language.rule(x)).mean())
    else:
        task = networks.task_named(facts.task)
        network = networks.network_of(facts.task, facts.size, seed=facts.seed)
        x = task.sample(500, task.length, np.random.default_rng(0))
        right = float((network.predict(x) == task.rule(x)).mean())
    assert network.name == "network"
    assert right == 1.0 if not facts.imperfect else abs(right - facts.right) < 0.03


def test_the_index_says_what_the_files_say() -> None:
    rows = json.loads((FOLDER / INDEX).read_text())
    assert {row["file"]: row["right"] for row in rows} == {facts.file: facts.right for facts in kept()}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6 * 2**20
