"""How `bench synthesis` asks for an expression. What is asked is a table and, sometimes, a grammar: nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scrutable.synthesis import Found, Table, synthesise
from scrutable.synthesis.enumeration import Grammar, search
from scrutable.work import Clock

Method = Callable[[Table, Mapping[str, Any] | None, Clock], Found | None]
"""From a table, the grammar it is confined to (or None) and a clock to the best expression, or None."""


def engine(table: Table, grammar: Mapping[str, Any] | None, clock: Clock) -> Found | None:
    """The whole engine; with a grammar the enumerator alone, which then uses nothing outside it."""
    if grammar is not None:
        return _confined(table, grammar, clock)
    return next(iter(synthesise(table, clock=clock)), None)


def _confined(table: Table, grammar: Mapping[str, Any], clock: Clock) -> Found | None:
    pieces = Grammar(operators=tuple(grammar["operators"]), constants=tuple(grammar["constants"]))
    return next(search(table.columns, table.target, grammar=pieces, clock=clock, limit=1), None)
