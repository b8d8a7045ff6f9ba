"""Holes fitted to a table: Levenberg-Marquardt for many starting points at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scrutable.program import Expr
from scrutable.synthesis.constants._holes import evaluated, filled, holes, sensitivities

STEPS = 40
DAMPING = 1e-3
LARGEST_BATCH = 4_000_000
"""Numbers held at once in the derivatives of a batch."""


def fitted(
    expr: Expr, columns: Mapping[str, np.ndarray], target: np.ndarray, *, steps: int = STEPS, damping: float = DAMPING
) -> Expr:
    """The expression with its holes where the squared misfit is locally least, starting from their values."""
    start = np.array([holes(expr)])
    if not start.size:
        return expr
    settings, _ = fit_settings(expr, columns, target, start, steps=steps, damping=damping)
    return filled(expr, settings[0].tolist())


def fit_settings(
    expr: Expr,
    columns: Mapping[str, np.ndarray],
    target: np.ndarray,
    starts: np.ndarray,
    *,
    steps: int = STEPS,
    damping: float = DAMPING,
) -> tuple[np.ndarray, np.ndarray]:
    """Levenberg-Marquardt from every start together.

    Arguments:
        expr: the form; its own hole values are ignored.
        target: `(rows,)`.
        starts: `(settings, holes)`.
        damping: where it begins; close to an optimum next to none lets correlated holes move together.

    Returns:
        The settings reached, `(settings, holes)`, and their mean squared misfits, `(settings,)`; infinite where the
        form has no finite value.

    Reference: D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters (1963).
    """
    at = np.array(starts, dtype=np.float64)
    misfit = _misfit(expr, columns, target, at)
    damped = np.full(len(at), damping)
    for _ in range(steps):
        step = _steps(expr, columns, target, at, damped)
        tried = at + step
        value = _misfit(expr, columns, target, tried)
        better = value < misfit
        small = np.abs(step).max(axis=1) <= 1e-13 * np.maximum(np.abs(at).max(axis=1), 1e-300)
        gain = np.where(better, misfit - value, 0.0)
        done = (better & (gain <= 1e-12 * np.maximum(misfit, 1e-300))) | small | ((damped > 1e8) & ~better)
        at, misfit = np.where(better[:, None], tried, at), np.where(better, value, misfit)
        damped = np.where(better, damped * 0.1, damped * 10.0)
        if done.all():
            break
    return at, misfit


def _misfit(expr: Expr, columns: Mapping[str, np.ndarray], target: np.ndarray, at: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        square = np.mean((evaluated(expr, columns, settings=at) - target) ** 2, axis=1)
    return np.where(np.isfinite(square), square, np.inf)


def _steps(
    expr: Expr, columns: Mapping[str, np.ndarray], target: np.ndarray, at: np.ndarray, damping: np.ndarray
) -> np.ndarray:
    found = sensitivities(expr, columns, settings=at)
    shape = (len(at), len(target))
    slopes = np.stack([np.broadcast_to(found.slopes.get(k, 0.0), shape) for k in range(at.shape[1])], axis=1)
    with np.errstate(all="ignore"):
        residual = target - np.broadcast_to(found.value, shape)
        slopes, residual = (
            np.nan_to_num(slopes, posinf=0.0, neginf=0.0),
            np.nan_to_num(residual, posinf=0.0, neginf=0.0),
        )
        scale = np.sqrt(np.einsum("skn,skn->sk", slopes, slopes))
        scale = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
        unit = slopes / scale[:, :, None]
        matrix = unit @ unit.transpose(0, 2, 1) + damping[:, None, None] * np.eye(at.shape[1])
        right = np.einsum("skn,sn->sk", unit, residual)
        matrix, right = np.nan_to_num(matrix), np.nan_to_num(right)
        return np.stack([_solved(a, b) for a, b in zip(matrix, right, strict=True)]) / scale


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.zeros_like(right)
