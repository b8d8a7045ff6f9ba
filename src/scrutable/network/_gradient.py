"""Gradients of a network's raw outputs with respect to its inputs, by automatic differentiation."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._layout import Layout, first_tensor
from scrutable.network._runner import Runner, in_chunks, out_of_memory


def input_gradient(runner: Runner, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The gradient of `sum(direction * raw(x))` for each row: `(n, *inputs.shape)` float64.

    Arguments:
        direction: weights of the raw outputs, `(n, *raw shape)`.

    Raises:
        UserError: the network reads labels, is no function of torch tensors, or gives no gradient.
    """
    if runner.layout.kind != "float" or runner.layout.form == "one-hot" or runner.module is None:
        raise UserError(
            f"got {runner.inputs.spec} inputs without a gradient, expected a module that reads real numbers"
        )
    if len(x) == 0:
        return np.zeros(x.shape)
    chunks = in_chunks(len(x), runner.rows(x), lambda rows: _chunk(runner, x[rows], direction[rows]))
    return np.concatenate(chunks)


def _chunk(runner: Runner, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    given = runner.tensor(x).clone().requires_grad_(True)
    try:
        with torch.enable_grad():
            raw = runner.arranged(first_tensor(runner.call(given)), x)
            weights = torch.from_numpy(np.ascontiguousarray(direction)).to(raw)
            total = (raw * weights.reshape(raw.shape)).sum()
            (found,) = torch.autograd.grad(total, given, allow_unused=True)
    except Exception as error:
        if isinstance(error, UserError) or out_of_memory(error):
            raise
        raise UserError(f"got no gradient from the network ({type(error).__name__}: {str(error)[:100]})") from error
    return np.zeros(x.shape) if found is None else _as_data(found, runner.layout, x.shape)


def _as_data(gradient: Tensor, layout: Layout, shape: tuple[int, ...]) -> np.ndarray:
    """A gradient in the layout of the data."""
    if layout.time_major:
        gradient = gradient.transpose(0, 1)
    return gradient.detach().cpu().to(torch.float64).reshape(shape).numpy()
