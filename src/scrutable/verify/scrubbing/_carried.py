"""The linear subspace of a site that carries its variables, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.network import Site
from scrutable.program import Seq
from scrutable.verify._base import Case
from scrutable.verify._encoding import MOST_CLASSES as MOST_LEVELS
from scrutable.verify._encoding import NEGLIGIBLE, whitener

if TYPE_CHECKING:
    from scrutable.network import Network

MOST_ROWS, MOST_UNITS = 2048, 1024


def carrying(case: Case) -> dict[str, str]:
    """For sites of the alignment the same along the directions in which they hold their variables.

    The directions are those of the means for each joint value of the variables at the site, or of the slopes where
    values are many. They are read such that what varies apart from the values stays (the projection of LEACE:
    orthogonal in the metric of the covariance). Nothing is chosen by what it does to the answers. Left out are sites
    that have directions already, are several places, or have other positions than their variables.

    Reference: Belrose et al., "LEACE: perfect linear concept erasure in closed form" (2023, arXiv 2306.03819).
    """
    program, homes = case.hypothesis.program, dict[str, list[str]]()
    for name, site in case.hypothesis.alignment.sites.items():
        if name not in program.outputs:
            homes.setdefault(site, []).append(name)
    inputs = case.find.inputs[:MOST_ROWS]
    run = program.run(inputs)
    found = {}
    for site, names in homes.items():
        steps = {isinstance(program.variables[name], Seq) for name in names}
        if len(steps) == 1:
            along = _along(case, site, [np.asarray(run[name], float) for name in names], stepwise=steps.pop())
            found |= {} if along is None else {site: along}
    return found


def _along(case: Case, text: str, values: list[np.ndarray], *, stepwise: bool) -> str | None:
    """A site along the directions in which it holds some values, `(n, ...)` each."""
    site = Site.parse(text)
    if site.beside or site.directions:
        return None
    held = _held(case.network, site, case.find.inputs[:MOST_ROWS])
    if held.ndim != 2 + stepwise or held.shape[-1] > MOST_UNITS or (stepwise and held.shape[1] != values[0].shape[1]):
        return None
    rows = held.reshape(-1, held.shape[-1])
    lines = _least_squares(rows, np.concatenate([each.reshape(len(rows), -1) for each in values], axis=1))
    return None if lines is None else str(site.along(*lines))


def _least_squares(rows: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Directions and readers, `(m, d)` each, of what rows `(n, d)` hold of values `(n, k)`; None for nothing.

    Canonical directions below the edge of those of unrelated values (Marchenko and Pastur) are left out.
    """
    centred = rows - rows.mean(axis=0)
    white = whitener(centred)
    levels, place = np.unique(values, axis=0, return_inverse=True)
    if len(levels) <= MOST_LEVELS:
        told = (place.reshape(-1, 1) == np.arange(len(levels))).astype(np.float64)
        told /= np.sqrt(told.sum(axis=0))
    else:
        told = np.linalg.qr(values - values.mean(axis=0))[0]
    axes, sizes, _ = np.linalg.svd(white @ centred.T @ told / np.sqrt(len(rows)), full_matrices=False)
    edge = (np.sqrt(told.shape[1]) + np.sqrt(len(white))) / np.sqrt(len(rows))
    kept = axes[:, sizes > max(edge, NEGLIGIBLE * sizes.max(initial=0.0))].T
    return (kept @ np.linalg.pinv(white).T, kept @ white) if len(kept) else None


def _held(network: Network, site: Site, x: np.ndarray) -> np.ndarray:
    (values,) = network.read(x, [site]).values()
    return values.astype(np.float64)
