"""The recurrent networks of the benchmark by task and size: trained and kept, or read and made ready for study."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from scrutable.bench.recurrent._cells import Cell, Shape, recurrent
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._polishing import polished
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._shapes import shape_of
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
from scrutable.bench.recurrent._tasks import RECURRENT
from scrutable.bench.recurrent._tested import LARGE, Answer, accuracy, shares
from scrutable.bench.recurrent._training import Recipe, Taught, taught
from scrutable.errors import UserError
from scrutable.network import Integers, Network, Recurrent

FIRST = 65_536
"""Sequences on which half precision must give as many right answers, at T and at 2T: large numbers end near a half."""


def task_named(name: str) -> SequenceTask:
    """One of the benchmark's tasks, those outside included.

    Raises:
        UserError: no such task.
    """
    for task in (*RECURRENT, *OUTSIDE):
        if task.name == name:
            return task
    raise UserError(f"got the task {name[:40]!r}, expected one such as {RECURRENT[0].name!r} or {OUTSIDE[0].name!r}")


def network_of(task: str, size: str = "small", *, seed: int = 0, folder: Path = FOLDER) -> Network:
    """A trained network as it is given to `explain`. Its name says nothing of the task.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    return network_around(module_of(task, size, seed=seed, folder=folder), task_named(task))


def network_around(module: Recurrent, about: SequenceTask) -> Network:
    """A module of a task as it is given to `explain`: with its domains, and without its name."""
    channels, outputs = (None if n == 1 else n for n in (about.channels, about.outputs))
    return Network(
        module,
        inputs=Integers(about.low, about.high, length=about.length, channels=channels),
        outputs=Integers(length=about.length, channels=outputs),
    )


def module_of(task: str, size: str = "small", *, seed: int = 0, folder: Path = FOLDER) -> Recurrent:
    """A trained network as a module: `(n, L)` or `(n, L, channels)` raw numbers to `(n, L, outputs)`.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    return recurrent(cell_of(task, size, seed, folder))


def cell_of(task: str, size: str, seed: int, folder: Path) -> Cell:
    """A trained cell, on raw numbers."""
    about, path = task_named(task), folder / file_name(task, size, seed)
    facts = facts_of(path, task)
    cell = Cell(Shape(**facts.form), about.channels, about.outputs)
    read_into(cell, path)
    return cell


def train(
    name: str, size: str, *, seed: int = 0, seconds: float = 180.0, folder: Path = FOLDER, recipe: Recipe | None = None
) -> NetworkFacts:
    """Train a network, test it, and keep it, unless one as good is there already. The facts of the one that is kept.

    When one is there, training goes on with the attempts after those that were made at it.

    Arguments:
        seconds: of processor time, for training; testing takes a few more.
    """
    task, shape = task_named(name), shape_of(name, size)
    first = attempts_at(name, size, seed, folder)
    made = taught(task, shape, recipe or Recipe(), seed=seed, seconds=seconds, first=first)
    return _kept(task, made, size=size, seed=seed, folder=folder)


def polish(name: str, size: str, *, seed: int = 0, seconds: float = 180.0, folder: Path = FOLDER) -> NetworkFacts:
    """Train a network that is there further, on what it is wrong about. The facts of the one that is kept.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    task, began = task_named(name), time.process_time()
    before, cell = facts_of(folder / file_name(name, size, seed), name), cell_of(name, size, seed, folder)
    best, steps = polished(cell, task, seed=seed, seconds=seconds, first=before.steps)
    bits, compact = (before.bits, cell) if best is cell else _compact(task, best)
    found = {
        "longest": before.longest if best is cell else max(before.longest, 2 * task.length),
        "bits": bits,
        **accuracy(answering(recurrent(compact)), task, LARGE),
    }
    return keep_further(compact, before, found, steps=steps, began=began, folder=folder)


def _kept(task: SequenceTask, made: Taught, *, size: str, seed: int, folder: Path) -> NetworkFacts:
    bits, cell = _compact(task, made.cell)
    facts = NetworkFacts(
        task=task.name,
        size=size,
        seed=seed,
        start=made.seed,
        longest=made.longest,
        form=asdict(_shape(cell)),
        **accuracy(answering(recurrent(cell)), task),
        attempts=made.attempts,
        steps=made.steps,
        seconds=made.seconds,
        bits=bits,
    )
    return keep_better(cell, facts, folder)


def answering(module: nn.Module) -> Answer:
    """A module as a function: inputs to rounded outputs `(n, L)`, or `(n, L, outputs)` where there are several."""

    def answer(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            raw = module(torch.tensor(x.reshape(*x.shape[:2], -1), dtype=torch.float32))
        rounded = np.rint(raw.double().numpy())
        return rounded[..., 0] if rounded.shape[2] == 1 else rounded

    return answer


def _compact(task: SequenceTask, cell: Cell) -> tuple[int, Cell]:
    """Half precision where it costs nothing: the bits of a weight, and the cell as it will be read."""
    rough = Cell(_shape(cell), task.channels, task.outputs)
    rough.load_state_dict({name: value.half().float() for name, value in cell.state_dict().items()})
    for length in (task.length, 2 * task.length):
        fine, coarse = (
            shares(answering(recurrent(each)), task, length, FIRST, name="compact") for each in (cell, rough)
        )
        if coarse < fine:
            return 32, cell
    return 16, rough


def _shape(cell: Cell) -> Shape:
    """The shape of a cell, from its layers."""
    f, g = ([layer for layer in part if isinstance(layer, nn.Linear)] for part in (cell.f, cell.g))
    width = 0 if len(f) == 1 and len(g) == 1 else (f if len(f) > 1 else g)[0].out_features
    return Shape(f[-1].out_features, width, len(f), len(g))
