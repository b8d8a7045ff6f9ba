"""Step functions for the two kinds of recurrent network: hand-written cells, and modules built on PyTorch's layers.

For the latter the user's own forward is run on sequences of one step. A forward pre-hook puts the state into each
recurrent layer, a forward hook takes the state after the step, and whatever stands around the layers (embeddings,
heads) runs as it was written. Hooks exist only while a step runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._layout import fit
from scrutable.network._recurrence import Stepper
from scrutable.network._recurrent import Recurrent
from scrutable.network._runner import Runner


@final
@dataclass(frozen=True)
class CellStepper(Stepper):
    """Steps of a `Recurrent`."""

    network: Runner

    @property
    def runner(self) -> Runner:
        """See `Stepper.runner`."""
        return self.network

    @property
    def module(self) -> Recurrent:
        """The hand-written network."""
        assert isinstance(self.network.call, Recurrent)
        return self.network.call

    @property
    def parts(self) -> Mapping[str, slice]:
        """See `Stepper.parts`: the whole state is "hidden"."""
        return {"hidden": slice(0, len(self.module.initial_state))}

    def initial(self, n: int) -> Tensor:
        """See `Stepper.initial`."""
        return self.module.initial(n)

    def step(self, states: Tensor, x_t: np.ndarray) -> tuple[Tensor, Tensor]:
        """See `Stepper.step`."""
        runner = self.network
        try:
            after, y = self.module.step(states, runner.tensor(x_t[:, None])[:, 0])
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise runner.failure(x_t[:, None], error) from error
        single = runner.outputs.with_length(None) if runner.each_step else runner.outputs
        return after, fit(y, n=len(x_t), shape=single.shape, outputs=single)


@dataclass(frozen=True, slots=True)
class Part:
    """Columns of the state that belong to one layer of one recurrent module; `kind` is 0 for h, 1 for the LSTM's c."""

    module: str
    layer: int
    kind: int
    columns: slice


class Record:
    """The states that recurrent layers were given and left, by module name, during one forward call."""

    def __init__(self) -> None:
        self.given: dict[str, list[Any]] = {}
        self.left: dict[str, list[Any]] = {}


@contextmanager
def hooked(layers: Mapping[str, nn.Module], inject: Mapping[str, Any] | None) -> Iterator[Record]:
    """Record the states of recurrent layers while the body runs, and replace those they are given.

    Hooks are gone afterwards, also when the body raises.
    """
    record = Record()

    def before(name: str) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
            given = kwargs.get("hx", args[1] if len(args) > 1 else None)
            record.given.setdefault(name, []).append(given)
            if inject is None:
                return args, kwargs
            rest = {key: value for key, value in kwargs.items() if key != "hx"}
            return args[:1], {**rest, "hx": inject[name]}

        return hook

    def after(name: str, *, cell: bool) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            del args
            record.left.setdefault(name, []).append(output if cell else output[1])

        return hook

    with ExitStack() as stack:
        for name, layer in layers.items():
            pre = layer.register_forward_pre_hook(before(name), with_kwargs=True)
            stack.callback(pre.remove)
            post = layer.register_forward_hook(after(name, cell=isinstance(layer, nn.RNNCellBase)))
            stack.callback(post.remove)
        yield record


@final
@dataclass(frozen=True)
class HookedStepper(Stepper):
    """Steps of a module built on nn.RNN, nn.GRU, nn.LSTM or their cells. Make it with `HookedStepper.of`."""

    network: Runner
    layers: Mapping[str, nn.Module]
    layout: tuple[Part, ...]
    start: Tensor

    @staticmethod
    def of(runner: Runner, x: np.ndarray) -> HookedStepper:
        """The stepper of a network; `x` are at least two rows of inputs.

        Raises:
            UserError: it cannot be stepped; the text says why.
        """
        layers = recurrent_layers(runner.module)
        with hooked(layers, None) as record:
            try:
                runner.forward(x[:, :1])
            except UserError as error:
                raise UserError(f"its forward does not run on sequences of one step ({error})") from error
        for name, layer in layers.items():
            calls = len(record.left.get(name, []))
            if calls != 1:
                raise UserError(f"{name} ({type(layer).__name__}) is called {calls} times in each step, expected once")
        layout = tuple(_parts(layers))
        starts = _pack(layout, layers, {n: _given(n, layers[n], record, len(x)) for n in layers}, len(x))
        if not torch.equal(starts, starts[:1].expand_as(starts)):
            raise UserError("its initial state depends on the input")
        return HookedStepper(runner, layers, layout, starts[0].clone())

    @property
    def runner(self) -> Runner:
        """See `Stepper.runner`."""
        return self.network

    @property
    def parts(self) -> Mapping[str, slice]:
        """See `Stepper.parts`."""
        names = [_part_name(part, self.layers, self.layout) for part in self.layout]
        return dict(zip(names, (part.columns for part in self.layout), strict=True))

    def initial(self, n: int) -> Tensor:
        """See `Stepper.initial`."""
        return self.start.expand(n, -1)

    def step(self, states: Tensor, x_t: np.ndarray) -> tuple[Tensor, Tensor]:
        """See `Stepper.step`."""
        with hooked(self.layers, self._unpack(states)) as record:
            raw = self.network.forward(x_t[:, None])
        left = {name: record.left[name][0] for name in self.layers}
        return _pack(self.layout, self.layers, left, len(x_t)), raw[:, 0] if self.network.each_step else raw

    def _unpack(self, states: Tensor) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, layer in self.layers.items():
            kinds = []
            for kind in range(2 if _has_cell_state(layer) else 1):
                columns = [p.columns for p in self.layout if p.module == name and p.kind == kind]
                levels = [states[:, c] for c in columns]
                kinds.append(levels[0].contiguous() if isinstance(layer, nn.RNNCellBase) else torch.stack(levels))
            given[name] = tuple(kinds) if len(kinds) > 1 else kinds[0]
        return given


def recurrent_layers(module: nn.Module | None) -> dict[str, nn.Module]:
    """PyTorch's recurrent layers inside a module, by name."""
    if module is None:
        return {}
    named = {(name or "hidden"): m for name, m in module.named_modules()}
    return {name: m for name, m in named.items() if isinstance(m, (nn.RNNBase, nn.RNNCellBase))}


def _has_cell_state(layer: nn.Module) -> bool:
    return isinstance(layer, (nn.LSTM, nn.LSTMCell))


def _parts(layers: Mapping[str, nn.Module]) -> Iterator[Part]:
    start = 0
    for name, layer in layers.items():
        for level in range(int(getattr(layer, "num_layers", 1))):
            for kind in range(2 if _has_cell_state(layer) else 1):
                hidden = int(layer.hidden_size)  # type: ignore[arg-type]
                projected = int(getattr(layer, "proj_size", 0) or 0)
                size = projected if projected and kind == 0 else hidden
                yield Part(name, level, kind, slice(start, start + size))
                start += size


def _part_name(part: Part, layers: Mapping[str, nn.Module], layout: tuple[Part, ...]) -> str:
    if len(layout) == 1:
        return "hidden"
    name = f"layer{part.layer}.{'cell' if part.kind else 'hidden'}"
    return name if len(layers) == 1 else f"{part.module}.{name}"


def _given(name: str, layer: nn.Module, record: Record, n: int) -> Any:
    """The state a layer started from in a recorded call; None stands for zeros, made explicit here."""
    given = record.given[name][0]
    left = record.left[name][0]
    if given is not None:
        return given
    return tuple(torch.zeros_like(t) for t in left) if isinstance(left, tuple) else torch.zeros_like(left)


def _pack(layout: tuple[Part, ...], layers: Mapping[str, nn.Module], states: Mapping[str, Any], n: int) -> Tensor:
    """States of all layers as one tensor `(n, d)`."""
    columns = []
    for part in layout:
        state = states[part.module]
        state = state[part.kind] if isinstance(state, tuple) else state
        level = state if isinstance(layers[part.module], nn.RNNCellBase) else state[part.layer]
        if level.ndim != 2 or tuple(level.shape) != (n, part.columns.stop - part.columns.start):
            raise UserError(
                f"{part.module} keeps a state of shape {tuple(level.shape)}, expected one row for each input"
            )
        columns.append(level)
    return torch.cat(columns, dim=1)
