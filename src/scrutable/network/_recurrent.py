"""Hand-written recurrent networks: a cell and the state it starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import UserError

Cell = Callable[[Any, Any], tuple[Any, Any]]


@final
class Recurrent(nn.Module):
    """`cell(state, x_t) -> (state, y_t)`, run over sequences `(n, length, ...)` from one initial state.

    Arguments:
        cell: an `nn.Module` (its weights are then this module's weights), or a function. `state` is `(n, d)`; `x_t` is
            a float tensor `(n, channels)` for numbers, a long tensor `(n,)` for tokens; `y_t` is `(n, k)` or `(n,)`.
        initial_state: `(d,)`: a tensor, an `nn.Parameter` (then one of the weights), or a list of numbers. With a
            function and a NumPy array, the function is given NumPy arrays instead of tensors.

    Raises:
        UserError: the cell cannot be called, or the state is not a finite vector.
    """

    def __init__(self, cell: nn.Module | Cell, initial_state: Tensor | np.ndarray | list[float]) -> None:
        super().__init__()
        if not callable(cell):
            raise UserError(f"got a cell of type {type(cell).__name__}, expected a module or function")
        self.arrays = isinstance(initial_state, np.ndarray) and not isinstance(cell, nn.Module)
        state = _vector(initial_state)
        self.cell = cell
        if isinstance(state, nn.Parameter):
            self.initial_state = state
        else:
            self.register_buffer("initial_state", state)

    def initial(self, n: int) -> Tensor:
        """The state before the first step, for n rows."""
        return self.initial_state.expand(n, -1)

    def step(self, state: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
        """One step: the state after it, `(n, d)`, and the output, `(n, k)` or `(n,)`.

        Raises:
            UserError: the cell does not return a pair, or its state has another shape.
        """
        if self.arrays:
            result = self.cell(state.numpy(), x_t.numpy())
        else:
            result = self.cell(state, x_t)
        if not isinstance(result, tuple) or len(result) != 2:
            raise UserError(f"got {type(result).__name__} from the cell, expected the pair (state, y_t)")
        after, y = (torch.as_tensor(np.asarray(part)) if self.arrays else part for part in result)
        if not isinstance(after, Tensor) or tuple(after.shape) != tuple(state.shape):
            got = tuple(after.shape) if isinstance(after, Tensor) else type(after).__name__
            raise UserError(f"got a state {got} from the cell, expected {tuple(state.shape)}")
        if not isinstance(y, Tensor) or y.shape[:1] != state.shape[:1]:
            raise UserError(f"got y_t of type {type(y).__name__}, expected a tensor with {state.shape[0]} rows")
        return after.to(state.dtype), y

    def forward(self, x: Tensor) -> Tensor:
        """Outputs after every step, `(n, length, k)` or `(n, length)`, for `x` of shape `(n, length, ...)`."""
        state, outputs = self.initial(x.shape[0]), []
        for t in range(x.shape[1]):
            state, y = self.step(state, x[:, t])
            outputs.append(y)
        return torch.stack(outputs, dim=1)


def _vector(state: Any) -> Tensor:
    try:
        vector = state if isinstance(state, Tensor) else torch.as_tensor(np.asarray(state))
    except (TypeError, ValueError) as error:
        raise UserError(f"got an initial state of type {type(state).__name__}, expected a vector (d,)") from error
    if not isinstance(state, (Tensor, np.ndarray)) or not vector.is_floating_point():
        vector = vector.to(torch.get_default_dtype())
    if vector.ndim != 1 or len(vector) == 0 or not bool(torch.isfinite(vector).all()):
        raise UserError(f"got an initial state of shape {tuple(vector.shape)}, expected a finite vector (d,)")
    return vector
