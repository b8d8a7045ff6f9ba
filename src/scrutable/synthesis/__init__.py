"""From tables of values to readable expressions: the engine of every proposer.

A `Table` holds examples of a function, whatever it comes from: a network's output, a hidden unit, a state's next value.
A `Method` finds expressions for it. Nothing here knows of networks.
"""

from __future__ import annotations

from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import misfit_bits, scored, values

__all__ = ["Found", "Method", "Table", "misfit_bits", "scored", "values"]
