"""From sites named in an alignment to directions of a recurrent state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import UserError
from scrutable.network import Position

if TYPE_CHECKING:
    from scrutable.network import Recurrence, Site


def state_axes(recurrence: Recurrence, sites: Iterable[Site]) -> np.ndarray:
    """Orthonormal columns `(d, s)` that span the given sites of a state of d numbers; the whole state for no sites.

    Raises:
        UserError: a site is not part of the state.
    """
    rows = [_rows(recurrence, site) for site in sites]
    if not rows:
        return np.eye(recurrence.size)
    directions = np.concatenate(rows)
    _, sizes, axes = np.linalg.svd(directions, full_matrices=False)
    return axes[sizes > 1e-9].T


def _rows(recurrence: Recurrence, site: Site) -> np.ndarray:
    parts = {**recurrence.parts, "hidden": recurrence.parts.get("hidden", slice(0, recurrence.size))}
    if site.name not in parts:
        raise UserError(f"got the site {site}, expected a part of the state: {', '.join(parts)}")
    if site.readers:
        raise UserError(f"got the site {site.text} with readers of its own, expected directions alone")
    rows = np.eye(recurrence.size)[parts[site.name]]
    units = site.units
    if isinstance(units, Position):
        raise UserError(f"got the site {site}, expected units of the state in the place of t")
    index = [units] if isinstance(units, int) else list(units) if isinstance(units, tuple) else units.slice
    try:
        chosen = rows[index]
    except IndexError as error:
        raise UserError(f"got the site {site}, expected units below {len(rows)}") from error
    if len(chosen) == 0:
        raise UserError(f"got the site {site} without any unit, expected units below {len(rows)}")
    return np.array(site.directions) @ chosen if site.directions else chosen
