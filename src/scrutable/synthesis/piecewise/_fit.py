"""Fitting the planes of a form to its points, and taking their numbers to short ones."""

from __future__ import annotations

import numpy as np

from scrutable.synthesis._snap import shortest_between
from scrutable.synthesis.piecewise._cost import misfit
from scrutable.synthesis.piecewise._forms import Form, extended
from scrutable.synthesis.piecewise._sample import Sample

ROUNDS = 12
LADDER = (0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 3e-4, 1e-4, 1e-6, 1e-9)
"""How far numbers may move, as shares of what would change the answers by one standard deviation."""


def fitted(form: Form, sample: Sample, *, constants: bool = False) -> Form:
    """The form with its planes refitted, rows far off counting little. `constants` leaves the slopes alone.

    Iteratively reweighted least squares; each step is exact as long as no row changes its piece, and is taken only if
    it helps.
    """
    best = misfit(form.predict(sample.x) - sample.y, sample)
    for _ in range(ROUNDS):
        residual = sample.y - form.predict(sample.x)
        moved = form.with_planes(form.planes + _step(form, sample, residual, constants))
        cost = misfit(moved.predict(sample.x) - sample.y, sample)
        if not cost < best - 1e-6:
            return form
        form, best = moved, cost
    return form


def _step(form: Form, sample: Sample, residual: np.ndarray, constants: bool) -> np.ndarray:  # noqa: FBT001
    k, columns = form.planes.shape
    weights = form.weights(sample.x)
    typical = max(float(np.median(np.abs(residual))), 1e-12 * sample.spread)
    trust = np.sqrt(np.minimum(1.0, 3 * typical / np.maximum(np.abs(residual), 1e-300)))
    plain = (sample.x - sample.middle) / sample.reach
    wide = np.ones((len(plain), 1)) if constants else extended(plain)
    design = (weights[:, :, None] * wide[:, None, :]).reshape(len(wide), -1) * trust[:, None]
    found = np.linalg.lstsq(design, residual * trust, rcond=1e-6)[0].reshape(k, -1)
    step = np.zeros((k, columns))
    step[:, -1] = found[:, -1]
    if not constants:
        step[:, :-1] = found[:, :-1] / sample.reach
        step[:, -1] -= step[:, :-1] @ sample.middle
    return step


def snapped(form: Form, sample: Sample, share: float) -> Form:
    """The form with short numbers: slopes first, then constants that are fitted anew to those slopes.

    Arguments:
        share: how far a number may move, see `LADDER`.
    """
    planes = form.planes.copy()
    for column, reach in enumerate(sample.reach):
        planes[:, column] = [_short(v, share * sample.spread / reach) for v in planes[:, column]]
    form = fitted(form.with_planes(planes), sample, constants=True)
    planes = form.planes.copy()
    planes[:, -1] = [_short(v, share * sample.spread) for v in planes[:, -1]]
    return form.with_planes(planes)


def _short(value: float, error: float) -> float:
    """The shortest number within the error: a decimal, or a small fraction that is much nearer than one as short."""
    for whole in (0.0, 1.0, -1.0):
        if abs(value - whole) <= error:
            return whole
    short = shortest_between(value - error, float(np.nextafter(value + error, np.inf)))
    for below in (2, 3, 4, 6):
        near = round(value * below) / below
        if abs(near - value) <= min(error, abs(short - value) / 3):
            return near
    return short
