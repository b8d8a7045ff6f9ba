"""Bounds of what units of a piecewise-linear network receive, on a box.

Intervals where they settle the sign; else a linear program over the inputs and the earlier units, each within the
convex hull of its graph.

Reference: R. Ehlers, Formal verification of piece-wise linear feed-forward neural networks (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scrutable.propose._relu_units import Unit


def bounds_of(row: np.ndarray, units: Sequence[Unit], lo: np.ndarray, hi: np.ndarray) -> tuple[float, float]:
    """The least and greatest value of `row`, an affine function of constant, inputs and units, `(1 + d + units,)`."""
    lows = np.concatenate([[1.0], lo, [_ends(unit)[0] for unit in units]])
    highs = np.concatenate([[1.0], hi, [_ends(unit)[1] for unit in units]])
    least = float(np.where(row > 0, row * lows, row * highs).sum())
    most = float(np.where(row > 0, row * highs, row * lows).sum())
    if least >= 0 or most <= 0 or not row[1 + len(lo) :].any():
        return least, most
    return _by_program(row, units, lows, highs, (least, most))


def _ends(unit: Unit) -> tuple[float, float]:
    low, high = (float(unit.at(np.array(end))) for end in (unit.lo, unit.hi))
    return (0.0 if unit.kind == "abs" else low), max(low, high)


def _by_program(
    row: np.ndarray, units: Sequence[Unit], lows: np.ndarray, highs: np.ndarray, known: tuple[float, float]
) -> tuple[float, float]:
    from scipy.optimize import linprog

    d = len(row) - 1 - len(units)
    matrix, limit = _hulls(units, d, len(row) - 1)
    box = list(zip(lows[1:], highs[1:], strict=True))
    found = []
    for sign, fallback in zip((1.0, -1.0), known, strict=True):
        solved = linprog(sign * row[1:], A_ub=matrix, b_ub=limit, bounds=box, method="highs")
        found.append(sign * float(solved.fun) + float(row[0]) if solved.status == 0 else fallback)
    return max(found[0], known[0]), min(found[1], known[1])


def _hulls(units: Sequence[Unit], d: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """`matrix @ (inputs, units) <= limit`: convex units lie above both their pieces and below their chord.

    Clips are bounded by the box alone.
    """
    matrix, limit = [], []
    for i, unit in enumerate(units):
        argument = np.zeros(width + 1)
        argument[: len(unit.row)] = unit.row
        for sign, slope, constant in _lines(unit):
            line = sign * slope * argument
            line[0] += sign * constant
            line[1 + d + i] -= sign
            matrix.append(line[1:])
            limit.append(-line[0])
    return np.array(matrix).reshape(-1, width), np.array(limit)


def _lines(unit: Unit) -> list[tuple[float, float, float]]:
    """(sign, slope, constant): above the line for sign 1, below it for -1."""
    if unit.kind == "hardtanh":
        return []
    slopes = {"relu": (0.0, 1.0), "abs": (-1.0, 1.0), "leaky_relu": (*unit.settings[:1], 1.0)}
    below = [(1.0, slope, 0.0) for slope in slopes[unit.kind]]
    left, right = ((end, float(unit.at(np.array(end)))) for end in (unit.lo, unit.hi))
    return [*below, (-1.0, *_chord(left, right))]


def _chord(left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    slope = (right[1] - left[1]) / (right[0] - left[0])
    return slope, left[1] - slope * left[0]
