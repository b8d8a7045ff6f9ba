"""Which synthesis methods there are, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis.boolean import Boolean
from scrutable.synthesis.detect import DETECTORS
from scrutable.synthesis.detect._view import relevant_view
from scrutable.synthesis.enumeration import Grammar, search_many
from scrutable.synthesis.formula import Formulas
from scrutable.synthesis.piecewise import PiecewiseLinear
from scrutable.work import Clock

MOST_COLUMNS = 16
FOUND = 6


@final
@dataclass(frozen=True, slots=True)
class Enumerated(Method):
    """Bottom-up enumeration over the columns that matter, see `scrutable.synthesis.enumeration.search`."""

    name: str = "enumeration"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return None if table.rows else "there are no rows"

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        names = [str(leaf) for leaf in relevant_view(table).leaves] if not table.real else list(table.columns)
        if not 0 < len(names) <= MOST_COLUMNS:
            return
        columns = {name: table.columns[name] for name in names}
        grammar = Grammar.fitting(columns, [table.target])
        yield from search_many(columns, {"t": table.target}, grammar=grammar, clock=clock, limit=FOUND)["t"]


METHODS: tuple[Method, ...] = (*DETECTORS, Boolean(), Formulas(), PiecewiseLinear(), Enumerated())
"""All methods; detectors, which take little time, come first."""
