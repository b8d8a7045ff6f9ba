"""Questions made from the settings of a case: what a method sees, and what only the scorer knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.bench._base import Case
from scrutable.bench._boolean import assignments
from scrutable.bench._rule import Rule
from scrutable.synthesis import Table
from scrutable.work import generator

FRESH = 10_000
"""Rows that no method sees, on which an answer is scored."""
TIES = 0.125
"""The share of rows in which one integer column repeats another: otherwise < and <= cannot be told apart."""

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Question:
    """One table.

    Arguments:
        table: what a method is given.
        grammar: operators and constants it is confined to; None for all it has.
        fresh, truth: rows it never sees, and the right answers to them. Truth tables are small and seen as a whole:
            there they are the rows of the table.
    """

    table: Table
    grammar: Mapping[str, Any] | None
    fresh: Columns
    truth: np.ndarray


def planted_question(case: Case) -> Question:
    """A question from a case with a "rule"."""
    settings, rule = case.settings, Rule(case.settings["rule"])
    rng = generator(case.seed, "bench", case.key)
    if settings["columns"][0][2] == "bit":
        columns = assignments(len(settings["columns"]))
        truth = rule(columns).astype(bool)
        return Question(Table(columns, truth, seed=case.seed), settings.get("grammar"), columns, truth)
    columns = drawn(settings["columns"], settings["rows"], rng)
    fresh = drawn(settings["columns"], FRESH, rng)
    table = Table(columns, rule(columns), seed=case.seed)
    return Question(table, settings.get("grammar"), fresh, rule(fresh))


def drawn(columns: list[list[Any]], rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Columns x0, x1, ... of uniform numbers, each `[lowest, highest, "integer" or "real"]`."""
    found = {}
    for i, (low, high, kind) in enumerate(columns):
        whole = kind == "integer"
        found[f"x{i}"] = rng.integers(low, high + 1, rows) if whole else rng.uniform(low, high, rows)
    if len(columns) > 1 and all(kind == "integer" for _, _, kind in columns):
        for row in np.flatnonzero(rng.random(rows) < TIES):
            one, other = rng.choice(len(columns), size=2, replace=False)
            found[f"x{one}"][row] = found[f"x{other}"][row]
    return found


def null_table(case: Case) -> Table:
    """A table with nothing in it, from a case with a "null"."""
    what, k, rows = case.settings["null"], case.settings["columns"], case.settings["rows"]
    rng = generator(case.seed, "bench", case.key)
    if what == "random truth table":
        return Table(assignments(k), rng.random(2**k) < 0.5, seed=case.seed)
    if what == "random reals":
        return Table(drawn([[-3.0, 3.0, "real"]] * k, rows, rng), rng.normal(size=rows), seed=case.seed)
    columns = distinct_integers(k, rows, rng)
    targets = {
        "random integers": lambda: rng.integers(-50, 51, rows),
        "random bits of integers": lambda: rng.integers(0, 2, rows),
        "random labels": lambda: rng.integers(0, 5, rows),
        "random reals of integers": lambda: rng.normal(size=rows),
        "hash": lambda: hashed(np.stack(list(columns.values()), axis=-1), case.seed) % 8,
    }
    return Table(columns, targets[what](), seed=case.seed)


def distinct_integers(k: int, rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Rows of k whole numbers from -20 to 20, no row twice."""
    codes = rng.choice(41**k, size=rows, replace=False)
    return {f"x{i}": codes // 41**i % 41 - 20 for i in range(k)}


def hashed(x: np.ndarray, seed: int) -> np.ndarray:
    """A 64-bit mix of each row of whole numbers `(n, k)`, as numbers from 0 to 2**31 - 1: `(n,)`.

    Multiplications and shifts as in the finaliser of MurmurHash3 (A. Appleby, public domain).
    """
    code = np.full(len(x), np.uint64(seed * 2 + 1))
    for column in x.T:
        code ^= column.astype(np.int64).astype(np.uint64)
        code ^= code >> np.uint64(33)
        code *= np.uint64(0xFF51AFD7ED558CCD)
        code ^= code >> np.uint64(33)
        code *= np.uint64(0xC4CEB9FE1A85EC53)
        code ^= code >> np.uint64(33)
    return (code >> np.uint64(33)).astype(np.int64)
