"""Detector: which column is the largest or the smallest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import View, whole_view
from scrutable.work import Clock


@final
@dataclass(frozen=True, slots=True)
class Argmax(Method):
    """The place of the largest or smallest of several columns, in their order, the first of equal ones or the last.

    The columns are those of which the answer's number is the place: all of them, or a run of neighbours. Each may have
    a whole number added to it.
    """

    name: str = "argmax"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if table.real:
            return "the answers are real numbers"
        return None if len(table.columns) > 1 else "fewer than two columns"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = whole_view(table)
        lowest, labels = int(view.target.min()), int(view.target.max() - view.target.min()) + 1
        if not 2 <= labels <= view.width:
            return
        for start in range(view.width - labels + 1):
            if clock.over:
                return
            expr = _place(view, start, labels, lowest)
            if expr is not None:
                yield scored(expr if not lowest else call("add", expr, lowest), table)


def _place(view: View, start: int, count: int, lowest: int) -> Expr | None:
    """The expression for the place among `count` columns from `start`, if it is right on every row."""
    block = view.columns[:, start : start + count]
    leaves, wanted = view.leaves[start : start + count], view.target - lowest
    for sign in (1, -1):
        shift = shifts(sign * block, wanted)
        moved = sign * block + shift
        options = [_moved(leaf, sign, s) for leaf, s in zip(leaves, shift.tolist(), strict=True)]
        if (moved.argmax(axis=1) == wanted).all():
            return call("argmax", *options)
        if (count - 1 - moved[:, ::-1].argmax(axis=1) == wanted).all():
            return call("sub", count - 1, call("argmax", *reversed(options)))
    return None


def shifts(block: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """What is added to each column so that the wanted one is the first largest: 0 where that will do, or nothing will.

    The answers bound the differences of the shifts from below; shortest paths (Bellman and Ford) give the least ones.
    """
    count, rows = block.shape[1], np.arange(len(wanted))
    zero = np.zeros(count, dtype=block.dtype)
    best = block[rows, wanted]
    if (best == block.max(axis=1)).all():
        return zero
    if block.dtype.kind == "f":
        return zero
    needs = np.full((count, count), -np.inf)
    for label in range(count):
        mine = block[wanted == label]
        if len(mine):
            needs[label] = (mine + (np.arange(count) < label) - mine[:, [label]]).max(axis=0)
    needs[np.arange(count), np.arange(count)] = 0
    shift = np.zeros(count)
    for _ in range(count):
        raised = (needs + shift[None, :]).max(axis=1)
        if (raised == shift).all():
            break
        shift = np.maximum(shift, raised)
    if not np.isfinite(shift).all():
        return zero
    values, counts = np.unique(shift, return_counts=True)
    return (shift - values[counts.argmax()]).astype(block.dtype)


def _moved(leaf: Expr, sign: int, shift: int | float) -> Expr:
    expr = leaf if sign > 0 else call("neg", leaf)
    return expr if not shift else call("add", expr, shift)
