"""The intervention engine: a network as a graph of tensor operations; only what a change reaches is run again."""

from __future__ import annotations

from scrutable.network._ablation_kinds import ABLATIONS, Ablation
from scrutable.network.engine._ablation import ablated, partners
from scrutable.network.engine._capture import capture
from scrutable.network.engine._engine import Engine
from scrutable.network.engine._graph import Graph
from scrutable.network.engine._node import Node, Rows, Size, Value
from scrutable.network.engine._plan import Swap
from scrutable.network.engine._schedule import filled
from scrutable.network.engine._tape import NotCaptured, bare
from scrutable.network.engine._weights import with_weights

__all__ = [
    "ABLATIONS",
    "Ablation",
    "Engine",
    "Graph",
    "Node",
    "NotCaptured",
    "Rows",
    "Size",
    "Swap",
    "Value",
    "ablated",
    "bare",
    "capture",
    "filled",
    "partners",
    "with_weights",
]
