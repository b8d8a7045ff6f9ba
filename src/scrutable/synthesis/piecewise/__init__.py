"""Piecewise-linear functions from values: maxima, minima, sizes, clips, hinges and choices of affine functions.

Planes come first, by consensus of the points; then every way to put them together; then short numbers, kept when the
whole description shrinks.
"""

from __future__ import annotations

from scrutable.synthesis.piecewise._method import PiecewiseLinear
from scrutable.synthesis.piecewise._search import Priced, piecewise_forms
from scrutable.synthesis.piecewise._spelling import spelled

__all__ = ["PiecewiseLinear", "Priced", "piecewise_forms", "spelled"]
