"""Following a module's forward operation by operation, as affine maps between activations.

Every value is held as its images of the unit vectors and of zero, one row each, in double precision: an affine
operation of the module acts on these rows as it acts on any batch, so it is simply run. At an activation the rows are
read as a matrix, and the unit vectors start afresh.
"""

from __future__ import annotations

import copy
import operator
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from scrutable.network._layers import Activation, Affine, Layer, OneHot
from scrutable.network._operations import (
    AFFINE_FUNCTIONS,
    AFFINE_MODULES,
    BILINEAR,
    CASTS,
    COMPARISONS,
    IN_PLACE,
    activation_of,
)
from scrutable.network._recurrent import Recurrent
from scrutable.network._runner import Runner

WIDEST = 4096
SNAP = 1e-13
BATCH = object()  # the number of rows, which is another one after each activation
SIZES = frozenset({"size", "dim", "ndimension"})


class NoChain(Exception):
    """A network is not a chain of affine maps and activations; the text says why."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """A value that depends on the inputs: its images of the unit vectors and, last, of zero.

    `base` says which vector it is an affine map of: how many activations came before. `labels` counts the classes of a
    value that is still labels; its rows are then those of the one-hot code.
    """

    rows: Tensor
    base: int
    labels: int | None = None


def follow(runner: Runner, x: np.ndarray, sites: frozenset[str]) -> tuple[Layer, ...]:
    """The layers of a module, not verified.

    Raises:
        NoChain: it is not a chain of affine maps and activations.
    """
    module = runner.module
    if module is None:
        raise NoChain("it is a plain function, whose insides cannot be seen")
    if isinstance(module, Recurrent):
        raise NoChain("it is recurrent")
    if runner.layout.time_major:
        raise NoChain("it reads sequences with time first")
    own = copy.deepcopy(module).double().cpu().eval()
    try:
        graph = fx.Tracer().trace(own)
    except Exception as error:
        text = " ".join(str(error).split())[:120]
        raise NoChain(f"its forward cannot be traced ({type(error).__name__}: {text})") from error
    walk = _Walk(own, sites)
    with torch.no_grad():
        return walk.run(graph, runner, x)


@final
@dataclass(slots=True)
class _Walk:
    """One pass over a traced forward."""

    module: nn.Module
    sites: frozenset[str]
    layers: list[Layer] = field(default_factory=list)
    values: dict[fx.Node, Any] = field(default_factory=dict)
    base: int = 0

    def run(self, graph: fx.Graph, runner: Runner, x: np.ndarray) -> tuple[Layer, ...]:
        """Every node in order; the layers at the end."""
        for node in graph.nodes:
            if node.op == "output":
                return self._finish(node)
            value = self._placeholder(node, runner, x) if node.op == "placeholder" else self._value(node)
            self.values[node] = value
            if node.op == "call_method" and str(node.target).endswith("_"):  # the argument itself was changed
                self.values[node.all_input_nodes[0]] = value
        raise NoChain("its forward returns nothing")

    def _placeholder(self, node: fx.Node, runner: Runner, x: np.ndarray) -> Any:
        if any(isinstance(value, _Rows) for value in self.values.values()):
            if len(node.args) == 0:
                raise NoChain(f"its forward takes a second argument, {node.target}")
            return node.args[0]  # its default
        layout, ranges = runner.layout, runner.inputs.ranges
        shape = tuple(runner.tensor(x[:1]).shape[1:])
        if layout.form == "one-hot":
            self.layers.append(OneHot(runner.inputs.classes or 1))
        elif layout.kind == "long" and len(ranges) == 1 and ranges[0].lo == 0 and ranges[0].hi is not None:
            count = int(ranges[0].hi) + 1
            return _Rows(_units((*shape, count)), 0, labels=count)
        return _Rows(_units(shape), 0)

    def _value(self, node: fx.Node) -> Any:
        if node.op == "get_attr":
            return _attribute(self.module, str(node.target))
        module = self.module.get_submodule(str(node.target)) if node.op == "call_module" else None
        target = module if module is not None else IN_PLACE.get(node.target, node.target)
        args: Any = fx.map_arg(node.args, lambda n: self.values[n])
        kwargs: Any = fx.map_arg(node.kwargs, lambda n: self.values[n])
        live = [v for v in (*_flat(args), *_flat(tuple(kwargs.values()))) if isinstance(v, _Rows)]
        if not live:
            return self._call(node, target, args, kwargs)
        if node.op == "call_function" and target is getattr:
            return _size_of(live[0], str(args[1]), ())
        if live[0].labels is not None:
            return self._from_labels(target, live[0], args)
        if target in CASTS:
            return live[0]
        if target in SIZES:
            return _size_of(live[0], str(target), args[1:])
        if target in COMPARISONS:
            return self._comparison(node, target, args)
        found = activation_of(target, args, kwargs)
        if found is not None:
            return self._activation(node, found, args[0] if args else None)
        return self._affine(node, target, args, kwargs, live)

    def _from_labels(self, target: Any, value: _Rows, args: Any) -> Any:
        """What an operation makes of labels: an embedding or a one-hot code, or numbers without a code."""
        assert value.labels is not None
        if isinstance(target, nn.Embedding) or target is F.embedding:
            table = target.weight if isinstance(target, nn.Embedding) else args[1]
            return self._coded(value, table[: value.labels])
        if target is F.one_hot and len(args) > 1 and args[1] == value.labels:
            return self._coded(value, torch.eye(value.labels, dtype=torch.float64))
        if target is operator.getitem:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            return _Rows(value.rows[(*index, slice(None))], value.base, value.labels)
        if target in ("long", "int"):
            return value
        if target in CASTS:
            return self._coded(value, torch.arange(value.labels, dtype=torch.float64))
        if target in SIZES:
            return _size_of(value, str(target), args[1:])
        raise NoChain(f"it does {_name(target)} to labels")

    def _coded(self, value: _Rows, code: Tensor) -> _Rows:
        """Labels exchanged for the rows of a code."""
        if not self.layers:
            self.layers.append(OneHot(value.labels or 1))
        return _Rows(value.rows @ code, value.base)

    def _comparison(self, node: fx.Node, target: Any, args: tuple[Any, ...]) -> _Rows:
        kind, reverse = COMPARISONS[target]
        left, right = reversed(args) if reverse else args
        if isinstance(left, _Rows) and not isinstance(right, _Rows) and isinstance(right, (int, float)) and right == 0:
            return self._activation(node, Activation(kind), left)
        bases = {side.base for side in (left, right) if isinstance(side, _Rows)}
        if len(bases) > 1:
            raise NoChain("it compares values from before and after an activation")
        return self._activation(node, Activation(kind), _Rows(_bare(left, 0) - _bare(right, 0), bases.pop()))

    def _activation(self, node: fx.Node, activation: Activation, argument: Any) -> _Rows:
        if not isinstance(argument, _Rows):
            raise NoChain(f"{activation.kind} is applied to more than one value")
        if argument.base != self.base:
            raise NoChain("it has branches with activations of their own (a skip connection or several towers)")
        shape = tuple(argument.rows.shape[1:])
        if activation.kind.endswith("softmax") and len(shape) != 1:
            raise NoChain("it has a softmax over part of its values")
        before = next(iter(node.all_input_nodes))
        self._emit(argument, self._site(before) if self.values[before] is argument else "")
        self.layers.append(Activation(activation.kind, self._site(node), activation.settings))
        self.base += 1
        return _Rows(_units(shape), self.base)

    def _affine(self, node: fx.Node, target: Any, args: Any, kwargs: Any, live: list[_Rows]) -> Any:
        if len({value.base for value in live}) > 1:
            raise NoChain("it adds or multiplies values from before and after an activation (a skip connection)")
        known = isinstance(target, AFFINE_MODULES) if isinstance(target, nn.Module) else target in AFFINE_FUNCTIONS
        if not known:
            raise NoChain(f"it has {_name(target)}, which is neither affine nor a known activation")
        if target in BILINEAR and not _keeps_affine(target, args):
            raise NoChain(f"it has {_name(target)} of two values that depend on the inputs")
        rows = live[0].rows.shape[0]
        result = self._call(node, target, _bare(args, rows), _bare(kwargs, rows))
        if not isinstance(result, Tensor) or result.ndim == 0 or result.shape[0] != rows:
            raise NoChain(f"it has {_name(target)} that does not give one value for each row")
        return _Rows(result, live[0].base)

    def _call(self, node: fx.Node, target: Any, args: Any, kwargs: Any) -> Any:
        if node.op == "call_method":
            return getattr(args[0], str(target))(*args[1:], **kwargs)
        return target(*args, **kwargs)

    def _site(self, node: fx.Node) -> str:
        name = str(node.target) if node.op == "call_module" else ""
        return name if name in self.sites else ""

    def _emit(self, value: _Rows, site: str) -> None:
        """Append the affine map to `value`, unless it is the identity."""
        rows = value.rows.reshape(value.rows.shape[0], -1)
        if max(rows.shape) > WIDEST:
            raise NoChain(f"it has a layer from {rows.shape[0] - 1} to {rows.shape[1]} numbers, more than {WIDEST}")
        bias = rows[-1]
        weight = (rows[:-1] - bias).T
        square = weight.shape[0] == weight.shape[1]
        if square and not bias.any() and bool((weight == torch.eye(len(bias), dtype=weight.dtype)).all()):
            return
        self.layers.append(Affine(_snapped(weight), _snapped(bias), site))

    def _finish(self, node: fx.Node) -> tuple[Layer, ...]:
        result = _first(next(iter(node.args)))
        value = self.values.get(result) if isinstance(result, fx.Node) else None
        if not isinstance(value, _Rows) or value.labels is not None:
            raise NoChain("its output does not depend on its inputs, or is not one tensor")
        if value.base != self.base:
            raise NoChain("its output leaves out its last activation")
        self._emit(value, self._site(result))
        return tuple(self.layers)


def _units(shape: tuple[int, ...]) -> Tensor:
    """The unit vectors of a block of numbers and, last, zero: `(count + 1, *shape)`."""
    count = int(np.prod(shape, dtype=np.int64))
    if count > WIDEST:
        raise NoChain(f"it has a layer of {count} numbers, more than {WIDEST}")
    return torch.cat([torch.eye(count, dtype=torch.float64), torch.zeros(1, count, dtype=torch.float64)]).reshape(
        count + 1, *shape
    )


def _snapped(values: Tensor) -> np.ndarray:
    """The numbers with the rounding of the subtraction taken back where they are those of a single-precision weight."""
    exact = values.numpy().astype(np.float64)
    single = exact.astype(np.float32).astype(np.float64)
    near = np.abs(exact - single) <= SNAP * max(1.0, float(np.abs(exact).max(initial=0.0)))
    return np.ascontiguousarray(np.where(near, single, exact))


def _keeps_affine(target: Any, args: tuple[Any, ...]) -> bool:
    """Whether a product has only one factor that depends on the inputs, and a quotient only its numerator."""
    factors = [isinstance(arg, _Rows) for arg in args[:2]]
    return sum(factors) == 1 and (factors[0] or BILINEAR[target])


def _first(result: Any) -> Any:
    """The node of the tensor that holds a module's answer, as `first_tensor` finds it."""
    if isinstance(result, dict):
        return result.get("logits", next(iter(result.values()), None))
    return result[0] if isinstance(result, (tuple, list)) and result else result


def _size_of(value: _Rows, name: str, args: tuple[Any, ...]) -> Any:
    """What a module asks of a value besides its numbers; the number of rows stays open."""
    tensor = value.rows if value.labels is None else value.rows[..., 0]
    shape = (BATCH, *tensor.shape[1:])
    if name in ("shape", "size"):
        return shape[args[0]] if args else shape
    if name in ("dim", "ndimension", "ndim"):
        return tensor.ndim
    if name == "device":
        return tensor.device
    raise NoChain(f"it uses .{name} of a value")


def _attribute(module: nn.Module, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [inner for part in value for inner in _flat(part)]
    if isinstance(value, dict):
        return [inner for part in value.values() for inner in _flat(part)]
    return [value]


def _bare(value: Any, rows: int) -> Any:
    """Arguments as torch takes them, all in double precision, for so many rows."""
    if isinstance(value, _Rows):
        return value.rows
    if value is BATCH:
        return rows
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.double()
    if isinstance(value, (tuple, list)):
        return type(value)(_bare(part, rows) for part in value)
    return {key: _bare(part, rows) for key, part in value.items()} if isinstance(value, dict) else value


def _name(target: Any) -> str:
    if isinstance(target, nn.Module):
        return type(target).__name__
    return getattr(target, "__name__", str(target))
