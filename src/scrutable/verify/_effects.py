"""How far apart states are to whatever reads them: by what a small change of a state does to later outputs."""

from __future__ import annotations

import numpy as np

from scrutable.verify._base import Case
from scrutable.work import generator

ROWS, STEPS = 256, 8
MOST_OUTPUTS = 64
"""Of the outputs of all these steps, drawn at random where there are more."""
SMALL = 1e-3
"""A change of a state, beside how much states vary."""
TOLD = 0.5
"""Small changes, taken as far as states are apart, must do at least this share of what is done to the outputs."""


def effects(case: Case, states: np.ndarray, inputs: np.ndarray) -> np.ndarray | None:
    """Coordinates `(d, d)`: states `(n, d)` times these are as far apart as what they do to the outputs that follow.

    The root of the mean of J'J, J being the change of the raw outputs of the next steps with the state. None where
    small changes do nothing beside what large ones do, as in a network that is saturated or rounds.

    Arguments:
        case: of a recurrent network. states: `(n, d)` natural ones. inputs: `(m, L, ...)` sequences that they go on
            with.

    Cost: 2 d + 2 runs of the network on 256 rows and at most 8 steps.
    """
    recurrence, rng = case.network.recurrence, generator(case.seed, "effects")
    assert recurrence is not None
    here = states[rng.integers(0, len(states), ROWS)]
    there = states[rng.integers(0, len(states), ROWS)]
    x = inputs[rng.integers(0, len(inputs), ROWS), :STEPS]
    size = SMALL * max(float(states.std(axis=0).max()), 1e-12)
    outputs = rng.permutation(recurrence.walk(x[:1])[1].size)[:MOST_OUTPUTS]

    def said(start: np.ndarray) -> np.ndarray:
        return recurrence.walk(x, start)[1].reshape(len(x), -1)[:, outputs].astype(np.float64)

    units = size * np.eye(states.shape[1])
    change = np.stack([said(here + unit) - said(here - unit) for unit in units], axis=2) / (2 * size)
    wanted = said(there) - said(here)
    if not ((change @ (there - here)[:, :, None]) ** 2).sum() >= TOLD * (wanted**2).sum():
        return None
    sizes, axes = np.linalg.eigh(np.einsum("nod,noe->de", change, change) / ROWS)
    return axes * np.sqrt(np.maximum(sizes, 0.0))
