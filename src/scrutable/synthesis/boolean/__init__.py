"""From truth tables, complete or not, to short formulas over and, or, not, xor, if, and questions about counts."""

from __future__ import annotations

from scrutable.synthesis.boolean._cubes import smallest_cover
from scrutable.synthesis.boolean._formula import formulas
from scrutable.synthesis.boolean._method import Boolean, zeros_and_ones
from scrutable.synthesis.boolean._node import Node, expression, nodes, price, rows_of
from scrutable.synthesis.boolean._space import Space, space
from scrutable.synthesis.boolean._tables import MOST_VARIABLES, as_truth, literals, truth_table
from scrutable.synthesis.boolean._threshold import threshold

__all__ = [
    "MOST_VARIABLES",
    "Boolean",
    "Node",
    "Space",
    "as_truth",
    "expression",
    "formulas",
    "literals",
    "nodes",
    "price",
    "rows_of",
    "smallest_cover",
    "space",
    "threshold",
    "truth_table",
    "zeros_and_ones",
]
