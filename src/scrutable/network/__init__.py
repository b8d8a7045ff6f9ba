"""Networks under study: what goes in and out, places inside, recurrence, and safe loading.

Domains, facts, sites and layers need no torch; everything else is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scrutable.network._domain import Domain, Range
from scrutable.network._domain_blocks import Columns, Image
from scrutable.network._domain_labels import Category, Tokens
from scrutable.network._domain_numbers import Bits, Integers, Reals
from scrutable.network._facts import NetworkFacts
from scrutable.network._layers import PIECEWISE_LINEAR, Activation, Affine, Layer, OneHot, after_each, run_layers
from scrutable.network._site import Position, Site, Span
from scrutable.network._spec import domain_from_spec

if TYPE_CHECKING:
    from scrutable.network._edge_popup import Choice
    from scrutable.network._files import FileFacts, inspect_file
    from scrutable.network._from_sklearn import from_sklearn
    from scrutable.network._load import load
    from scrutable.network._masks import Mask, choice_bits
    from scrutable.network._network import Network
    from scrutable.network._recurrence import Recurrence
    from scrutable.network._recurrent import Recurrent

_LAZY = {
    "Choice": "_edge_popup",
    "FileFacts": "_files",
    "Mask": "_masks",
    "Network": "_network",
    "Recurrence": "_recurrence",
    "Recurrent": "_recurrent",
    "choice_bits": "_masks",
    "from_sklearn": "_from_sklearn",
    "inspect_file": "_files",
    "load": "_load",
}

__all__ = [
    "PIECEWISE_LINEAR",
    "Activation",
    "Affine",
    "Bits",
    "Category",
    "Choice",
    "Columns",
    "Domain",
    "FileFacts",
    "Image",
    "Integers",
    "Layer",
    "Mask",
    "Network",
    "NetworkFacts",
    "OneHot",
    "Position",
    "Range",
    "Reals",
    "Recurrence",
    "Recurrent",
    "Site",
    "Span",
    "Tokens",
    "after_each",
    "choice_bits",
    "domain_from_spec",
    "from_sklearn",
    "inspect_file",
    "load",
    "run_layers",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return __all__
