"""Programs into transformers: the inverse direction, which gives networks whose program and circuit are known.

`scrutable.compile(program, "Tokens(4, length=6)")` calls it. The steps, in the order in which `compile` in
`_compile.py` lists them: a program becomes a plan of operations (`_lower.py`, `_lowering.py`, `_readers.py`,
`_selectors.py`, `_tables.py`), the operations are laid out in blocks (`_layers.py`) as heads and ReLU units
(`_weights.py`), the blocks become a module (`_module.py`, `_transformer.py`), and the module is compared with the
program (`_check.py`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrutable._callable import answers_calls

if TYPE_CHECKING:
    from scrutable.compile._check import Agreement
    from scrutable.compile._circuit import Circuit, Edge, Role
    from scrutable.compile._compile import Compiled, compile  # noqa: A004
    from scrutable.compile._options import Options
    from scrutable.compile._save import description, save
    from scrutable.compile._transformer import Transformer

_LAZY = {
    "Agreement": "_check",
    "Circuit": "_circuit",
    "Compiled": "_compile",
    "Edge": "_circuit",
    "Options": "_options",
    "Role": "_circuit",
    "Transformer": "_transformer",
    "compile": "_compile",
    "description": "_save",
    "save": "_save",
}

__all__ = [
    "Agreement",
    "Circuit",
    "Compiled",
    "Edge",
    "Options",
    "Role",
    "Transformer",
    "compile",
    "description",
    "save",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


answers_calls(__name__)
