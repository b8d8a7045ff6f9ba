"""The pipeline from a network to a verified program, and the study it leaves. `sc.explain(network)` calls it.

The steps, in the order in which `explain` in `_pipeline.py` lists them: prepare the data (`_run.py`), propose
(`_search.py`) and simplify (`_screen.py`), verify, guard (`_controls.py`), rank, conclude. A `Study` can be read
without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrutable._callable import answers_calls
from scrutable.explain._study import Attempt, CircuitFacts, RunFacts, Study

if TYPE_CHECKING:
    from scrutable.explain._pipeline import explain, verify

__all__ = ["Attempt", "CircuitFacts", "RunFacts", "Study", "explain", "verify"]


def __getattr__(name: str) -> Any:
    if name not in ("explain", "verify"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scrutable.explain import _pipeline

    return getattr(_pipeline, name)


answers_calls(__name__)
