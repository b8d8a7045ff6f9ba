"""The parts of a captured graph: nodes, what their arguments can be, and where rows of data are in a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Value:
    """An argument that is the value of a node."""

    node: int


@dataclass(frozen=True, slots=True)
class Size:
    """An argument that is a whole number growing with the number of rows: `constant + each * rows`."""

    constant: int
    each: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of the data are in a value: on `axis`, with `group` entries for each row.

    Arguments:
        outer: a row's entries lie together on that axis; else those of equal position do.
    """

    axis: int
    group: int = 1
    outer: bool = True

    def count(self, value: Tensor) -> int:
        """How many rows a value has."""
        return value.shape[self.axis] // self.group

    def first(self, value: Tensor) -> Tensor:
        """The value with its rows in front, `(n, ...)`; a group is an axis of its own, where the rows were."""
        if self.group == 1:
            return value.movedim(self.axis, 0)
        n = self.count(value)
        split = value.unflatten(self.axis, (n, self.group) if self.outer else (self.group, n))
        return split.movedim(self.axis if self.outer else self.axis + 1, 0)

    def back(self, value: Tensor) -> Tensor:
        """The inverse of `first`."""
        if self.group == 1:
            return value.movedim(0, self.axis)
        return value.movedim(0, self.axis if self.outer else self.axis + 1).flatten(self.axis, self.axis + 1)

    def take(self, value: Tensor, index: Tensor) -> Tensor:
        """Some rows of a value, in its own shape."""
        if self.group == 1:
            return value.index_select(self.axis, index)
        return self.back(self.first(value).index_select(0, index))

    def join(self, values: Sequence[Tensor]) -> Tensor:
        """Values of successive rows as one."""
        if len(values) == 1:
            return values[0]
        if self.group == 1 or self.outer:
            return torch.cat(list(values), self.axis)
        return self.back(torch.cat([self.first(value) for value in values]))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a forward.

    Arguments:
        name: unique; a submodule's path where it is what the submodule gives ("blocks.0.attn"; its further tensors
            "blocks.0.attn:1"), else the path and the operation ("blocks.0.attn.softmax"). Later calls have "#2", "#3".
            Operations with several results end in "()"; their results are nodes of their own.
        call: what computes it; None for the input, weights and constants.
        args, kwargs: its arguments, with `Value` for values and `Size` for numbers that depend on the number of rows.
        inputs: the nodes it is computed from.
        rows: where its rows are; None when it has none.
        live: whether it depends on the input. fixed: whether it depends on weights alone.
        shape: of one row, its rows in front; () without rows. dtype: of the values; None for several results.
        tensor: of a weight or constant.
    """

    index: int
    name: str
    call: Callable[..., Any] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[int, ...]
    rows: Rows | None
    live: bool
    fixed: bool
    shape: tuple[int, ...] = ()
    dtype: torch.dtype | None = None
    tensor: Tensor | None = None

    @property
    def is_site(self) -> bool:
        """Whether it is a tensor with a value for each row that depends on the input."""
        return self.live and self.rows is not None

    @property
    def bytes(self) -> int:
        """Of one row; 0 where there is none."""
        return 0 if self.rows is None or self.dtype is None else math.prod(self.shape) * self.dtype.itemsize


def parts_of(held: Any, kind: type) -> list[Any]:
    """Everything of one kind in nested arguments."""
    if isinstance(held, kind):
        return [held]
    if isinstance(held, dict):
        held = held.values()
    elif not isinstance(held, (tuple, list)):
        return []
    return [found for part in held for found in parts_of(part, kind)]


def same(value: Tensor, *_: Any, **__: Any) -> Tensor:
    """The value itself: what nodes that only give another one a name compute."""
    return value
