"""Detectors: each looks for one kind of structure in a table and says it exactly, or says nothing.

They are fast (well under a second for thousands of rows) and run before any search.
"""

from __future__ import annotations

from scrutable.synthesis._base import Method
from scrutable.synthesis.detect.affine import Affine
from scrutable.synthesis.detect.argmax import Argmax
from scrutable.synthesis.detect.combination import Combination
from scrutable.synthesis.detect.composed import Composed
from scrutable.synthesis.detect.constant import Constant
from scrutable.synthesis.detect.count import Count
from scrutable.synthesis.detect.extremum import Extremum
from scrutable.synthesis.detect.lookup import Lookup
from scrutable.synthesis.detect.modular import Modular
from scrutable.synthesis.detect.polynomial import Polynomial
from scrutable.synthesis.detect.separable import Separable
from scrutable.synthesis.detect.threshold import Threshold
from scrutable.synthesis.detect.weighing import Weighing

DETECTORS: tuple[Method, ...] = (
    Constant(),
    Affine(),
    Threshold(),
    Argmax(),
    Weighing(),
    Extremum(),
    Count(),
    Modular(),
    Polynomial(),
    Combination(),
    Separable(),
    Composed(),
    Lookup(),
)
"""All detectors, the cheapest and most telling first."""

__all__ = [
    "DETECTORS",
    "Affine",
    "Argmax",
    "Combination",
    "Composed",
    "Constant",
    "Count",
    "Extremum",
    "Lookup",
    "Modular",
    "Polynomial",
    "Separable",
    "Threshold",
    "Weighing",
]
