"""What the detectors look at: distinct rows, and only the columns that the answers depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.program import Expr, Var
from scrutable.synthesis._base import Table
from scrutable.synthesis._score import type_of
from scrutable.work import generator

EVIDENCE = 8.0
"""So many disagreements must have been possible before their absence counts: rows that became equal, times the chance
that two answers differ."""
MOST_LEVELS = 64
MOST_CHOSEN = 7
PAIRS_FROM = 40
"""Above so many columns no pairs of columns are tried where no single one tells anything."""


@dataclass(frozen=True, slots=True)
class View:
    """Distinct rows of a table.

    Arguments:
        leaves: the variable of each column.
        columns: `(n, k)`, int64 when every column holds whole numbers or truths, else float64.
        target: `(n,)`, int64 for whole numbers, truths and labels, float64 for real answers.
        full: whether the rows are all combinations of the values that occur in the columns.
    """

    leaves: tuple[Expr, ...]
    columns: np.ndarray
    target: np.ndarray
    full: bool

    @property
    def whole(self) -> bool:
        """Whether all columns hold whole numbers or truths."""
        return self.columns.dtype.kind == "i"

    @property
    def rows(self) -> int:
        """How many distinct rows there are."""
        return len(self.target)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.columns.shape[1]

    @property
    def binary(self) -> bool:
        """Whether the answers are 0 and 1, so that a condition can say them."""
        return bool(np.isin(self.target, (0, 1)).all()) and len(np.unique(self.target)) == 2

    def only(self, chosen: Sequence[int]) -> View:
        """These columns, distinct rows again."""
        leaves = tuple(self.leaves[i] for i in chosen)
        return _distinct(leaves, self.columns[:, list(chosen)], self.target)

    def swapped(self, gone: Sequence[int], expr: Expr, values: np.ndarray) -> View:
        """The columns `gone` replaced by one, which holds the values of `expr`; it comes first."""
        kept = [i for i in range(self.width) if i not in gone]
        leaves = (expr, *(self.leaves[i] for i in kept))
        return _distinct(leaves, np.column_stack([values, self.columns[:, kept]]), self.target)


def whole_view(table: Table) -> View:
    """The distinct rows of all columns that vary."""
    names = [name for name, column in table.columns.items() if len(column) and (column != column[0]).any()]
    kind = np.float64 if any(table.columns[name].dtype.kind == "f" for name in names) else np.int64
    columns = np.column_stack([table.columns[name].astype(kind) for name in names]) if names else _none(table)
    leaves = tuple(Var(name, type_of(table.columns[name])) for name in names)
    return _distinct(leaves, columns, table.target.astype(np.float64 if table.real else np.int64))


def relevant_view(table: Table) -> View:
    """The distinct rows of the columns that the answers depend on, see `relevant`."""
    view = whole_view(table)
    kept = relevant(view)
    return view if len(kept) == view.width else view.only(kept)


def relevant(view: View) -> list[int]:
    """The columns that the answers depend on, as far as the rows tell.

    A column goes when no two rows that differ in it alone have different answers, and enough rows might have had. Where
    the rows are too thin to say so of any, the few columns that determine the answers without a conflict and on
    much fewer combinations than there are rows are chosen, the most telling one first.

    Cost: one sort of the rows for each column.
    """
    kept, codes = list(range(view.width)), coded(view.columns)
    keys = codes.sum(axis=1, dtype=np.uint64)
    _, before = merged(keys, view.target)
    chance = disagreement(view.target)
    for j in reversed(range(view.width)):
        fewer = keys - codes[:, j]
        conflict, after = merged(fewer, view.target)
        if not conflict and (view.full or (before - after) * chance >= EVIDENCE):
            kept.remove(j)
            keys, before = fewer, after
    if len(kept) > MOST_CHOSEN and before * 4 > view.rows:
        return _telling(view, kept) or kept
    return kept


def merged(keys: np.ndarray, target: np.ndarray) -> tuple[bool, int]:
    """Whether equal keys ever meet different answers, and how many different keys there are."""
    order = np.argsort(keys, kind="stable")
    keys, target = keys[order], target[order]
    same = keys[1:] == keys[:-1]
    return bool((same & (target[1:] != target[:-1])).any()), len(keys) - int(same.sum())


def disagreement(target: np.ndarray) -> float:
    """The chance that two rows have different answers."""
    _, counts = np.unique(target, return_counts=True)
    return 1.0 - float(((counts / max(len(target), 1)) ** 2).sum())


def telling(view: View, keys: np.ndarray) -> bool:
    """Whether the answers are a function of `keys`, one number for each row, and this is no accident of thin rows."""
    conflict, distinct = merged(keys, view.target)
    if conflict or distinct >= view.rows:
        return False
    return view.full or (view.rows - distinct) * disagreement(view.target) >= EVIDENCE


def some_rows(view: View, count: int) -> np.ndarray:
    """The numbers of at most `count` rows, the same ones every time."""
    if view.rows <= count:
        return np.arange(view.rows)
    return np.sort(generator(0, "detect", "rows").choice(view.rows, count, replace=False))


def row_keys(columns: np.ndarray) -> np.ndarray:
    """A 64-bit number for each row of `(n, k)`, equal for equal rows; different ones for others but for chance."""
    return coded(columns).sum(axis=1, dtype=np.uint64)


def _none(table: Table) -> np.ndarray:
    return np.zeros((table.rows, 0), dtype=np.int64)


def _distinct(leaves: tuple[Expr, ...], columns: np.ndarray, target: np.ndarray) -> View:
    """Rows sorted and taken once, so that nothing depends on their order. Contradicting rows stay."""
    if not columns.shape[1]:
        return View(leaves, columns[:1], target[:1], full=True)
    order = np.lexsort((target, *columns.T[::-1]))
    columns, target = columns[order], target[order]
    new = np.ones(len(target), dtype=bool)
    new[1:] = (columns[1:] != columns[:-1]).any(axis=1) | (target[1:] != target[:-1])
    columns, target = columns[new], target[new]
    cells = 1.0
    for column in columns.T:
        cells *= len(np.unique(column))
    return View(leaves, columns, target, full=cells == len(target))


def coded(columns: np.ndarray, *, purpose: str = "salt") -> np.ndarray:
    """Every entry as a 64-bit number mixed with its column's own salt, so that sums of rows are hashes.

    The finaliser of S. Vigna's SplitMix64. Columns coded for one purpose hash differently from those for another.
    """
    raw = (columns + 0.0 if columns.dtype.kind == "f" else columns).astype(columns.dtype).view(np.uint64)
    salt = generator(0, "detect", purpose).integers(0, 2**63, columns.shape[1], dtype=np.uint64)
    mixed = raw + salt * np.uint64(2) + np.uint64(1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed


def _telling(view: View, kept: list[int]) -> list[int]:
    """Few columns that determine the answers, chosen by the entropy they leave; empty if there are none."""
    codes = {j: np.unique(view.columns[:, j], return_inverse=True)[1] for j in kept}
    codes = {j: code for j, code in codes.items() if code.max() < MOST_LEVELS}
    answers = np.unique(view.target, return_inverse=True)[1]
    group, chosen = np.zeros(view.rows, dtype=np.int64), []
    while len(chosen) < MOST_CHOSEN and len(chosen) < len(codes):
        options = [(j,) for j in codes if j not in chosen]
        best = _best(options, codes, group, answers)
        if not chosen and 1 < len(codes) <= PAIRS_FROM:
            pairs = [(i, j) for i in codes for j in codes if i < j]
            best = min(best, _best(pairs, codes, group, answers), key=lambda each: each[0] + 0.02 * len(each[1]))
        chosen += best[1]
        for j in best[1]:
            _, group = np.unique(group * MOST_LEVELS + codes[j], return_inverse=True)
        conflict, distinct = merged(group, answers)
        if distinct * 4 > view.rows:
            return []
        if not conflict:
            return relevant_of(view, sorted(chosen))
    return []


def relevant_of(view: View, chosen: list[int]) -> list[int]:
    """Of columns that determine the answers, those that none of them can do without."""
    for j in reversed(chosen):
        rest = [i for i in chosen if i != j]
        if rest and not merged(row_keys(view.columns[:, rest]), view.target)[0]:
            chosen = rest
    return chosen


def _best(
    options: list[tuple[int, ...]], codes: dict[int, np.ndarray], group: np.ndarray, answers: np.ndarray
) -> tuple[float, tuple[int, ...]]:
    """The columns after which the answers are least uncertain, and how uncertain they are then, in bits a row."""
    best = (np.inf, options[0])
    labels = int(answers.max()) + 1
    for option in options:
        key = group
        for j in option:
            key = key * (int(codes[j].max()) + 1) + codes[j]
        if (int(key.max()) + 1) * labels > 1 << 20:
            continue
        counts = np.bincount(key * labels + answers, minlength=(int(key.max()) + 1) * labels).reshape(-1, labels)
        totals = counts.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            uncertain = -float(np.nansum(counts * np.log2(counts / totals))) / len(answers)
        if uncertain < best[0] - 1e-12:
            best = (uncertain, option)
    return best
