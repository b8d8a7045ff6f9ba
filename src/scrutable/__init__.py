"""Scrutable: neural network in, verified program out.

    import scrutable as sc

    net = sc.Network(module, inputs=sc.Tokens(5, length=8), outputs=sc.Category(5, length=8))
    study = sc.explain(net, data=x, budget="60s", seed=0)

Everything public is reached from here; each name is imported when it is first used, so that `import scrutable` is
quick and reading a study needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrutable.compile import compile  # noqa: A004
    from scrutable.errors import ProgramError, ScrutableError, UserError
    from scrutable.explain import Study, explain, verify
    from scrutable.hypothesis import Alignment, Evidence, Hypothesis, Result, Verdict, hypothesis
    from scrutable.network import (
        Bits,
        Category,
        Columns,
        Domain,
        Image,
        Integers,
        Network,
        Reals,
        Recurrent,
        Site,
        Tokens,
        from_sklearn,
        load,
    )
    from scrutable.program import Program, trace

_HOME = {
    "compile": ("compile",),
    "errors": ("ProgramError", "ScrutableError", "UserError"),
    "explain": ("Study", "explain", "verify"),
    "hypothesis": ("Alignment", "Evidence", "Hypothesis", "Result", "Verdict", "hypothesis"),
    "network": (
        "Bits",
        "Category",
        "Columns",
        "Domain",
        "Image",
        "Integers",
        "Network",
        "Reals",
        "Recurrent",
        "Site",
        "Tokens",
        "from_sklearn",
        "load",
    ),
    "program": ("Program", "trace"),
}
_ROOM_OF = {name: room for room, names in _HOME.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "Alignment",
    "Bits",
    "Category",
    "Columns",
    "Domain",
    "Evidence",
    "Hypothesis",
    "Image",
    "Integers",
    "Network",
    "Program",
    "ProgramError",
    "Reals",
    "Recurrent",
    "Result",
    "ScrutableError",
    "Site",
    "Study",
    "Tokens",
    "UserError",
    "Verdict",
    "compile",
    "explain",
    "from_sklearn",
    "hypothesis",
    "load",
    "trace",
    "verify",
]


def public(name: str) -> Any:
    """The public function or class of that name, imported when it is first asked for."""
    return getattr(import_module(f"scrutable.{_ROOM_OF[name]}"), name)


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'scrutable' has no attribute {name!r}")
    return public(name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
