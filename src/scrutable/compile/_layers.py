"""A plan as blocks: each operation in the first layer that comes after everything it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.compile._circuit import Circuit, Role, circuit_of, role_of
from scrutable.compile._options import Options
from scrutable.compile._plan import Attend, Map, Operation, Plan, Variable, reads
from scrutable.compile._weights import Head, Stream, Units, head_for, units_for

SPARE = 4
"""Coordinates that dead heads write to and nothing reads."""


@final
@dataclass(eq=False)
class Layer:
    """The heads and ReLU units of one block."""

    heads: list[Head] = field(default_factory=list)
    units: list[Units] = field(default_factory=list)


@final
@dataclass(frozen=True, eq=False)
class Layout:
    """Weights in coordinates that have a meaning."""

    plan: Plan
    stream: Stream
    layers: tuple[Layer, ...]
    circuit: Circuit
    written: dict[Variable, int]
    """After how many half blocks (attention, then ReLU layer) each variable is there."""


def laid_out(plan: Plan, options: Options, rng: np.random.Generator) -> Layout:
    """The heads and units of every block, and the circuit they are."""
    stream = Stream.of(plan.variables, spare=SPARE if options.dead_heads else 0)
    written = _written(plan)
    layers = [Layer() for _ in range((max(written.values()) + 1) // 2)]
    roles: dict[Operation, list[Role]] = {}
    dead = []
    for number, layer in enumerate(layers):
        here = [op for op in plan.operations if isinstance(op, Attend) and written[op.output] == 2 * number + 1]
        roles |= _with_heads(layer, here, stream, plan, options, where=f"blocks.{number}.attention")
        for _ in range(options.dead_heads):
            dead.append(f"blocks.{number}.attention.{len(layer.heads)}")
            layer.heads.append(_dead_head(stream, rng, size=max((head.size for head in layer.heads), default=SPARE)))
        there = [op for op in plan.operations if isinstance(op, Map) and written[op.output] == 2 * number + 2]
        roles |= _with_units(layer, there, stream, where=f"blocks.{number}.mlp")
    return Layout(plan, stream, tuple(layers), circuit_of(plan, roles, dead), written)


def _written(plan: Plan) -> dict[Variable, int]:
    """After how many half blocks each variable is there: odd after attention, even after a ReLU layer."""
    written = {plan.token: 0, plan.position: 0}
    for operation in plan.operations:
        ready = max(written[variable] for _, variable in reads(operation)) if reads(operation) else 0
        odd = isinstance(operation, Attend)
        written[operation.output] = ready + 1 + ((ready % 2 == 1) if odd else (ready % 2 == 0))
    return written


def _with_heads(
    layer: Layer, operations: list[Attend], stream: Stream, plan: Plan, options: Options, *, where: str
) -> dict[Operation, list[Role]]:
    """Add the heads of some acts of attention to a layer; their roles."""
    roles: dict[Operation, list[Role]] = {}
    made = [head_for(operation, stream, plan, step=options.step) for operation in operations]
    for operation, whole in zip(operations, made, strict=True):
        stream.at_start += stream.at_start @ whole.value @ whole.out
        roles[operation] = []
        for head in _shared(whole, options.shared_heads):
            roles[operation].append(role_of(operation, f"{where}.{len(layer.heads)}"))
            layer.heads.append(head)
    return roles


def _with_units(layer: Layer, operations: list[Map], stream: Stream, *, where: str) -> dict[Operation, list[Role]]:
    """Add the units of some maps to a layer; their roles."""
    roles: dict[Operation, list[Role]] = {}
    begin = 0
    for operation in operations:
        units = units_for(operation, stream)
        end = begin + len(units.bias)
        roles[operation] = [role_of(operation, where, (begin, end))]
        layer.units.append(units)
        begin = end
    return roles


def _shared(head: Head, count: int) -> list[Head]:
    """Heads that attend alike and each move a part of what one head moves."""
    columns = head.value.shape[1]
    if columns < count:
        return [Head(head.query, head.query_bias, head.key, head.value, head.out / count) for _ in range(count)]
    return [
        Head(head.query, head.query_bias, head.key, head.value[:, part::count], head.out[part::count])
        for part in range(count)
    ]


def _dead_head(stream: Stream, rng: np.random.Generator, *, size: int) -> Head:
    """A head with random weights that writes to the spare coordinates."""
    query, key, value = rng.normal(size=(3, stream.width, size)) / stream.width**0.5
    out = np.zeros((size, stream.width))
    out[:, -SPARE:] = rng.normal(size=(size, SPARE)) / size**0.5
    return Head(query, np.zeros(size), key, value, out)
