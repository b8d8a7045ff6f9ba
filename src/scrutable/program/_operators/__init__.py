"""The operator registry: one entry carries everything there is to know about an operator."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from types import MappingProxyType

from scrutable.errors import UserError
from scrutable.program._operators import _arithmetic, _arrays, _logic, _sequences
from scrutable.program._operators._base import (
    ADD,
    AND,
    ATOM,
    COMPARE,
    MUL,
    NOT,
    OR,
    TERNARY,
    UNARY,
    Helper,
    Operator,
    Spelled,
    is_int,
    is_number,
    kind_of,
    spelled_literal,
    wrap,
)

_FAMILIES = (_arithmetic, _logic, _sequences, _arrays)

OPERATORS: Mapping[str, Operator] = MappingProxyType({op.name: op for family in _FAMILIES for op in family.OPERATORS})

HELPERS: Mapping[str, Helper] = MappingProxyType(
    {
        helper.name: helper
        for op in OPERATORS.values()
        for helper in (op.helper, op.selector_helper)
        if helper is not None
    }
)

RESERVED: frozenset[str] = frozenset(
    [*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *HELPERS, "math", "numpy", "np"]
)


def operator(name: str) -> Operator:
    """The operator called `name`.

    Raises:
        UserError: there is none.
    """
    try:
        return OPERATORS[name]
    except (KeyError, TypeError):
        raise UserError(f"got operator {str(name)[:40]!r}, expected one of {', '.join(OPERATORS)}") from None


def helpers_in(text: str) -> list[Helper]:
    """The helpers whose names occur in Python text, those that others need first."""
    found: dict[str, Helper] = {}

    def visit(name: str) -> None:
        for needed in HELPERS[name].needs:
            visit(needed)
        found.setdefault(name, HELPERS[name])

    for word in re.findall(r"[A-Za-z_]\w*", text):
        if word in HELPERS:
            visit(word)
    return list(found.values())


__all__ = [
    "ADD",
    "AND",
    "ATOM",
    "COMPARE",
    "HELPERS",
    "MUL",
    "NOT",
    "OPERATORS",
    "OR",
    "RESERVED",
    "TERNARY",
    "UNARY",
    "Helper",
    "Operator",
    "Spelled",
    "helpers_in",
    "is_int",
    "is_number",
    "kind_of",
    "operator",
    "spelled_literal",
    "wrap",
]
