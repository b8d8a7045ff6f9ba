"""Ground truth to measure by: suites of planted tables and trained networks, and a runner that survives being stopped.

`Synthesis` asks for expressions of tables, `Feedforward` for programs of trained networks, `Recurrent` for programs of
networks that read sequences. Only the scorer knows what was planted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrutable.bench._base import Case, Row, Suite
from scrutable.bench._results import Report, Share, Summary, environment, summaries, summary_cells
from scrutable.bench._run import chosen, run_cases

if TYPE_CHECKING:
    from scrutable.bench._feedforward import Feedforward
    from scrutable.bench._synthesis import Synthesis
    from scrutable.bench.recurrent._suite import Recurrent

_LAZY = {"Feedforward": "_feedforward", "Recurrent": "recurrent._suite", "Synthesis": "_synthesis"}

__all__ = [
    "Case",
    "Feedforward",
    "Recurrent",
    "Report",
    "Row",
    "Share",
    "Suite",
    "Summary",
    "Synthesis",
    "chosen",
    "environment",
    "run_cases",
    "summaries",
    "summary_cells",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
