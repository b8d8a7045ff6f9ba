"""Constants of expressions: holes, fitting for many settings at once, and snapping to what a person would write."""

from scrutable.synthesis.constants._fit import fit_settings, fitted
from scrutable.synthesis.constants._holes import differentiable, evaluated, filled, holes, sensitivities
from scrutable.synthesis.constants._named import Named, name_of, named_bits, named_constants, priced
from scrutable.synthesis.constants._snap import snap

__all__ = [
    "Named",
    "differentiable",
    "evaluated",
    "filled",
    "fit_settings",
    "fitted",
    "holes",
    "name_of",
    "named_bits",
    "named_constants",
    "priced",
    "sensitivities",
    "snap",
]
