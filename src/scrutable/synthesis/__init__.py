"""From tables of values to readable expressions: the engine of every proposer.

A `Table` holds examples of a function, whatever it comes from: a network's output, a hidden unit, a state's next value.
A `Method` finds expressions for it. Nothing here knows of networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrutable.synthesis._base import INDEPENDENT, Found, Method, Table
from scrutable.synthesis._engine import synthesise
from scrutable.synthesis._nulls import compact, nulls
from scrutable.synthesis._score import misfit_bits, scored, values

if TYPE_CHECKING:
    from scrutable.synthesis._registry import METHODS

__all__ = [
    "INDEPENDENT",
    "METHODS",
    "Found",
    "Method",
    "Table",
    "compact",
    "misfit_bits",
    "nulls",
    "scored",
    "synthesise",
    "values",
]


def __getattr__(name: str) -> Any:
    """The registry, which imports every method, on first use."""
    if name == "METHODS":
        from scrutable.synthesis._registry import METHODS

        return METHODS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
