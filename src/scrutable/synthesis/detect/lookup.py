"""Detector: a table on the few columns that matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import scored
from scrutable.synthesis.detect._view import merged, relevant_view, row_keys
from scrutable.synthesis.detect._write import LARGEST_TABLE, table_of
from scrutable.work import Clock


@final
@dataclass(frozen=True, slots=True)
class Lookup(Method):
    """The answers written down for every combination of the columns that matter, see `relevant`.

    It is offered when it has fewer rows than the examples, or says the whole domain; it pays for every row in bits.
    """

    name: str = "lookup"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        return "the answers are real numbers" if table.real else None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`."""
        view = relevant_view(table)
        if not view.whole or not view.width or not 1 < view.rows <= LARGEST_TABLE:
            return
        conflict, _ = merged(row_keys(view.columns), view.target)
        if conflict or not (view.full or 4 * view.rows <= table.rows):
            return
        yield scored(table_of(view.leaves, view.columns, view.target), table)
