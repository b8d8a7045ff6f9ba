"""Any place inside a network as a network of its own: the same inputs, and the value at the place as the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, fx, nn

from scrutable.errors import UserError
from scrutable.network._checks import close
from scrutable.network._domain import Domain
from scrutable.network._domain_numbers import Reals
from scrutable.network._layout import first_tensor
from scrutable.network._recurrence import Recurrence
from scrutable.network._recurrent import Recurrent
from scrutable.network._runner import Runner, out_of_memory
from scrutable.network._selection import Selection
from scrutable.network._spec import as_domain
from scrutable.network._steppers import recurrent_layers

if TYPE_CHECKING:
    from scrutable.network._network import Network


def target_of(network: Network, runner: Runner, selection: Selection, outputs: Domain | str | None) -> Network:
    """The network that answers with the value at a place. See `Network.at`.

    The module's forward is cut off behind the place, so that what comes later is neither run nor found among the sites.
    Where it cannot be followed, it is stopped there while it runs.

    Raises:
        UserError: the place is the input, or the value cannot be given as `outputs`; every reason.
    """
    from scrutable.network._network import Network

    if selection.place.name == "input":
        raise UserError(f"got the target {selection.site}, expected a place behind the input; try the first layer")
    domain = _reals(network, selection) if outputs is None else as_domain(outputs, what="outputs")
    name, reasons = f"{network.name} at {selection.site}", []
    for make in _makers(network, runner, selection):
        try:
            made = Network(make(), inputs=network.inputs, outputs=domain, name=name)
            if _agrees(made, network, selection):
                return made
            reasons.append("got other values than are read there, expected equal ones")
        except Exception as error:  # the module is the user's, and may do anything when it is followed
            if out_of_memory(error):
                raise
            reasons.append(str(error))
    raise UserError.of([f"cannot make a network that answers with {selection.site}", *dict.fromkeys(reasons)])


def _reals(network: Network, selection: Selection) -> Reals:
    """A real number for each unit, at each step that the place has."""
    steps = selection.stepped and not isinstance(selection.step, int)
    length = len(selection.times(network.inputs.shape[0])) if steps else None  # type: ignore[arg-type]
    return Reals(length=length, channels=None if selection.width == 1 else selection.width)


def _agrees(made: Network, network: Network, selection: Selection) -> bool:
    """Whether the new network gives on a few inputs what is read at the place."""
    x = network._probe
    (read,) = network.read(x, selection.site).values()
    raw = made.raw(x)
    return raw.size == read.size and close(raw.reshape(read.shape), read)


def _makers(network: Network, runner: Runner, selection: Selection) -> list[Callable[[], Any]]:
    """Ways to make the module, the best first."""
    module, name = runner.module, selection.place.name
    recurrence = network.recurrence
    if module is None:
        return [lambda: _function(runner, Chosen(selection))]
    if isinstance(module, Recurrent):
        return [lambda: _with_state(module, Chosen(selection, state=True))]
    if recurrence is not None:  # a layer may give its state after every step; failing that, no weights are seen
        layers = [
            lambda at=at, module=module: Stopped(module, Chosen(selection), at) for at in recurrent_layers(module)
        ]
        return [*layers, lambda: _stepped(recurrence, Chosen(selection, state=True))]
    return [lambda: _cut(module, Chosen(selection), name), lambda: Stopped(module, Chosen(selection), name)]


@final
class Chosen(nn.Module):
    """The numbers of a selection in a value `(n, ...)`: `(n, k)`, with steps `(n, L, k)`; one number has no axis.

    Arguments:
        state: the value is a state, which is there one step at a time.
    """

    readers: Tensor

    def __init__(self, selection: Selection, *, state: bool = False) -> None:
        super().__init__()
        step = selection.step
        self.stepped = selection.place.steps and not state
        self.times = step if isinstance(step, int) else slice(None) if step is None else step.slice
        self.columns = selection.columns.tolist()
        self.single = selection.width == 1
        lines = selection.lines
        self.along = lines is not None
        self.register_buffer("readers", None if lines is None else torch.from_numpy(lines.readers.T.copy()))

    def forward(self, value: Tensor) -> Tensor:
        """The numbers."""
        value = torch.flatten(value, 2)[:, self.times] if self.stepped else torch.flatten(value, 1)
        value = value[..., self.columns]
        if self.along:
            value = value @ self.readers
        return value[..., 0] if self.single else value


def _fitting(chosen: Chosen, module: nn.Module) -> Chosen:
    """The choice in the precision of the module's weights."""
    return chosen.to(next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.get_default_dtype()))


def _function(runner: Runner, chosen: Chosen) -> Callable[[Any], Any]:
    def answer(x: Any) -> Any:
        raw = torch.from_numpy(runner.raw(x)).double()
        shape = (*x.shape[:2], -1) if chosen.stepped else (len(x), -1)
        return chosen(raw.reshape(shape)).numpy()

    return answer


def _stepped(recurrence: Recurrence, chosen: Chosen) -> Recurrent:
    stepper = recurrence.stepper
    item = stepper.runner.inputs.shape[1:]

    def cell(state: Any, x_t: Any) -> tuple[Any, Any]:
        after, _ = stepper.step(torch.from_numpy(state), x_t.reshape(len(x_t), *item))
        after = after.detach()
        return after.numpy(), chosen(after.double()).numpy()

    return Recurrent(cell, stepper.initial(1)[0].detach().numpy())


@final
class StateCell(nn.Module):
    """A cell that answers with part of its state."""

    def __init__(self, cell: Any, chosen: Chosen) -> None:
        super().__init__()
        self.cell, self.chosen = cell, chosen

    def forward(self, state: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
        """The state after a step, and the chosen part of it."""
        after, _ = self.cell(state, x_t)
        return after, self.chosen(after)


def _with_state(module: Recurrent, chosen: Chosen) -> Recurrent:
    if isinstance(module.cell, nn.Module):
        return Recurrent(StateCell(module.cell, _fitting(chosen, module)), module.initial_state)

    def cell(state: Any, x_t: Any) -> tuple[Any, Any]:
        after, _ = module.cell(state, x_t)
        values = chosen(torch.as_tensor(after).double())
        return after, values.numpy() if module.arrays else values

    return Recurrent(cell, module.initial_state.numpy() if module.arrays else module.initial_state)


@final
class _UpTo(fx.Tracer):
    """Follows a forward without looking into one of its submodules."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the module is taken as one operation."""
        return module_qualified_name == self.name or super().is_leaf_module(m, module_qualified_name)


def _cut(module: nn.Module, chosen: Chosen, name: str) -> nn.Module:
    """The module's forward up to a place, and the choice from its value. Submodules keep their names.

    Raises:
        UserError: the place is not one operation of the forward.
    """
    made = fx.GraphModule(module, _UpTo(name).trace(module))
    end = next(node for node in made.graph.nodes if node.op == "output")
    called = [node for node in made.graph.nodes if node.op == "call_module" and node.target == name]
    place = end.args[0] if name == "output" else called[0] if called else None
    if not isinstance(place, fx.Node):
        raise UserError(f"got {name}, which is not one operation of the forward, expected a submodule's output")
    made.add_submodule("target", _fitting(chosen, module))
    with made.graph.inserting_before(end):
        end.args = (made.graph.call_module("target", (place,)),)
    made.graph.eliminate_dead_code()
    made.delete_all_unused_submodules()
    made.recompile()
    return Cut(made)


def _adopted(outer: nn.Module, module: nn.Module) -> None:
    """Gives a module the parts of another under their own names; the other itself stays out of sight."""
    for name, child in module.named_children():
        outer.add_module(name, child)
    for name, parameter in module.named_parameters(recurse=False):
        outer.register_parameter(name, parameter)
    for name, buffer in module.named_buffers(recurse=False):
        outer.register_buffer(name, buffer)
    outer.__dict__["_whole"] = (module,)


@final
class Cut(nn.Module):
    """A forward that was followed and cut off. (A `GraphModule` by itself prints what it refuses.)"""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__()
        _adopted(self, module)

    def forward(self, x: Tensor) -> Tensor:
        """The chosen numbers of the value."""
        return self.__dict__["_whole"][0].forward(x)


class _Reached(Exception):
    """The place has its value: nothing later need run."""


@final
class Stopped(nn.Module):
    """A module that is run until one of its submodules has given its value. Submodules keep their names."""

    def __init__(self, module: nn.Module, chosen: Chosen, name: str) -> None:
        super().__init__()
        _adopted(self, module)
        self.__dict__.update(_name=name, _chosen=_fitting(chosen, module))

    def forward(self, x: Tensor) -> Tensor:
        """The chosen numbers of the value."""
        whole, found = self.__dict__["_whole"][0], []

        def stop(_: nn.Module, __: Any, output: Any) -> None:
            found.append(output)
            raise _Reached

        if self.__dict__["_name"] == "output":
            return self.__dict__["_chosen"](first_tensor(whole(x)))
        handle = whole.get_submodule(self.__dict__["_name"]).register_forward_hook(stop)
        try:
            whole(x)
        except _Reached:
            pass
        finally:
            handle.remove()
        return self.__dict__["_chosen"](first_tensor(found[0]))
