"""Reading and replacing values inside a network, without leaving a trace.

A patch of a recurrent state replaces it *after* a step: the output of that step is what it was, later ones see the
new state. A patch of a layer replaces its output before anything else reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._insides import Insides, inner, watched
from scrutable.network._recurrence import Recurrence
from scrutable.network._runner import Runner, as_array, in_chunks
from scrutable.network._selection import Place, Selection
from scrutable.network._walks import Walks

Values = Mapping[Selection, np.ndarray]


def recurrent_places(recurrence: Recurrence) -> dict[str, Place]:
    """The whole state as "hidden", and each of its parts when there are several."""
    parts = {name: Place(name, steps=True, columns=range(p.start, p.stop)) for name, p in recurrence.parts.items()}
    whole = Place("hidden", steps=True, columns=range(recurrence.size))
    return {"hidden": whole, **({} if len(parts) == 1 else parts)}


def patch_states(walks: Walks, x: np.ndarray, values: Values, steps: np.ndarray | None) -> np.ndarray:
    """Raw outputs after every step, `(n, L, ...)`, with states replaced as the selections say.

    Steps up to the first that is patched are run once for the same inputs; the network restarts from there.
    """
    length = x.shape[1]
    first = min((_first(selection, length, steps) for selection in values), default=length - 1)
    states, raw = walks.upto(x, first + 1)

    def one(rows: slice) -> np.ndarray:
        chosen = None if steps is None else steps[rows]
        plans = [_Plan(selection, new[rows], selection.times(length), chosen) for selection, new in values.items()]
        return np.concatenate(
            [raw[rows], *_restarted(walks.recurrence, x[rows], states[rows, first], first, plans)], axis=1
        )

    return np.concatenate(in_chunks(len(x), walks.recurrence.rows(x), one))


def _first(selection: Selection, length: int, steps: np.ndarray | None) -> int:
    """The first step that is patched."""
    return int(np.min(selection.times(length) if steps is None else steps))  # type: ignore[arg-type]


def _restarted(
    recurrence: Recurrence, x: np.ndarray, start: np.ndarray, first: int, plans: list[_Plan]
) -> list[np.ndarray]:
    """Raw outputs of the steps behind step `first`, which left the states `start`; these are patched to begin with."""
    stepper = recurrence.stepper
    with torch.no_grad():
        state = torch.from_numpy(start.copy()).to(stepper.initial(len(x)))
        raw = []
        for plan in plans:
            state = plan.after(first, state)
        for t in range(first + 1, x.shape[1]):
            state, y = stepper.step(state, x[:, t])
            raw.append(as_array(y)[:, None])
            for plan in plans:
                state = plan.after(t, state)
    return raw


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to put at one selection, for some rows; `times` are the steps it covers, `chosen` one step for each row."""

    selection: Selection
    new: np.ndarray
    times: Any
    chosen: np.ndarray | None

    def after(self, t: int, state: Tensor) -> Tensor:
        """The state after step t, replaced where the plan says so."""
        if self.chosen is not None:
            rows = self.chosen == t
            mask = torch.from_numpy(rows).to(state.device)
            return torch.where(mask[:, None], self._blend(state, self.new), state) if rows.any() else state
        if isinstance(self.times, int):
            return self._blend(state, self.new) if t == self.times else state
        at = np.flatnonzero(self.times == t)
        return self._blend(state, self.new[:, at[0]]) if len(at) else state

    def _blend(self, state: Tensor, new: np.ndarray) -> Tensor:
        return self.selection.blend(state, torch.from_numpy(np.ascontiguousarray(new)))


def layer_places(runner: Runner, x: np.ndarray) -> dict[str, Place]:
    """The input, the output, and every submodule that is called once and gives one value for each row."""
    found: dict[str, list[Any]] = {}

    def note(name: str, _: nn.Module, output: Any) -> None:
        found.setdefault(name, []).append(output)

    modules = {name: m for name, m in runner.module.named_modules() if name} if runner.module is not None else {}
    with watched(modules, note):
        raw = runner.forward(x)
    places = {"input": _place("input", input_value(x, runner))}
    for name in modules:
        outputs = found.get(name, [])
        tensor = inner(outputs[0]) if len(outputs) == 1 else None
        value = None if tensor is None else to_value(tensor, runner, x)
        if value is not None and name not in ("input", "output"):
            places[name] = _place(name, as_array(value))
    return {**places, "output": _place("output", as_array(output_value(raw, runner)))}


def _place(name: str, value: np.ndarray) -> Place:
    return Place(name, steps=value.ndim == 3, columns=range(value.shape[-1]))


def input_value(x: np.ndarray, runner: Runner) -> np.ndarray:
    """Inputs as `(n, L, channels)` for sequences, else `(n, numbers)`."""
    return x.reshape(*x.shape[:2], -1) if runner.inputs.is_sequence else x.reshape(len(x), -1)


def output_value(raw: Tensor, runner: Runner) -> Tensor:
    """Raw outputs as `(n, L, numbers)` for one output at each step, else `(n, numbers)`."""
    return raw.reshape(*raw.shape[:2], -1) if runner.each_step else raw.reshape(raw.shape[0], -1)


def to_value(t: Tensor, runner: Runner, x: np.ndarray) -> Tensor | None:
    """A layer's output as `(n, L, d)` or `(n, d)`; None when it has no row for each input."""
    if runner.layout.time_major and t.ndim >= 3 and tuple(t.shape[:2]) == (x.shape[1], len(x)):
        t = t.transpose(0, 1)
    if t.ndim == 0 or t.shape[0] != len(x) or not t.is_floating_point() or t.numel() == 0:
        return None
    if runner.inputs.is_sequence and t.ndim >= 3 and t.shape[1] == x.shape[1]:
        return t.reshape(*t.shape[:2], -1)
    return t.reshape(t.shape[0], -1)


def read_layers(inside: Insides, runner: Runner, x: np.ndarray, selections: list[Selection]) -> list[np.ndarray]:
    """The numbers at each selection, in order."""
    places = {s.place.name: s.place for s in selections if s.place.name not in ("input", "output")}

    def one(rows: slice) -> list[np.ndarray]:
        part = x[rows]
        given = inside.values(part, places)
        found = {name: as_array(_known(place, given.get(name), runner, part)) for name, place in places.items()}
        found["input"] = input_value(part, runner)
        if any(s.place.name == "output" for s in selections):
            found["output"] = as_array(output_value(runner.forward(part), runner))
        return [s.read(found[s.place.name]) for s in selections]

    chunks = in_chunks(len(x), runner.rows(x), one)
    return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]


def patch_layers(
    inside: Insides, runner: Runner, x: np.ndarray, values: Values, steps: np.ndarray | None
) -> np.ndarray:
    """Raw outputs with the outputs of layers replaced."""
    places = {s.place.name: s.place for s in values if s.place.name not in ("input", "output")}

    def one(rows: slice) -> np.ndarray:
        part = x[rows]

        def put(name: str, value: Tensor) -> Tensor:
            for selection, new in values.items():
                if selection.place.name == name:
                    value = _put(value, selection, new[rows], None if steps is None else steps[rows])
            return value

        def exchange(place: Place, old: Tensor) -> Tensor:
            return _from_value(put(place.name, _known(place, old, runner, part)), place, old, runner, part)

        given = put("input", torch.from_numpy(input_value(part, runner).astype(np.float64))).numpy().reshape(part.shape)
        given = given.astype(part.dtype) if np.array_equal(given.astype(part.dtype), given) else given
        raw = inside.changed(given, {name: partial(exchange, place) for name, place in places.items()})
        return as_array(put("output", output_value(raw, runner)).reshape(raw.shape))

    return np.concatenate(in_chunks(len(x), runner.rows(x), one))


def _known(place: Place, t: Tensor | None, runner: Runner, x: np.ndarray) -> Tensor:
    """A layer's output as `(n, L, d)` or `(n, d)`."""
    if t is not None and place.rows is not None:
        rows = place.rows.first(t)
        if tuple(rows.shape[1:]) != place.shape:
            raise UserError(
                f"got {place.name} of shape {tuple(rows.shape[1:])} on these inputs, expected {place.shape}"
            )
        return rows.flatten(1) if place.shape else rows[:, None]
    value = None if t is None else to_value(t, runner, x)
    if value is None:
        raise UserError(f"{place.name} gives no value for each row on inputs of shape {x.shape}")
    return value


def _from_value(value: Tensor, place: Place, old: Tensor, runner: Runner, x: np.ndarray) -> Tensor:
    """A value in the shape that the layer gave."""
    if place.rows is not None:
        return place.rows.back(value.reshape(place.rows.first(old).shape))
    if runner.layout.time_major and old.ndim >= 3 and tuple(old.shape[:2]) == (x.shape[1], len(x)):
        return value.reshape(len(x), x.shape[1], *old.shape[2:]).transpose(0, 1)
    return value.reshape(old.shape)


def _put(value: Tensor, selection: Selection, new: np.ndarray, steps: np.ndarray | None) -> Tensor:
    """A value with one selection replaced."""
    fresh = torch.from_numpy(np.ascontiguousarray(new))
    if not selection.place.steps:
        return selection.blend(value, fresh, steps)
    times: Any = selection.times(value.shape[1]) if steps is None else torch.from_numpy(steps)
    rows: Any = slice(None) if steps is None else torch.arange(len(value))
    result = value.clone()
    result[rows, times] = selection.blend(value[rows, times], fresh)
    return result
