"""Inputs and outputs of counter-examples as short text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scrutable.hypothesis import CounterExample

LONGEST = 240


@dataclass(frozen=True, slots=True)
class Cell:
    """One element of an output, and whether program and network differ there."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A counter-example for the page: input lines (name, text), and both outputs element by element."""

    inputs: tuple[tuple[str, str], ...]
    program: tuple[Cell, ...]
    network: tuple[Cell, ...]
    where: str


def case(example: CounterExample, names: Sequence[str]) -> Case:
    """A counter-example of a program whose inputs carry `names`."""
    program, network = _cells(example.expected, example.got), _cells(example.got, example.expected)
    return Case(tuple(_inputs(example.input, names)), program, network, example.where)


def text(value: Any) -> str:
    """Plain data on one line: elements of a flat sequence are separated by spaces."""
    if isinstance(value, (tuple, list)) and value and not any(isinstance(v, (tuple, list)) for v in value):
        return _cut(" ".join(_plain(v) for v in value))
    if isinstance(value, (tuple, list)):
        return _cut("(" + ", ".join(text(v) for v in value[:64]) + ")")
    return _cut(_plain(value))


def _inputs(value: Any, names: Sequence[str]) -> list[tuple[str, str]]:
    """One line for each input; several inputs are taken apart along the last axis."""
    if len(names) > 1 and isinstance(value, (tuple, list)) and value:
        if all(isinstance(v, (tuple, list)) and len(v) == len(names) for v in value):
            return [(name, text([v[k] for v in value])) for k, name in enumerate(names)]
        if len(value) == len(names):
            return [(name, text(v)) for name, v in zip(names, value, strict=True)]
    return [(names[0] if len(names) == 1 else "input", text(value))]


def _cells(value: Any, other: Any) -> tuple[Cell, ...]:
    flat = isinstance(value, (tuple, list)) and not any(isinstance(v, (tuple, list)) for v in value)
    same_length = isinstance(other, (tuple, list)) and flat and len(other) == len(value)
    if not same_length or len(value) > 64:
        return (Cell(text(value), differs=False),)
    return tuple(Cell(_plain(a), differs=a != b) for a, b in zip(value, other, strict=True))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _cut(f"{value:.6g}" if isinstance(value, float) else str(value))


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}\u2026"
