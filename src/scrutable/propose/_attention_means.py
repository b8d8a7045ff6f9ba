"""The mean of a number over the keys that a head selects, weighted where keys do not weigh the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.program import call
from scrutable.propose._attention_classes import CLEARLY
from scrutable.propose._attention_graph import NotRead
from scrutable.propose._attention_weights import weighted_mean

if TYPE_CHECKING:
    from scrutable.propose._attention_moved import Moved
    from scrutable.propose._attention_walk import Walk

UNEVEN = 0.0025
"""A mean that is this share of what varies off what is seen may be one of keys that weigh more than others."""


def mean(walk: Walk, moved: Moved) -> list[str]:
    """The mean of one number over the selected keys.

    Raises:
        NotRead: what is read lies on no line, or its values are no whole steps apart.
    """
    middle = moved.cells.mean(0)
    axis = np.ones(1)
    if moved.cells.shape[1] > 1:
        _, sizes, axes = np.linalg.svd(moved.cells - middle, full_matrices=False)
        axis = axes[0]
        if sizes[1] > 0.02 * sizes[0]:
            raise NotRead(f"{moved.site} takes the mean of more than one number")
    numbers = (moved.cells - middle) @ axis
    name, slope, base = _numbered(walk, moved, numbers)
    start = 0.0 if moved.start is None else float(tidy(((moved.start - middle) @ axis - base) / slope))
    seen = ((moved.seen - middle) @ axis - base) / slope
    plain = call("aggregate", moved.chosen, walk.store.var(name), params=(start,))
    even = walk.store.add("mean", plain, site=moved.site)
    missed = np.abs(walk.store.labels[even] - seen).max()
    if missed <= UNEVEN * np.ptp(numbers) / abs(slope):
        return [even]
    uneven = weighted_mean(walk, moved.how, moved.chosen, walk.store.var(name), start)
    better = walk.store.add("mean", uneven, site=moved.site)
    return [better if np.abs(walk.store.labels[better] - seen).max() < CLEARLY * missed else even]


def _numbered(walk: Walk, moved: Moved, numbers: np.ndarray) -> tuple[str, float, float]:
    """A variable of which the numbers are a multiple, and a constant more: name, factor, constant."""
    for name in moved.names:
        labels = walk.store.labels[name].astype(np.float64)
        slope, base = np.polyfit(labels, numbers, 1)
        if np.abs(slope * labels + base - numbers).max() < 0.012 * np.ptp(numbers):
            return name, float(slope), float(base)
    levels = np.unique(np.round(numbers / np.ptp(numbers), 3)) * np.ptp(numbers)
    slope, base = np.diff(levels).min(), levels[0]
    steps = (numbers - base) / slope
    whole = np.round(steps).astype(np.int64)
    if np.abs(whole - steps).max() > 0.05:
        raise NotRead(f"{moved.site} takes the mean of numbers that are no whole steps apart")
    return walk.computed(list(moved.names), whole, "number", truth=False), float(slope), float(base)


def tidy(value: float) -> float:
    """A number with as few digits as come near it."""
    for digits in range(1, 5):
        if abs(round(float(value), digits) - value) < 1e-3:
            return round(float(value), digits) + 0.0
    return float(value)
