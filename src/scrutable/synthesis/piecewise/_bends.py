"""Functions as a plane plus and minus the sizes of others: sums of hinges, each over the whole domain."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from scrutable.synthesis.piecewise._cost import misfit
from scrutable.synthesis.piecewise._forms import Bends, Form, Leaf, extended
from scrutable.synthesis.piecewise._sample import Sample

MOST_BENDS = 5
PER_BEND = 22.0
ALIKE = 0.05


def bent(planes: np.ndarray, sample: Sample) -> Form | None:
    """`base + sum of +-|bend|`, the bends chosen greedily among those where two planes meet; None without any.

    Arguments:
        planes: `(k, d + 1)`.

    A sum of m hinges has up to 2^m pieces, but two pieces side by side differ by one hinge only.
    """
    wide = extended(sample.x)
    offered = _offered(planes, sample)
    if not len(offered):
        return None
    sizes = np.abs(wide @ offered.T)
    chosen: list[int] = []
    best = _cost(wide, sizes, chosen, sample)
    while len(chosen) < MOST_BENDS:
        options = [
            (_cost(wide, sizes, [*chosen, i], sample) + PER_BEND * (len(chosen) + 1), i)
            for i in range(len(offered))
            if i not in chosen
        ]
        if not options or min(options)[0] >= best:
            break
        best, more = min(options)
        chosen.append(more)
    return _form(wide, sizes, chosen, offered, sample) if chosen else None


def _offered(planes: np.ndarray, sample: Sample) -> np.ndarray:
    """The hyperplanes inside the domain where two planes meet, each once, of unit length on the box."""
    found: list[np.ndarray] = []
    wide = extended(sample.x)
    for i, j in combinations(range(len(planes)), 2):
        plane = planes[i] - planes[j]
        length = float(np.sqrt((((plane[:-1]) * sample.reach) ** 2).sum()))
        if length < 1e-9 * sample.spread:
            continue
        plane = plane / length
        values = wide @ plane
        if min((values > 0).sum(), (values < 0).sum()) < 4:
            continue
        if all(min(np.abs(values - o).max(), np.abs(values + o).max()) > ALIKE for o in (wide @ p for p in found)):
            found.append(plane)
    return np.array(found).reshape(len(found), planes.shape[1])


def _solved(wide: np.ndarray, sizes: np.ndarray, chosen: list[int], sample: Sample) -> np.ndarray:
    design = np.concatenate([wide, sizes[:, chosen]], axis=1)
    return np.linalg.lstsq(design, sample.y, rcond=1e-9)[0]


def _cost(wide: np.ndarray, sizes: np.ndarray, chosen: list[int], sample: Sample) -> float:
    found = _solved(wide, sizes, chosen, sample)
    said = wide @ found[: wide.shape[1]] + sizes[:, chosen] @ found[wide.shape[1] :]
    return misfit(said - sample.y, sample)


def _form(wide: np.ndarray, sizes: np.ndarray, chosen: list[int], offered: np.ndarray, sample: Sample) -> Form:
    found = _solved(wide, sizes, chosen, sample)
    base, factors = found[: wide.shape[1]], found[wide.shape[1] :]
    planes = np.stack([base, *(abs(c) * offered[i] for c, i in zip(factors, chosen, strict=True))])
    bends = tuple((1 if c > 0 else -1, Leaf(i + 1)) for i, c in enumerate(factors))
    return Form(Bends(Leaf(0), bends), planes)
