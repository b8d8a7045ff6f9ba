"""What a form costs: its spelling, and what it leaves unexplained."""

from __future__ import annotations

import numpy as np

from scrutable.synthesis._score import FINEST
from scrutable.synthesis.piecewise._sample import Sample


def misfit(residual: np.ndarray, sample: Sample) -> float:
    """The bits for residuals `(n,)` of a sample: the mean of two codes.

    One is Gaussian, and pays for the worst rows; the other is Cauchy's in shape, and hardly sees them. A network rounds
    the kinks and jumps of what it learned, so that a few rows are far off whatever the form. There the second code
    still tells right slopes from wrong ones; elsewhere the first keeps a small piece from being dropped.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        square = (residual / (FINEST * sample.spread)) ** 2
        gauss = np.log2(1.0 + square.mean())
        cauchy = np.log2(1.0 + square).mean()
    bits = 0.25 * sample.independent * float(gauss + cauchy)
    return bits if np.isfinite(bits) else float("inf")
