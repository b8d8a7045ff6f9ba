"""How the arguments of an operator line up: by their types, never by the luck of their shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scrutable.errors import ProgramError
from scrutable.program._types import Array, Seq, Type


def alignment(lift: str, types: Sequence[Type]) -> list[Any]:
    """For each argument the index that gives it the axes it lacks, or None when it lacks none."""
    if lift == "none":
        return [None] * len(types)
    in_sequence = any(isinstance(type_, Seq) for type_ in types)
    if lift == "sequence":
        return [None if isinstance(type_, Seq) else (slice(None), None) for type_ in types]
    items = [type_.item if isinstance(type_, Seq) else type_ for type_ in types]
    axes = max((len(item.shape) for item in items if isinstance(item, Array)), default=0)
    views = []
    for type_, item in zip(types, items, strict=True):
        step = (None,) if in_sequence and not isinstance(type_, Seq) else ()
        length = (slice(None),) if isinstance(type_, Seq) else step
        tail = (Ellipsis,) if isinstance(item, Array) else (None,) * axes
        lacks = None in (*length, *tail)
        views.append((slice(None), *length, *tail) if lacks else None)
    return views


def aligned(function: Callable[..., Any], views: Sequence[Any]) -> Callable[..., Any]:
    """`function`, its arguments given the axes they lack."""

    def viewed(*values: Any) -> Any:
        pairs = zip(values, views, strict=True)
        return function(*[value if view is None else value[view] for value, view in pairs])

    return viewed


def same_length(name: str, sequences: list[bool], function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, refusing sequences of unequal lengths, which would broadcast when one has length 1."""

    def checked(*values: Any) -> Any:
        lengths = {value.shape[1] for value, is_sequence in zip(values, sequences, strict=True) if is_sequence}
        if len(lengths) > 1:
            raise ProgramError(f"{name} got sequences of lengths {sorted(lengths)}; expected equal lengths")
        return function(*values)

    return checked
