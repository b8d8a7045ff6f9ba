"""The steps that compute some nodes of a graph from the values of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from scrutable.errors import UserError
from scrutable.network.engine._node import Node, Size, Value, parts_of

Edits = Mapping[int, Callable[[Tensor], Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One operation.

    Arguments:
        slots: (position, node) of the arguments that are values. nested: whether there are values or sizes elsewhere.
        done: nodes whose values are needed no more.
    """

    node: int
    call: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    slots: tuple[tuple[int, int], ...]
    nested: bool
    done: tuple[int, ...]

    def value(self, values: dict[int, Any], n: int | None) -> Any:
        """What the operation gives."""
        if self.nested:
            return self.call(*filled(self.args, values, n), **filled(self.kwargs, values, n))
        args = list(self.args)
        for position, node in self.slots:
            args[position] = values[node]
        return self.call(*args, **self.kwargs)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The steps from given nodes to wanted ones.

    Arguments:
        constants: values that depend on weights alone. sized: whether the number of rows must be known.
    """

    wanted: tuple[int, ...]
    constants: dict[int, Any]
    steps: tuple[Step, ...]
    sized: bool

    def run(self, given: Mapping[int, Tensor], edits: Edits, n: int | None) -> list[Any]:
        """The wanted values, for n rows."""
        if n is None and self.sized:
            raise UserError("got no value with rows, expected one: the number of rows is not known")
        values = {**self.constants, **given}
        for i in edits.keys() & values.keys():
            values[i] = edits[i](values[i])
        for step in self.steps:
            value = step.value(values, n)
            values[step.node] = edits[step.node](value) if step.node in edits else value
            for i in step.done:
                del values[i]
        return [values[i] for i in self.wanted]


def schedule(
    nodes: Sequence[Node],
    wanted: Sequence[int],
    given: frozenset[int],
    edited: frozenset[int],
    fixed: Callable[[int], Any],
) -> Schedule:
    """The steps from given nodes to wanted ones; edited nodes change on the way.

    Arguments:
        fixed: the value of a node that depends on weights alone.

    Raises:
        UserError: the input is needed and not given.
    """
    needed = _needed(nodes, wanted, given)
    if 0 in needed and 0 not in given:
        raise UserError("got no value for the input, expected it, or values that cut it off from what is wanted")
    run = _run(nodes, needed, given, edited)
    used = {i for k in run for i in nodes[k].inputs} | set(wanted) | (edited & needed)
    return Schedule(
        wanted=tuple(wanted),
        constants={i: fixed(i) for i in used if i in needed and i not in given and i not in run},
        steps=_steps(nodes, sorted(run), frozenset(wanted)),
        sized=any(parts_of((nodes[i].args, nodes[i].kwargs), Size) for i in run),
    )


def _needed(nodes: Sequence[Node], wanted: Sequence[int], given: frozenset[int]) -> set[int]:
    waiting, found = list(wanted), set()
    while waiting:
        i = waiting.pop()
        if i not in found:
            found.add(i)
            waiting += () if i in given else nodes[i].inputs
    return found


def _run(nodes: Sequence[Node], needed: set[int], given: frozenset[int], edited: frozenset[int]) -> set[int]:
    """The nodes that must be computed: all but those that depend on weights alone and on nothing given or edited."""
    changed, run = set(given | edited), set()
    for i in sorted(needed):
        node = nodes[i]
        if i in given or node.call is None:
            continue
        if not node.fixed or not changed.isdisjoint(node.inputs):
            changed.add(i)
            run.add(i)
    return run


def _steps(nodes: Sequence[Node], run: list[int], wanted: frozenset[int]) -> tuple[Step, ...]:
    """Each node once, with what can be dropped after it."""
    done: dict[int, list[int]] = {}
    last = {i: k for k in run for i in nodes[k].inputs}
    for i, k in last.items():
        if i not in wanted:
            done.setdefault(k, []).append(i)
    return tuple(_step(nodes[k], tuple(done.get(k, ()))) for k in run)


def _step(node: Node, done: tuple[int, ...]) -> Step:
    assert node.call is not None
    slots = tuple((at, a.node) for at, a in enumerate(node.args) if isinstance(a, Value))
    everything = parts_of((node.args, node.kwargs), Value) + parts_of((node.args, node.kwargs), Size)
    return Step(node.index, node.call, node.args, node.kwargs, slots, len(everything) > len(slots), done)


def filled(held: Any, values: Mapping[int, Any], n: int | None) -> Any:
    """Arguments with their values and sizes put in."""
    if isinstance(held, Value):
        return values[held.node]
    if isinstance(held, Size):
        assert n is not None
        return held.constant + held.each * n
    if isinstance(held, dict):
        return {key: filled(part, values, n) for key, part in held.items()}
    return type(held)(filled(part, values, n) for part in held) if isinstance(held, (tuple, list)) else held
