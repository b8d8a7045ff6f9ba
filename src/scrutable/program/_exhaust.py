"""Equality by exhaustion: classes that agree on every value their variables can take are merged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program._backend import NUMPY
from scrutable.program._egraph import Class, EGraph, Node
from scrutable.program._operators import kind_of, operator
from scrutable.program._types import BOOL, Category, is_scalar

LARGEST_GRID = 1024
LEAST_SYMMETRIC = 3


def exhausting(graph: EGraph) -> Iterator[None]:
    """A pass over an e-graph (see `_egraph.saturate`) that merges classes equal on all values of their variables.

    Variables known to lie in a small interval are given all their values together, as long as there are no more than
    1024 combinations; classes that depend on other variables are left alone.
    """
    values = _variable_values(graph)
    if not values:
        return
    units = {id_: value for id_, value in values.items() if graph[id_].range == (0, 1)}
    yield from _evaluate(graph, values)
    if len(units) >= LEAST_SYMMETRIC:
        for id_, value in list(values.items()):
            _write_as_sum(graph, id_, value, units)
            yield
    yield from _merge_equal(graph, values)


def _merge_equal(graph: EGraph, values: dict[int, np.ndarray]) -> Iterator[None]:
    owners: dict[bytes, dict[str, int]] = {}
    for id_, value in values.items():
        if graph[id_].constant is not None:
            continue
        if (value == value.flat[0]).all():
            _settle(graph, id_, value)
            continue
        kinds = owners.setdefault(value.astype(np.int64).tobytes(), {})
        for other in kinds.values():
            graph.union(id_, other)
        kinds.setdefault(str(graph[id_].type), id_)
        yield


def _variable_values(graph: EGraph) -> dict[int, np.ndarray]:
    """Every combination of values of the variables with few of them, one array per variable."""
    sizes: dict[int, tuple[int, int]] = {}
    total = 1
    for class_ in sorted(graph.classes(), key=lambda c: c.order):
        low, high = class_.range
        named = any(node.op == "var" for node in class_.nodes) and len(class_.nodes) == 1
        if named and is_scalar(class_.type) and class_.constant is None and (high - low + 1) * total <= LARGEST_GRID:
            total *= int(high - low + 1)
            sizes[class_.id] = int(low), int(high)
    grid = np.meshgrid(*(np.arange(low, high + 1) for low, high in sizes.values()), indexing="ij")
    return {id_: NUMPY.array(axis.reshape(-1), kind_of(graph[id_].type)) for id_, axis in zip(sizes, grid, strict=True)}


def _evaluate(graph: EGraph, values: dict[int, np.ndarray]) -> Iterator[None]:
    """Work out every class that depends on nothing else."""
    pending = [c for c in graph.classes() if c.id not in values and is_scalar(c.type) and kind_of(c.type) != "f"]
    size = len(next(iter(values.values())))
    while pending:
        waiting = []
        for class_ in pending:
            value = _value(graph, class_, values, size)
            if value is None:
                waiting.append(class_)
            else:
                values[class_.id] = value
        if len(waiting) == len(pending):
            return
        pending = waiting
        yield


def _value(graph: EGraph, class_: Class, values: dict[int, np.ndarray], size: int) -> np.ndarray | None:
    if class_.constant is not None:
        return NUMPY.full((size,), class_.constant.value, kind_of(class_.type))
    for node in class_.nodes:
        value = _node_value(graph, node, values)
        if value is not None:
            return value
    return None


def _node_value(graph: EGraph, node: Node, values: dict[int, np.ndarray]) -> np.ndarray | None:
    args = [values.get(graph.find(arg)) for arg in node.args]
    if not args or any(arg is None for arg in args) or operator(node.op).lift != "element":
        return None
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(operator(node.op).kernel(NUMPY, args, node.params))
    except ScrutableError:
        return None
    return NUMPY.cast(value, kind_of(node.type))


def _settle(graph: EGraph, id_: int, value: np.ndarray) -> None:
    literal = value.flat[0].item()
    if graph[id_].type == BOOL or not isinstance(graph[id_].type, Category):
        graph.union(id_, graph.literal(literal))


def _write_as_sum(graph: EGraph, id_: int, value: np.ndarray, units: dict[int, np.ndarray]) -> None:
    """A class that only depends on how many of three or more variables are 1, written as arithmetic on their sum."""
    used = [unit for unit, axis in units.items() if _matters(value, axis)]
    if len(used) < LEAST_SYMMETRIC:
        return
    total = sum(units[unit].astype(np.int64) for unit in used)
    levels = [value[total == level] for level in range(len(used) + 1)]
    if any((level != level[0]).any() for level in levels):
        return
    by_count = [int(level[0]) for level in levels]
    if by_count == list(range(len(used) + 1)):
        return
    for op, k in [("mod", 2), *(("floordiv", k) for k in range(2, len(used) + 1))]:
        if by_count == [level % k if op == "mod" else level // k for level in range(len(used) + 1)]:
            _union_sum(graph, id_, op, used, k)
    if sorted(by_count) == by_count and set(by_count) == {0, 1}:
        _union_sum(graph, id_, "lt", used, by_count.index(1) - 1)


def _matters(value: np.ndarray, axis: np.ndarray) -> bool:
    """Whether changing one 0/1 variable ever changes the value. The grid holds its two halves in the same order."""
    ones = axis.astype(bool)
    return bool((value[ones] != value[~ones]).any())


def _union_sum(graph: EGraph, id_: int, op: str, used: list[int], k: int) -> None:
    total = used[0]
    for unit in used[1:]:
        total = graph.apply("add", total, unit, canonical=True)
    literal = graph.literal(k)
    args = (literal, total) if op == "lt" else (total, literal)
    graph.union(id_, graph.apply(op, *args))
