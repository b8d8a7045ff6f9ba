"""The language's operators on sequences and selectors as plain Python functions, for hypotheses that people write.

`trace` knows them by name and reads a call as the operator itself. They are the very helpers that printed programs
carry, so a hypothesis can also be run as ordinary Python on lists.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scrutable.program._operators import HELPERS


def _load(name: str) -> Callable[..., Any]:
    """The Python function of a helper, made from the registry's own source."""
    namespace: dict[str, Any] = {"math": math, "__name__": __name__}
    for needed in HELPERS[name].needs:
        namespace[needed] = _load(needed)
    exec(compile(HELPERS[name].source, f"<helper {name}>", "exec"), namespace)
    function = namespace[name]
    function.__scrutable_helper__ = True
    return function


select = _load("select")
select_and = _load("select_and")
select_or = _load("select_or")
select_not = _load("select_not")
select_xor = _load("select_xor")
aggregate = _load("aggregate")
pick_first = _load("pick_first")
widths = _load("widths")
shifted = _load("shifted")
positions = _load("positions")
last_of = _load("last_of")
sum_of = _load("sum_of")
count_true = _load("count_true")
counts_of = _load("counts_of")
dot_product = _load("dot_product")
index_of_max = _load("index_of_max")
sign_of = _load("sign_of")

__all__ = [
    "aggregate",
    "count_true",
    "counts_of",
    "dot_product",
    "index_of_max",
    "last_of",
    "pick_first",
    "positions",
    "select",
    "select_and",
    "select_not",
    "select_or",
    "select_xor",
    "shifted",
    "sign_of",
    "sum_of",
    "widths",
]
