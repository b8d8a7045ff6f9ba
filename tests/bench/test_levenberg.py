"""Levenberg-Marquardt steps: their matrix is that of plain gradients, and they better a cell that was spoiled."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from scrutable.bench.recurrent import _levenberg as levenberg
from scrutable.bench.recurrent._cells import Cell, Shape, recurrent
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._training import time_first


def running_sum(x: np.ndarray) -> np.ndarray:
    return np.cumsum(x, axis=1)


TASK = SequenceTask("running sum", 0, 9, "the sum so far", running_sum, length=6)


def drawn(n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x = TASK.sample(n, TASK.length, rng)
    return time_first(x), time_first(TASK.rule(x))


def test_the_normal_equations_are_those_of_gradients_taken_one_by_one() -> None:
    rng = np.random.default_rng(0)
    cell = Cell(Shape(3, 5, 2, 2), 1, 1)
    x, y = drawn(70, rng)
    matrix, slope = levenberg._normal(cell, levenberg._Sequences(x, y))
    errors = (recurrent(cell)(x.transpose(0, 1)) - y.transpose(0, 1)).flatten()
    rows = torch.stack(
        [
            parameters_to_vector(torch.autograd.grad(error, list(cell.parameters()), retain_graph=True))
            for error in errors
        ]
    )
    torch.testing.assert_close(matrix, (rows.T @ rows).double(), rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(slope, (rows.T @ errors).detach().double(), rtol=1e-3, atol=1e-2)


def test_a_cell_that_was_spoiled_a_little_is_made_right() -> None:
    cell = Cell(Shape(2, 0, 1, 1), 1, 1)
    right = torch.zeros_like(parameters_to_vector(cell.parameters()))
    vector_to_parameters(right, cell.parameters())
    with torch.no_grad():
        cell.f[0].weight[0] = torch.tensor([1.0, 0.0, 1.0])
        cell.g[0].weight[0, 0] = 1.0
        spoilt = parameters_to_vector(cell.parameters()) + 0.03 * torch.randn(right.shape)
        vector_to_parameters(spoilt, cell.parameters())
    rng = np.random.default_rng(0)
    held_out = levenberg._Sequences(*drawn(4096, np.random.default_rng(1)))
    before = float(held_out.errors(cell).abs().max())
    assert levenberg.levenberg_marquardt(cell, lambda n: drawn(n, rng), rng, end=time.process_time() + 30)
    after = float(held_out.errors(cell).abs().max())
    assert before > 0.5 and after < 0.01
