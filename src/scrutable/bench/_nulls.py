"""What a program has to beat, in bits: a table of the rows, a linear formula, a tree."""

from __future__ import annotations

from math import isfinite

from scrutable.synthesis import Table, nulls


def null_bits(table: Table) -> dict[str, float]:
    """Description lengths of the null explanations of a table, by name; one that cannot be had is left out."""
    return {name: round(bits, 1) for name, bits in nulls(table).items() if isfinite(bits)}
