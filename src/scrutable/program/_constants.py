"""Constant folding: what an operator makes of literals, worked out by its own kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program._backend import NUMPY
from scrutable.program._expr import Const
from scrutable.program._operators import operator
from scrutable.program._operators._base import is_number, kind_of
from scrutable.program._types import Type, is_scalar


def fold(op: str, args: Sequence[Const | None], params: tuple[Any, ...], type_: Type) -> Const | None:
    """The literal value of a call, or None when an argument is not a literal or the value has no literal."""
    literals = [arg for arg in args if arg is not None and is_scalar(arg.type)]
    if not args or len(literals) < len(args) or not is_scalar(type_):
        return None
    return _fold(op, tuple((repr(arg.value), arg) for arg in literals), params, type_)


@lru_cache(maxsize=4096)
def _fold(op: str, args: tuple[tuple[str, Const], ...], params: tuple[Any, ...], type_: Type) -> Const | None:
    """The text beside each literal keeps apart what hashes alike, such as 0.0 and -0.0."""
    entry = operator(op)
    if entry.lift != "element":
        return None
    values = [NUMPY.array([arg.value], kind_of(arg.type)) for _, arg in args]
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(entry.kernel(NUMPY, values, params)).reshape(-1)[0].item()
    except ScrutableError:
        return None
    return Const(value, type_) if is_number(value) else None
