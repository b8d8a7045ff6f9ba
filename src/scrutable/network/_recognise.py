"""Finds out whether a network is recurrent, and checks its step function against its own forward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from scrutable.errors import UserError
from scrutable.network._recurrence import Recurrence
from scrutable.network._recurrent import Recurrent
from scrutable.network._runner import Runner, out_of_memory
from scrutable.network._steppers import CellStepper, HookedStepper, recurrent_layers

CLOSE = 1e-4


@dataclass(frozen=True, slots=True)
class Recognised:
    """A recurrence, or the reason why there is none."""

    recurrence: Recurrence | None
    reason: str


def recognise(runner: Runner, x: np.ndarray) -> Recognised:
    """The recurrence of a network, verified on `x` (at least two rows of inputs), or why it has none."""
    reason = _no_candidate(runner)
    if reason:
        return Recognised(None, reason)
    try:
        recurrence = stepping(runner, x)
        reason = _mismatch(recurrence, runner, x)
    except UserError as error:
        reason = str(error)
    except Exception as error:  # the layers are the user's, and may do anything with a state
        if out_of_memory(error):
            raise
        reason = f"stepping it fails ({type(error).__name__}: {str(error)[:120]})"
    return Recognised(None, reason) if reason else Recognised(recurrence, "")


def stepping(runner: Runner, x: np.ndarray) -> Recurrence:
    """The step function of a recurrent network, not verified.

    Raises:
        UserError: it cannot be stepped.
    """
    stepper = CellStepper(runner) if isinstance(runner.call, Recurrent) else HookedStepper.of(runner, x)
    return Recurrence.of(stepper)


def _no_candidate(runner: Runner) -> str:
    if not runner.inputs.is_sequence:
        return "its inputs are not sequences"
    if runner.outputs.is_sequence and not runner.each_step:
        return f"it gives {runner.outputs.shape[0]} outputs for {runner.inputs.shape[0]} inputs, not one for each"
    if isinstance(runner.call, Recurrent):
        return ""
    if runner.module is None:
        return "it is a plain function, whose insides cannot be seen; try Recurrent(cell, initial_state)"
    layers = recurrent_layers(runner.module)
    if not layers:
        return "it has no recurrent layer (nn.RNN, nn.GRU, nn.LSTM or their cells); try Recurrent(cell, initial_state)"
    both = [name for name, layer in layers.items() if getattr(layer, "bidirectional", False)]
    if both:
        return f"{', '.join(both)} is bidirectional: it reads the sequence from both ends, so no state sums up the past"
    return ""


def _mismatch(recurrence: Recurrence, runner: Runner, x: np.ndarray) -> str:
    """Where stepping and the network's own forward differ, on sequences of two lengths or more; "" if nowhere."""
    length = min(x.shape[1], 32)
    lengths = sorted({x.shape[1] if runner.each_step else length, max(1, length // 2), 1 if length > 1 else 2})
    for steps in lengths:
        part = x[:, :steps] if steps <= x.shape[1] else np.repeat(x, steps, axis=1)
        _, raw = recurrence.walk(part)
        decoded, own = recurrence.decode(raw), runner.raw(part)
        if not runner.each_step:
            decoded, raw = decoded[:, -1], raw[:, -1]
        wrong = ~np.isclose(raw, own, rtol=CLOSE, atol=CLOSE * float(np.abs(own).max(initial=1.0)))
        if wrong.any() or not np.array_equal(decoded, runner.outputs.decode(own)):
            gap = float(np.abs(raw - own).max())
            return (
                f"stepping one input at a time does not give the network's outputs on sequences of length {steps} "
                f"(they differ by up to {gap:.2g}): something besides its recurrent layers mixes steps, such as "
                "attention or pooling over time, or its state is changed between steps"
            )
    return ""


def describe(recurrence: Recurrence | None, reason: str, module: nn.Module | None) -> str:
    """The recurrence in one sentence, for the facts of a network."""
    if recurrence is None:
        return f"none: {reason}"
    kind = "hand-written cell" if isinstance(module, Recurrent) else "recurrent layers, stepped through their forward"
    parts = ", ".join(f"{name} [{part.start}:{part.stop}]" for name, part in recurrence.parts.items())
    return f"a state of {recurrence.size} numbers ({parts}); {kind}"
