"""A network that is nearly right is bettered where it is wrong, and one that is right is left alone."""

from __future__ import annotations

import copy

import pytest
import torch

from scrutable.bench.recurrent import _polishing as polishing
from scrutable.bench.recurrent._cells import Cell, recurrent
from scrutable.bench.recurrent._networks import answering, cell_of, task_named
from scrutable.bench.recurrent._polishing import polished
from scrutable.bench.recurrent._spoiled import spoiled
from scrutable.bench.recurrent._store import FOLDER
from scrutable.bench.recurrent._tested import shares

NAME = "Parity_Last2"
TASK = task_named(NAME)


def right(cell: Cell) -> float:
    """The share of outputs right at T."""
    return shares(answering(recurrent(cell)), TASK, TASK.length, 4096, name="polishing")[0]


@pytest.fixture(autouse=True)
def few_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polishing, "TEST", 16_384)
    monkeypatch.setattr(polishing, "CHUNK", 8_192)


@pytest.fixture
def cell() -> Cell:
    return cell_of(NAME, "small", 0, FOLDER)


def test_a_right_network_is_left_alone(cell: Cell) -> None:
    same, steps = polished(cell, TASK, seed=0, seconds=5.0)
    assert same is cell and steps == 0


@pytest.mark.slow
def test_a_spoiled_network_is_mended_and_the_old_one_is_not_touched(cell: Cell) -> None:
    noisy, _, before = spoiled(recurrent(cell), TASK, seed=1)
    cell.load_state_dict(
        {name.removeprefix("cell."): value for name, value in noisy.state_dict().items() if "." in name}
    )
    weights = copy.deepcopy(cell.state_dict())
    assert 0.95 < before < 0.999
    better, steps = polished(cell, TASK, seed=0, seconds=15.0)
    assert steps > 0 and right(better) > max(0.999, before)
    assert all(torch.equal(value, weights[name]) for name, value in cell.state_dict().items())
