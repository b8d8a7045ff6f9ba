"""Runs a module on rows of data: tensors in, raw outputs out, in chunks that fit into memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import ScrutableError, UserError
from scrutable.network._domain import Domain, shape_text
from scrutable.network._layout import Layout, first_tensor, fit
from scrutable.network._recurrent import Recurrent

T = TypeVar("T")
CHUNK_BYTES = 256 * 2**20
MOST_ROWS = 2**16


@dataclass(frozen=True, slots=True)
class Runner:
    """A callable, its domains, and how data are handed to it.

    Arguments:
        call: a private copy of the user's module in evaluation mode, or the user's function.
        dtype, device: of the module's weights.
    """

    call: Callable[..., Any]
    layout: Layout
    inputs: Domain
    outputs: Domain
    dtype: torch.dtype
    device: torch.device

    @property
    def module(self) -> nn.Module | None:
        """The module; None for a function."""
        return self.call if isinstance(self.call, nn.Module) else None

    @property
    def each_step(self) -> bool:
        """Whether there is one output for each step of the input."""
        return self.inputs.is_sequence and self.inputs.shape[:1] == self.outputs.shape[:1] and self.outputs.is_sequence

    def output_shape(self, x: np.ndarray) -> tuple[int, ...]:
        """The shape of one output item for inputs like `x`."""
        return (x.shape[1], *self.outputs.shape[1:]) if self.each_step else self.outputs.shape

    def tensor(self, x: np.ndarray) -> Any:
        """Rows as the argument of the module."""
        return self.layout.tensor(x, inputs=self.inputs, dtype=self.dtype, device=self.device)

    def forward(self, x: np.ndarray) -> Tensor:
        """Raw outputs for rows that fit into memory, `(n, *output_shape)` with scores last for labels. No gradients.

        Raises:
            UserError: the module fails on these rows, or its outputs do not fit the domain.
        """
        with torch.no_grad():
            try:
                raw = first_tensor(self.call(self.tensor(x)))
            except (ScrutableError, torch.OutOfMemoryError, MemoryError):
                raise
            except Exception as error:
                raise self.failure(x, error) from error
            return self.arranged(raw, x)

    def arranged(self, raw: Tensor, x: np.ndarray) -> Tensor:
        """What the module gave for rows `x`, as `forward` gives it.

        Raises:
            UserError: it does not fit the output domain.
        """
        if self.layout.time_major and self.each_step and raw.ndim >= 2:
            raw = raw.transpose(0, 1)
        return self.fitted(raw, x)

    def fitted(self, raw: Tensor, x: np.ndarray) -> Tensor:
        """What the module gave, rows in front, in the layout of the outputs.

        Raises:
            UserError: it does not fit the output domain.
        """
        if isinstance(self.call, Recurrent) and not self.outputs.is_sequence and raw.ndim >= 2:
            raw = raw[:, -1]
        return fit(raw, n=len(x), shape=self.output_shape(x), outputs=self.outputs)

    def failure(self, x: np.ndarray, error: Exception) -> Exception:
        """The user's error for a module that raised; memory errors stay what they are."""
        if out_of_memory(error):
            return error
        text = " ".join(str(error).split())[:160]
        return UserError(f"got {type(error).__name__} from the network on {shape_text(x.shape[1:])} inputs: {text}")

    def raw(self, x: np.ndarray) -> np.ndarray:
        """Raw outputs for any number of rows."""
        if len(x) == 0:
            return as_array(self.forward(np.zeros((1, *x.shape[1:]), dtype=x.dtype)))[:0]
        return np.concatenate(in_chunks(len(x), self.rows(x), lambda rows: as_array(self.forward(x[rows]))))

    def rows(self, x: np.ndarray) -> int:
        """How many rows of this shape to run at once, from the sizes of the layers."""
        widths = sum(p.shape[0] for p in self.module.parameters() if p.ndim) if self.module is not None else 64
        steps = x.shape[1] if self.inputs.is_sequence else int(np.prod(x.shape[2:])) if x.ndim > 2 else 1
        each = 8 * (int(np.prod(x.shape[1:])) + 2 * steps * widths) + 8
        return int(max(1, min(MOST_ROWS, CHUNK_BYTES // each)))


def as_array(t: Tensor) -> np.ndarray:
    """A tensor as an array; half precision widened to float32."""
    t = t.detach().cpu()
    return (t.float() if t.dtype in (torch.float16, torch.bfloat16) else t).numpy()


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the processor or an accelerator."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def in_chunks(n: int, rows: int, run: Callable[[slice], T]) -> list[T]:
    """`run` on successive slices of at most `rows` rows; when memory runs out the chunk is halved, with a warning."""
    results, start = [], 0
    while start < n:
        try:
            results.append(run(slice(start, min(n, start + rows))))
        except Exception as error:
            if rows <= 1 or not out_of_memory(error):
                raise
            rows = max(1, min(rows, n - start) // 2)
            warnings.warn(f"out of memory: going on with {rows} rows at a time", RuntimeWarning, stacklevel=2)
            continue
        start += rows
    return results
