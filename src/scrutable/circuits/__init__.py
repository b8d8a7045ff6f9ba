"""Which part of a network does the work: its edge graph, the circuits found in it, and how well they are borne out."""

from __future__ import annotations

from scrutable.circuits._wire import wire
from scrutable.circuits._wiring import Edge, Wiring

__all__ = ["Edge", "Wiring", "wire"]
