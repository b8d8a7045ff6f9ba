"""From two recorded runs, on two rows and on three, to a graph for any number of rows.

Whole numbers that differ between the runs grow with the number of rows; axes that differ hold rows. The first two rows
are the same in both runs, so values show where each row is, and whether rows influence each other.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from typing import Any, final

import torch
from torch import Tensor, nn

from scrutable.network._layout import first_tensor
from scrutable.network.engine._graph import INPUT, OUTPUT, Graph
from scrutable.network.engine._node import Node, Rows, Size, Value, parts_of, same
from scrutable.network.engine._tape import NotCaptured, Ref, Tape, bare, record

FEW, MORE = 2, 3
CLOSE = 1e-3
aten = torch.ops.aten
_READABLE = {
    "addmm": "linear",
    "_unsafe_view": "view",
    "native_layer_norm": "layer_norm",
    "native_batch_norm": "batch_norm",
    "native_group_norm": "group_norm",
    "_native_batch_norm_legit_no_training": "batch_norm",
    "convolution": "conv",
    "_safe_softmax": "softmax",
}


def capture(module: nn.Module, x: Tensor, *, rows_on: int = 0, open_attention: bool = False) -> Graph:
    """The forward of a module, in evaluation mode, as a graph of tensor operations.

    It is run on two and on three rows of `x` to be recorded, then on one and on all to compare, and left as it was.

    Arguments:
        x: at least three different rows of the module's argument. rows_on: the axis that they are on.
        open_attention: compute attention by its parts, so that its pattern is a value, where PyTorch would use one
            operation for all of it (equal but for rounding).

    Raises:
        NotCaptured: the forward is no fixed sequence of operations on independent rows, or what was recorded does not
            give what the module gives; the reason.
    """
    if x.shape[rows_on] < MORE:
        raise NotCaptured(f"got {x.shape[rows_on]} rows to follow it on, expected at least {MORE}")
    few, more = (record(module, x.narrow(rows_on, 0, n).clone(), open_attention=open_attention) for n in (FEW, MORE))
    if [e.operation for e in few.entries] != [e.operation for e in more.entries]:
        raise NotCaptured("its operations depend on the number of rows")
    builder = _Builder(few, more)
    for at in range(len(few.entries)):
        builder.add(at)
    graph = Graph(builder.finish(), tuple(size for axis, size in enumerate(x.shape) if axis != rows_on))
    for n in (1, x.shape[rows_on]):
        _check(graph, module, x.narrow(rows_on, 0, n))
    return graph


def _check(graph: Graph, module: nn.Module, x: Tensor) -> None:
    """The graph gives what the module gives."""
    with torch.no_grad():
        expected, got = first_tensor(module(x.clone())), graph.evaluate([OUTPUT], {INPUT: x})[OUTPUT]
    if not equal(got, expected):
        raise NotCaptured(f"what was recorded gives other outputs than the module on {x.shape}")


@final
class _Builder:
    """The nodes made so far, from the entries of both tapes."""

    def __init__(self, few: Tape, more: Tape) -> None:
        self.few, self.more = few, more
        self.nodes: list[Node] = []
        self.at: dict[Ref, int] = {}
        self.given = {ref: name for name, ref in few.named}
        self.names = Counter([OUTPUT])
        self.coupled: dict[int, str] = {}

    def add(self, at: int) -> None:
        """The nodes of one entry: one, and one more for each result where there are several."""
        few, more = self.few.entries[at], self.more.entries[at]
        label = (f"{few.path}." if few.path else "") + (few.label or readable(few.operation))
        if few.operation is None:
            self._source(at, label)
            return
        args, kwargs = self._merged(few.arguments, more.arguments, label)
        call = _INSTEAD.get(few.operation, few.operation)
        if few.single:
            self._tensor(Ref(at, 0), label, call, args, kwargs)
            return
        whole = self._append(f"{label}()", call, args, kwargs, live=few.live)
        for part, result in enumerate(few.results):
            if result is not None:
                name = label if part == 0 else f"{label}:{part}"
                self._tensor(Ref(at, part), name, operator.getitem, (Value(whole), part), {})

    def finish(self) -> tuple[Node, ...]:
        """All nodes, the output last.

        Raises:
            NotCaptured: what the output, or what a submodule gives, depends on mixes rows.
        """
        end = Ref(self.few.output.entry, self.few.output.part)
        self._tensor(end, OUTPUT, same, (Value(self.at[end]),), {}, unique=False)
        reached = {len(self.nodes) - 1}
        for node in reversed(self.nodes):
            if node.index in reached:
                reached.update(node.inputs)
        mixed = sorted(self.coupled.keys() & reached)
        if mixed:
            raise NotCaptured(f"rows influence each other at {self.coupled[mixed[0]]}")
        return tuple(self.nodes)

    def _source(self, at: int, label: str) -> None:
        few, more = (tape.entries[at].results[0] for tape in (self.few, self.more))
        assert few is not None and more is not None
        if at == 0:
            self.at[Ref(0, 0)] = self._append(INPUT, None, (), {}, sample=few, rows=_rows(few, more), live=True)
        elif few is more or equal(few, more):
            self.at[Ref(at, 0)] = self._append(label, None, (), {}, tensor=few)
        else:
            raise NotCaptured(f"it uses numbers made outside of tensor operations, which differ between runs ({label})")

    def _tensor(
        self, ref: Ref, label: str, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, unique: bool = True
    ) -> None:
        few, more = (tape.entries[ref.entry].results[ref.part] for tape in (self.few, self.more))
        assert few is not None
        if ref in self.given and unique:
            label, call, args, kwargs = self.given[ref], same, args[:1], {}
        live = self.few.entries[ref.entry].live
        try:
            rows = None if more is None else _rows(few, more)
        except _Mixed:
            rows = None
            if live:
                self.coupled[len(self.nodes)] = label
        self.at[ref] = self._append(label, call, args, kwargs, sample=few, rows=rows, live=live, unique=unique)

    def _append(
        self,
        label: str,
        call: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        live: bool = False,
        rows: Rows | None = None,
        sample: Tensor | None = None,
        tensor: Tensor | None = None,
        unique: bool = True,
    ) -> int:
        self.names[label] += 1 if unique else 0
        name = label if self.names[label] == 1 else f"{label}#{self.names[label]}"
        inputs = tuple(dict.fromkeys(v.node for v in parts_of((args, kwargs), Value)))
        fixed = not live and not parts_of((args, kwargs), Size) and all(self.nodes[i].fixed for i in inputs)
        shape = () if rows is None or sample is None else tuple(rows.first(sample).shape[1:])
        dtype = None if sample is None else sample.dtype
        at = len(self.nodes)
        self.nodes.append(Node(at, name, call, args, kwargs, inputs, rows, live, fixed, shape, dtype, tensor))
        return at

    def _merged(self, few: Any, more: Any, label: str) -> Any:
        """Arguments for any number of rows, from those of both runs."""
        if isinstance(few, Ref):
            if few != more:
                raise NotCaptured(f"its operations depend on the number of rows ({label})")
            return Value(self.at[few])
        if isinstance(few, (tuple, list)) and isinstance(more, (tuple, list)) and len(few) == len(more):
            return type(few)(self._merged(a, b, label) for a, b in zip(few, more, strict=True))
        if isinstance(few, dict) and isinstance(more, dict) and few.keys() == more.keys():
            return {key: self._merged(few[key], more[key], label) for key in few}
        if type(few) is int and type(more) is int and few != more:
            each = (more - few) // (MORE - FEW)
            return Size(few - FEW * each, each)
        if type(few) is not type(more) or (few != more and not _nan(few)):
            raise NotCaptured(f"a number depends on the number of rows ({label})")
        return few


class _Mixed(Exception):
    """Rows of a value depend on other rows, or cannot be told apart."""


def _rows(few: Tensor, more: Tensor) -> Rows | None:
    """Where the rows are; None when both runs give the same."""
    axes = [axis for axis, (a, b) in enumerate(zip(few.shape, more.shape, strict=False)) if a != b]
    if few.ndim != more.ndim or len(axes) > 1:
        raise _Mixed
    if not axes:
        if equal(few, more):
            return None
        raise _Mixed
    (axis,) = axes
    group = more.shape[axis] - few.shape[axis]
    for rows in (Rows(axis, group), Rows(axis, group, outer=False)):
        fits = (few.shape[axis], more.shape[axis]) == (FEW * group, MORE * group)
        if fits and equal(rows.first(few), rows.first(more)[:FEW]):
            return rows
    raise _Mixed


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def equal(a: Tensor, b: Tensor) -> bool:
    """Equal but for rounding."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if not a.is_floating_point():
        return torch.equal(a, b)
    a, b = a.detach(), b.detach()
    finite = a[torch.isfinite(a)]
    size = float(finite.abs().max()) if finite.numel() else 1.0
    return torch.allclose(a, b, rtol=CLOSE, atol=CLOSE * size, equal_nan=True)


def readable(operation: Any) -> str:
    """What an operation is called in names of values."""
    name = bare(operation)
    if "scaled_dot_product" in name:
        return "attention"
    return _READABLE.get(name, name).lstrip("_")


# A value may come with other strides than it had in the run that was recorded; reshape takes any. Functions of `torch`
# are the same kernels, called in half the time.
_INSTEAD = {
    aten.view.default: torch.reshape,
    aten._unsafe_view.default: torch.reshape,
    aten.alias.default: same,
    aten.lift_fresh.default: same,
    aten.lift_fresh_copy.default: same,
    aten.add.Tensor: torch.add,
    aten.addmm.default: torch.addmm,
    aten.bmm.default: torch.bmm,
    aten.gelu.default: nn.functional.gelu,
    aten.mm.default: torch.mm,
    aten.mul.Tensor: torch.mul,
    aten.native_layer_norm.default: torch.native_layer_norm,
    aten.relu.default: torch.relu,
    aten.tanh.default: torch.tanh,
    aten.transpose.int: torch.transpose,
}
