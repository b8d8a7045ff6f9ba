"""Which maps a block of units computes, and by which units each.

A unit that is silent on all words may still speak where values come together that no word brings together. It is read
like the others, so that the program says what follows there too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.propose._attention_classes import EDGE, WITHIN, classes, spread
from scrutable.propose._attention_combined import Combined, Heard, combined, names_of
from scrutable.propose._attention_graph import Component

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk


def mapped(
    walk: Walk, source: Component, outgoing: np.ndarray, scale: float, *, last: bool, through_reals: bool
) -> list[tuple[list[int], tuple[str, ...]]]:
    """The variables that a block of units computes, and by which units: one for each set of things that some read.

    Arguments:
        outgoing: `(units, k)`, what its reader sees of each unit. scale: by how much what varies most does.
        last: whether the output reads them; what they are computed from then serves as well.
        through_reals: see `Walk.classed`.
    """
    held = walk.flat(walk.reading.held(source))
    reader = (source.name, "input")
    total, groups = _groups(walk, source, outgoing, EDGE * scale / 20)
    found: list[tuple[list[int], tuple[str, ...]]] = []
    maps = _joined(groups, held, outgoing, WITHIN * scale)
    for units in maps:
        view = held[:, units] @ outgoing[units]
        if spread(view) <= EDGE * scale:
            continue
        through = np.zeros((held.shape[1], len(units)))
        through[units, range(len(units))] = 1 / total[units]
        heard = walk.heard(reader, through)
        parents = names_of(heard)
        more = _outcomes(walk, source, heard, units, outgoing)
        if last and len(maps) == 1:
            found.append((units, tuple(parents)))
            walk.outcomes, walk.last = more, source.name
            continue
        here, site = walk.classed, source.name
        names = list(here(parents, view, scale, name="value", site=site, more=more, through_reals=through_reals))
        found.append((units, tuple(names)))
        seen = np.zeros_like(outgoing)
        seen[units] = outgoing[units]
        for name in set(names) - set(parents):
            walk.sites.note(name, source, "held", seen)
    return found


def _groups(walk: Walk, source: Component, outgoing: np.ndarray, least: float) -> tuple[np.ndarray, list[list[int]]]:
    """By how much what each unit gets varies, and the units that read the same components."""
    reader = (source.name, "input")
    sources = walk.reading.sources(reader)
    sizes = [(s, np.ptp(walk.flat(walk.reading.contribution(s, reader)), axis=0)) for s in sources]
    total = np.max([size for _, size in sizes], axis=0)
    groups: dict[frozenset[str], list[int]] = {}
    for unit in np.flatnonzero(total * np.abs(outgoing).max(1) > least):
        names = frozenset(s.name for s, size in sizes if size[unit] > EDGE * total[unit])
        groups.setdefault(names, []).append(int(unit))
    return total, list(groups.values())


def _outcomes(
    walk: Walk, source: Component, heard: list[Heard], units: list[int], outgoing: np.ndarray
) -> Combined | None:
    """What is seen of some units for every combination of what they read."""
    constant = walk.reading.bias((source.name, "input"))[-1][0, -1]
    more = combined(heard, walk.store.labels, constant)
    if more is None:
        return None
    held = walk.reading.activated(source, more.numbers)
    return Combined(more.columns, held[:, units] @ outgoing[units])


def _joined(groups: list[list[int]], held: np.ndarray, outgoing: np.ndarray, within: float) -> list[list[int]]:
    """Groups of units, as one where together they show no more than one of them: the codes of one map's values."""
    units = sorted(unit for group in groups for unit in group)
    counts = [_count(held[:, each] @ outgoing[each], within) for each in (*groups, units)]
    return [units] if len(groups) > 1 and counts[-1] <= max(counts[:-1]) else groups


def _count(view: np.ndarray, within: float) -> float:
    found = classes(view, within)
    return np.inf if found is None else float(found.max())
