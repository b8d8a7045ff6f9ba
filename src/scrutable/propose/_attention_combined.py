"""What a reader would get for combinations of values that no word brings together.

What it gets is a sum, one part for each component that it reads, and each part is a function of the variables found
there. A program that says what follows from every combination is right about interventions too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.propose._attention_classes import joint, settled_by

MOST = 4096
"""Combinations; where there are more, only those that occur are looked at."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What a reader gets of one component: the variables found in it, and its numbers, `(cells, numbers)`."""

    names: tuple[str, ...]
    numbers: np.ndarray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """Combinations of values, a row each, with what the reader gets in all: `(rows, numbers)`."""

    columns: Mapping[str, np.ndarray]
    numbers: np.ndarray


def combined(heard: Sequence[Heard], labels: Mapping[str, np.ndarray], constant: np.ndarray) -> Combined | None:
    """Every combination of the values of variables that are read of different components.

    Arguments:
        labels: the value of each variable in each cell. constant: `(numbers,)`, what the reader gets besides.

    Returns:
        None where nothing new would be seen: fewer than two components with variables, or too many combinations.
    """
    constant = constant + sum(each.numbers.mean(0) for each in heard if not each.names)
    blocks = _apart([each for each in heard if each.names])
    kinds = [joint([labels[n] for n in block.names]) for block in blocks]
    firsts = [np.unique(kind, return_index=True)[1] for kind in kinds]
    if len(blocks) < 2 or np.prod([float(len(first)) for first in firsts]) > MOST:
        return None
    places = np.indices([len(first) for first in firsts]).reshape(len(firsts), -1)
    rows = [first[place] for first, place in zip(firsts, places, strict=True)]
    columns = {n: labels[n][row] for block, row in zip(blocks, rows, strict=True) for n in block.names}
    means = [settled_by([kind], block.numbers)[0] for kind, block in zip(kinds, blocks, strict=True)]
    return Combined(columns, constant + sum(each[place] for each, place in zip(means, places, strict=True)))


def names_of(heard: Iterable[Heard]) -> list[str]:
    """The variables of all components."""
    return list(dict.fromkeys(name for each in heard for name in each.names))


def _apart(heard: Sequence[Heard]) -> list[Heard]:
    """Components that share a variable as one."""
    blocks: list[Heard] = []
    for each in heard:
        names, numbers = dict.fromkeys(each.names), each.numbers
        for block in [b for b in blocks if set(b.names) & set(names)]:
            blocks.remove(block)
            names |= dict.fromkeys(block.names)
            numbers = numbers + block.numbers
        blocks.append(Heard(tuple(names), numbers))
    return blocks


def nearest(view: np.ndarray, classes: np.ndarray, new: np.ndarray, within: float) -> np.ndarray:
    """The class of new vectors, `(rows, k)`, by those of known ones, `(cells, k)`; -1 for what is like none."""
    _, first = np.unique(classes, return_index=True)
    centres = view[first]
    far = np.array([np.abs(centres - vector).max(1) for vector in new]).reshape(len(new), len(centres))
    best = far.argmin(1)
    return np.where(far[np.arange(len(new)), best] < within, classes[first][best], -1)
