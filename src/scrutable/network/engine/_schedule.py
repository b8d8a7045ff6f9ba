"""The steps that compute some nodes of a graph from the values of others."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, final

from torch import Tensor

from scrutable.errors import UserError
from scrutable.network.engine._node import Node, Size, Value, parts_of, same

Edits = Mapping[int, Callable[[Tensor], Tensor]]


class Step(NamedTuple):
    """One operation: on what `pick` takes out of the slots, its result put into slot `out`, and `done` emptied then."""

    call: Callable[..., Any]
    pick: Callable[[list[Any]], Sequence[Any]]
    out: int
    done: tuple[int, ...]


@final
class Schedule:
    """The steps from given nodes to wanted ones, on a list of slots. Node `i` has slot `i`.

    Everything else that an operation takes has a slot of its own, so that a run does little but the operations.
    """

    def __init__(self, layout: _Layout, wanted: Sequence[int]) -> None:
        self._slots, self._sized, self._edits = layout.slots, layout.sized, layout.edits
        self._wanted = [layout.at(i) for i in wanted]
        self._steps = layout.steps(frozenset(self._wanted))
        self._last: tuple[int | None, list[Any]] = (None, self._slots)

    def run(self, given: Mapping[int, Tensor], edits: Edits, n: int | None) -> list[Any]:
        """The wanted values, for n rows."""
        values = self._for_rows(n).copy()
        for i, value in given.items():
            values[i] = value
        for i, slot in self._edits.items():
            values[slot] = edits[i]
        for call, pick, out, done in self._steps:
            values[out] = call(*pick(values))
            for i in done:
                values[i] = None
        return [values[i] for i in self._wanted]

    def _for_rows(self, n: int | None) -> list[Any]:
        """The slots with the numbers that depend on how many rows there are, kept from run to run."""
        if not self._sized:
            return self._slots
        if n is None:
            raise UserError("got no value with rows, expected one: the number of rows is not known")
        known, slots = self._last
        if known != n:
            slots = self._slots.copy()
            for slot, held in self._sized.items():
                slots[slot] = filled(held, {}, n)
            self._last = n, slots
        return slots


@final
class _Layout:
    """Slots, and what is done with them in order.

    Arguments:
        slots: what is in them before a run. sized: what holds numbers that depend on the number of rows.
        edits: for each edited node, where its edit goes.
    """

    def __init__(self, count: int, edited: frozenset[int]) -> None:
        self.slots: list[Any] = [None] * count
        self.sized: dict[int, Any] = {}
        self.edits: dict[int, int] = {}
        self._edited = edited
        self._calls: list[tuple[Callable[..., Any], list[int], int]] = []
        self._same: dict[int, int] = {}

    def at(self, i: int) -> int:
        """The slot that holds a node's value: another node's where both are always the same."""
        return self._same.get(i, i)

    def known(self, i: int) -> None:
        """A node whose value is there before the run."""
        if i in self._edited:
            self.edits[i] = self._slot(None)
            self._calls.append((operator.call, [self.edits[i], i], i))

    def add(self, node: Node) -> None:
        """A node that is computed."""
        assert node.call is not None
        if node.call is same and node.index not in self._edited:
            self._same[node.index] = self.at(node.args[0].node)
            return
        call = _named(node.call, tuple(node.kwargs)) if node.kwargs else node.call
        self._calls.append((call, [self._slot(held) for held in (*node.args, *node.kwargs.values())], node.index))
        self.known(node.index)

    def steps(self, wanted: frozenset[int]) -> tuple[Step, ...]:
        """The steps, each emptying what no later one takes."""
        last = {i: at for at, (_, slots, _) in enumerate(self._calls) for i in slots}
        made = {out for _, _, out in self._calls}
        done: dict[int, list[int]] = {}
        for i, at in last.items():
            if i in made and i not in wanted and self._calls[at][2] != i:
                done.setdefault(at, []).append(i)
        return tuple(
            Step(call, _taking(slots), out, tuple(done.get(at, ())))
            for at, (call, slots, out) in enumerate(self._calls)
        )

    def _slot(self, held: Any) -> int:
        """The slot where an argument is found."""
        if isinstance(held, Value):
            return self.at(held.node)
        self.slots.append(held)
        slot = len(self.slots) - 1
        if parts_of(held, Value):
            self.slots[slot] = None
            self._calls.append((_listed, [self._slot(part) for part in held], slot))
        elif parts_of(held, Size):
            self.sized[slot] = held
        return slot


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
    layout = _Layout(len(nodes), edited)
    for i in sorted({*wanted, *(edited & needed), *(i for k in run for i in nodes[k].inputs)} - run):
        layout.slots[i] = None if i in given else fixed(i)
        layout.known(i)
    for i in sorted(run):
        layout.add(nodes[i])
    return Schedule(layout, wanted)


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


def _taking(slots: list[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """What takes several out of a list, always as a sequence."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return itemgetter(slice(slots[0], slots[0] + 1) if slots else slice(0))


def _named(call: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """A function whose last arguments are named ones."""
    return lambda *held: call(*held[: -len(names)], **dict(zip(names, held[-len(names) :], strict=True)))


def _listed(*parts: Any) -> list[Any]:
    return list(parts)


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
