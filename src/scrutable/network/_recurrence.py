"""The state of a recurrent network, and its step function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._runner import Runner, as_array, in_chunks


class Stepper(ABC):
    """One step of a recurrent network, on tensors."""

    @property
    @abstractmethod
    def runner(self) -> Runner:
        """The network it belongs to."""

    @property
    @abstractmethod
    def parts(self) -> Mapping[str, slice]:
        """Named columns of the state, in order and without gaps."""

    @abstractmethod
    def initial(self, n: int) -> Tensor:
        """The state before the first step, `(n, d)`."""

    @abstractmethod
    def step(self, states: Tensor, x_t: np.ndarray) -> tuple[Tensor, Tensor]:
        """States `(n, d)` after an input `(n,)` or `(n, channels)`, and the raw outputs of this step."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A network as a step function on a state of `size` numbers. NumPy in, NumPy out.

    Arguments:
        size: numbers in the state, d.
        parts: which columns belong to which layer: "hidden", or "layer0.hidden", "layer0.cell", ...
    """

    size: int
    parts: Mapping[str, slice]
    stepper: Stepper

    @staticmethod
    def of(stepper: Stepper) -> Recurrence:
        """The recurrence that a stepper describes."""
        return Recurrence(max(part.stop for part in stepper.parts.values()), dict(stepper.parts), stepper)

    def initial(self, n: int) -> np.ndarray:
        """The state before the first step, `(n, d)`."""
        with torch.no_grad():
            return as_array(self.stepper.initial(n)).copy()

    def step(self, states: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States after one input, and what the network says then.

        Arguments:
            states: `(n, d)`. x_t: `(n,)`, or `(n, channels)`.

        Returns:
            States `(n, d)`, decoded outputs `(n, ...)` and raw outputs `(n, ...)`. A network with one answer for each
            sequence gives the answer it would give if the sequence ended here.

        Raises:
            UserError: wrong shapes, or raw outputs that are not finite.
        """
        after, raw = self.walk(np.asarray(x_t)[:, None], states)
        return after[:, 0], self.decode(raw)[:, 0], raw[:, 0]

    def run(self, x: np.ndarray, states: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """States after every step, `(n, L, d)`, and decoded outputs after every step, `(n, L, ...)`.

        Arguments:
            x: `(n, L)` or `(n, L, channels)`, any L of at least 1.
            states: `(n, d)` to go on from; None starts afresh.

        Cost: L calls of the network on one step each, on chunks of rows that fit into memory.
        """
        after, raw = self.walk(x, states)
        return after, self.decode(raw)

    def walk(self, x: np.ndarray, states: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """States and raw outputs after every step, each `(n, L, ...)`. See `run`."""
        x = self.checked(x)
        start = None if states is None else self.checked_states(states, len(x))
        n, empty = len(x), len(x) == 0
        if empty:
            x, start = np.zeros((1, *x.shape[1:]), dtype=x.dtype), None
        parts = in_chunks(
            len(x), self.rows(x), lambda rows: self._walk(x[rows], None if start is None else start[rows])
        )
        after, raw = (np.concatenate([part[i] for part in parts])[: 0 if empty else n] for i in (0, 1))
        return after, raw

    def rows(self, x: np.ndarray) -> int:
        """How many rows to run at once."""
        return self.stepper.runner.rows(x)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw outputs of several steps, `(n, L, ...)`, decoded."""
        flat = raw.reshape(-1, *raw.shape[2:])
        outputs = self.stepper.runner.outputs
        single = outputs.with_length(None) if outputs.is_sequence else outputs
        decoded = single.decode(flat)
        return decoded.reshape(*raw.shape[:2], *decoded.shape[1:])

    def checked(self, x: np.ndarray) -> np.ndarray:
        """Inputs of any length, refused when their shape does not fit."""
        x = np.asarray(x)
        inputs = self.stepper.runner.inputs
        if x.ndim != len(inputs.shape) + 1 or x.shape[2:] != inputs.shape[1:] or x.shape[1] == 0:
            raise UserError(f"got inputs of shape {x.shape}, expected (n, L{_rest(inputs.shape)}) with L of at least 1")
        return x

    def checked_states(self, states: np.ndarray, n: int) -> np.ndarray:
        """States for n rows, refused when their shape does not fit."""
        states = np.asarray(states)
        if states.shape != (n, self.size):
            raise UserError(f"got states of shape {states.shape}, expected ({n}, {self.size})")
        return states

    def _walk(self, x: np.ndarray, states: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            state = self.stepper.initial(len(x))
            if states is not None:
                state = torch.from_numpy(np.array(states)).to(state)
            after, raw = [], []
            for t in range(x.shape[1]):
                state, y = self.stepper.step(state, x[:, t])
                after.append(state)
                raw.append(y)
            return as_array(torch.stack(after, 1)), as_array(torch.stack(raw, 1))


def _rest(shape: tuple[int, ...]) -> str:
    return "".join(f", {size}" for size in shape[1:])
