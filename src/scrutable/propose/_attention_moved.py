"""What a head moves: a variable picked at the first selected key, or the mean of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.program import Call, Const, Expr, Var, call
from scrutable.propose._attention_graph import NotRead
from scrutable.propose._attention_heads import Attending

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk


@final
@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """What some heads that attend alike move, as its reader sees it.

    Arguments:
        site: the name of the heads. names: the variables moved. chosen, how: which keys are selected.
        cells: what is read at each position, `(cells, numbers)`. start: what is read at the start token.
        within: values nearer than this are one.
    """

    site: str
    names: tuple[str, ...]
    chosen: Expr
    how: Attending
    cells: np.ndarray
    start: np.ndarray | None
    within: float


def picked(walk: Walk, moved: Moved, *, last: bool) -> list[str]:
    """The variables at the first selected key.

    Arguments:
        last: whether the output reads them.
    """
    like = None
    if moved.start is not None:
        near = np.flatnonzero(np.abs(moved.cells - moved.start).max(1) < 2 * moved.within)
        like = near[0] if len(near) else None
    found = []
    for name in moved.names:
        source, labels = name, walk.store.labels[name]
        if like is not None or not moved.how.none.any():
            default = labels[0 if like is None else like].item()
        else:
            source, default = _fresh(walk, name, moved.how, last=last)
        found.append(walk.store.add("picked", _pick(moved.chosen, walk.store.var(source), default), site=moved.site))
    return found


def _pick(chosen: Expr, values: Expr, default: float) -> Expr:
    """The value at the first selected key; a shift where that is always so many positions away."""
    match chosen:
        case Call("select", (Var("position"), Call("add", (Var("position"), Const(value=step)))), ("eq",)):
            return call("shift", values, params=(-step, default))
    return call("pick", chosen, values, params=(default,))


def _fresh(walk: Walk, name: str, how: Attending, *, last: bool) -> tuple[str, int]:
    """A value that no key has; that which the network answers, where it answers what the head gives."""
    labels = walk.store.labels[name]
    if labels.dtype.kind == "b":
        name = walk.store.add("number", call("if", walk.store.var(name), 1, 0), site=None)
        labels = walk.store.labels[name]
    if last and walk.reading.network.outputs.kind != "Reals":
        answers = np.unique(np.concatenate([y.reshape(-1) for y in walk.reading.answers()])[how.none])
        if len(answers) == 1 and answers[0] not in labels:
            return name, int(answers[0])
    return name, -1 if labels.min() >= 0 else int(labels.max()) + 1


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
    start = 0.0 if moved.start is None else tidy(((moved.start - middle) @ axis - base) / slope)
    expr = call("aggregate", moved.chosen, walk.store.var(name), params=(float(start),))
    return [walk.store.add("mean", expr, site=moved.site)]


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
