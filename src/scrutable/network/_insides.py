"""Two ways to the values inside a network: its captured graph, or, where it cannot be captured, plain forward hooks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, final

import numpy as np
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._checks import probe_inputs
from scrutable.network._runner import Runner, out_of_memory
from scrutable.network._selection import Place
from scrutable.network.engine import Engine, NotCaptured

T = TypeVar("T")
PROBED = 6
Edits = Mapping[str, Callable[[Tensor], Tensor]]


class Insides(ABC):
    """Reads and changes values that submodules give, on rows that fit into memory."""

    @abstractmethod
    def values(self, x: np.ndarray, names: Iterable[str]) -> dict[str, Tensor]:
        """The values as they are in a run, in their own shapes."""

    @abstractmethod
    def changed(self, x: np.ndarray, edits: Edits) -> Tensor:
        """Raw outputs, as `Runner.forward` gives them, with values replaced by functions of what they are."""


@final
class Hooked(Insides):
    """By forward hooks, which are gone after each run. Each run is a whole one."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    def values(self, x: np.ndarray, names: Iterable[str]) -> dict[str, Tensor]:
        """See `Insides`."""
        found: dict[str, Tensor] = {}

        def note(name: str, _: nn.Module, output: Any) -> None:
            tensor = inner(output)
            if tensor is not None:
                found[name] = tensor.clone()

        with watched(self._modules(names), note):
            self.runner.forward(x)
        return found

    def changed(self, x: np.ndarray, edits: Edits) -> Tensor:
        """See `Insides`."""

        def exchange(name: str, _: nn.Module, output: Any) -> Any:
            old = inner(output)
            return output if old is None else _outer(output, old, edits[name](old))

        with watched(self._modules(edits), exchange):
            return self.runner.forward(x)

    def _modules(self, names: Iterable[str]) -> dict[str, nn.Module]:
        modules = {} if self.runner.module is None else dict(self.runner.module.named_modules())
        missing = [name for name in names if name not in modules]
        if missing:
            raise UserError(
                f"got the site {missing[0]}, expected a submodule: hooks reach no values between operations"
            )
        return {name: modules[name] for name in names}


@final
class Captured(Insides):
    """By the module's graph: only what a change reaches is run, and what comes before it once for the same inputs."""

    def __init__(self, runner: Runner, module: nn.Module) -> None:
        self.runner = runner
        self.engine = Engine(module, rows_on=int(runner.layout.time_major), probe=self._probe)

    def values(self, x: np.ndarray, names: Iterable[str]) -> dict[str, Tensor]:
        """See `Insides`."""
        return self.engine.values(self.runner.tensor(x), names)

    def changed(self, x: np.ndarray, edits: Edits) -> Tensor:
        """See `Insides`."""
        return self.runner.fitted(self.engine.patched(self.runner.tensor(x), edits), x)

    def place(self, x: np.ndarray, name: str) -> Place | None:
        """A value of the graph that depends on the input; None when there is none of that name.

        Raises:
            NotCaptured: there is no graph.
        """
        graph = self.engine.graph_for(self.runner.tensor(x), [name])
        node = graph.nodes[graph.names[name]] if name in graph.names else None
        if node is None or not node.is_site or node.dtype is None or not node.dtype.is_floating_point:
            return None
        return Place(
            name,
            steps=False,
            columns=range(math.prod(node.shape)),
            shape=node.shape,
            rows=node.rows,
            length=x.shape[1] if self.runner.inputs.is_sequence else None,
        )

    def _probe(self, x: Tensor) -> Tensor:
        """A few other inputs of the same shape."""
        inputs = self.runner.inputs
        if inputs.is_sequence:
            rows = x.transpose(0, 1) if self.runner.layout.time_major else x
            flat = self.runner.layout.form == "flat"
            inputs = inputs if flat else inputs.with_length(rows.shape[1])
        return self.runner.tensor(probe_inputs(inputs, PROBED)[0])


@contextmanager
def watched(modules: Mapping[str, nn.Module], hook: Callable[[str, nn.Module, Any], Any]) -> Iterator[None]:
    """Run the body with `hook(name, module, output)` after each module; what it returns replaces the output."""
    with ExitStack() as stack:
        for name, module in modules.items():
            handle = module.register_forward_hook(lambda m, _, output, name=name: hook(name, m, output))
            stack.callback(handle.remove)
        yield


def inner(output: Any) -> Tensor | None:
    """The first tensor of what a submodule gives; None when there is none."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, (tuple, list)):
        return next((part for part in output if isinstance(part, Tensor)), None)
    return next((p for p in output.values() if isinstance(p, Tensor)), None) if isinstance(output, dict) else None


def _outer(output: Any, old: Tensor, new: Tensor) -> Any:
    """`output` with one tensor exchanged."""
    if isinstance(output, Tensor):
        return new
    if isinstance(output, dict):
        return type(output)((key, new if part is old else part) for key, part in output.items())
    parts = [new if part is old else part for part in output]
    return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)


@final
class Either(Insides):
    """By the graph, as long as it can be captured and agrees with hooks; by hooks from then on.

    `reason` says why it went over to hooks; "" before. What fails in the graph is tried with hooks, so errors are those
    of a plain run.
    """

    def __init__(self, runner: Runner) -> None:
        self._hooked = Hooked(runner)
        self._captured = None if runner.module is None else Captured(runner, runner.module)
        self.reason = "a function shows no operations" if runner.module is None else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return Either, (self._hooked.runner,)

    def values(self, x: np.ndarray, names: Iterable[str]) -> dict[str, Tensor]:
        """See `Insides`."""
        return self._either(lambda way: way.values(x, names))

    def changed(self, x: np.ndarray, edits: Edits) -> Tensor:
        """See `Insides`."""
        return self._either(lambda way: way.changed(x, edits))

    def place(self, x: np.ndarray, name: str) -> Place | None:
        """A value of the graph that no submodule gives; None when there is no such value, or no graph."""
        return self._either(lambda way: way.place(x, name) if isinstance(way, Captured) else None)

    def _either(self, ask: Callable[[Insides], T]) -> T:
        if self._captured is not None:
            try:
                return ask(self._captured)
            except NotCaptured as error:
                self._captured, self.reason = None, str(error)
            except Exception as error:
                if out_of_memory(error):
                    raise
        return ask(self._hooked)
