"""Growing a decision list rule by rule: a beam search over conjunctions for each rule, then the rows it covers go.

Separate and conquer with a beam as in CN2. A rule is worth the bits it saves: how much shorter the answers of the rows
it covers become when they are coded by what it says of them instead of by the mix of all rows left, less its own text;
taken absolutely, or for each row it covers (or in between), which prefers small rules without exceptions.

References: P. Clark and T. Niblett, The CN2 induction algorithm, Machine Learning 3 (1989); H. M. Proenca and M. van
Leeuwen, Interpretable multiclass classification by MDL-based rule lists, Information Sciences 512 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.propose._oblique_tree import Rows
from scrutable.propose._rule_list import Condition, DecisionList, Rule
from scrutable.work import Clock

BINS = 32
BEAM = 6
LONGEST = 4
"""Conditions in a rule at most."""
RULE_BITS, CONDITION_BITS = 12.0, 18.0
"""About what a rule takes in a program, and each of its conditions."""
SMOOTH = 0.5
KINDS = ("le", "gt", "eq")


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The numbers of each column in at most `BINS` bins.

    Arguments:
        codes: the bin of each number, `(n, k)`; a number is at most `tops[c][b]` where its bin is at most `b`.
        single: `(k,)`, whether each bin of a column holds one whole number only, so that one may ask for equality.
    """

    codes: np.ndarray
    tops: tuple[np.ndarray, ...]
    single: np.ndarray

    @staticmethod
    def of(x: np.ndarray, whole: tuple[bool, ...]) -> Grid:
        """The grid of rows `(n, k)`: every value of a column that has few, else quantiles."""
        tops, codes, single = [], np.empty(x.shape, dtype=np.int64), np.zeros(x.shape[1], dtype=bool)
        for i in range(x.shape[1]):
            values = np.unique(x[:, i])
            single[i] = whole[i] and 2 < len(values) <= BINS
            if len(values) > BINS:
                values = np.unique(np.quantile(x[:, i], np.arange(1, BINS + 1) / BINS, method="lower"))
            tops.append(values)
            codes[:, i] = np.minimum(np.searchsorted(values, x[:, i]), len(values) - 1)
        return Grid(codes, tuple(tops), single)

    def counts(self, rows: Rows, chosen: np.ndarray) -> np.ndarray:
        """The weight of each label in each bin of each column, over the rows chosen: `(k, BINS, labels)`."""
        k = self.codes.shape[1]
        place = (self.codes[chosen] + BINS * np.arange(k)) * rows.labels + rows.y[chosen, None]
        weight = np.repeat(rows.weight[chosen], k)
        return np.bincount(place.ravel(), weight, k * BINS * rows.labels).reshape(k, BINS, rows.labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Partial:
    """A conjunction on the way: conditions by column and kind, as bins, and the rows that meet them."""

    conditions: dict[tuple[int, str], int]
    chosen: np.ndarray
    worth: float


def grown_list(rows: Rows, grid: Grid, *, most: int, purity: float, clock: Clock) -> DecisionList:
    """A decision list of at most `most` rules. Rules are added as long as one saves bits.

    Arguments:
        purity: 0 counts the bits that a rule saves, 1 those it saves for each row covered.

    Cost: for each rule at most `LONGEST * BEAM` histograms of the rows left.
    """
    left, rules = np.arange(len(rows)), []
    while len(rules) < most and not clock.over:
        found = _best_rule(rows, grid, left, purity=purity, clock=clock)
        if found is None:
            break
        counts = rows[found.chosen].counts
        rules.append(Rule(_conditions(found, grid), int(counts.argmax())))
        left = np.setdiff1d(left, found.chosen, assume_unique=True)
    rest = rows[left] if len(left) else rows
    return DecisionList(tuple(rules), int(rest.counts.argmax()))


def _best_rule(rows: Rows, grid: Grid, left: np.ndarray, *, purity: float, clock: Clock) -> _Partial | None:
    """The conjunction of most worth among the rows left; None where none saves bits."""
    mix = rows[left].counts
    if np.count_nonzero(mix) < 2:
        return None
    beam = [_Partial({}, left, 0.0)]
    best: _Partial | None = None
    for _ in range(LONGEST):
        longer: list[_Partial] = []
        for partial in beam:
            if clock.over:
                break
            longer += _extended(partial, rows, grid, mix, purity)
        longer.sort(key=lambda each: -each.worth)
        beam = _different(longer)
        if beam and beam[0].worth > (best.worth if best else 0.0):
            best = beam[0]
    return best


def _different(partials: list[_Partial]) -> list[_Partial]:
    """The first few that choose different rows."""
    kept: dict[bytes, _Partial] = {}
    for each in partials:
        kept.setdefault(each.chosen.tobytes(), each)
        if len(kept) == BEAM:
            break
    return list(kept.values())


def _extended(partial: _Partial, rows: Rows, grid: Grid, mix: np.ndarray, purity: float) -> list[_Partial]:
    """The best ways to add a condition, one for each column and kind at most."""
    each = grid.counts(rows, partial.chosen)
    low = np.cumsum(each, axis=1)
    total = low[:, -1:, :]
    bits = RULE_BITS + CONDITION_BITS * (len(partial.conditions) + 1)
    found = []
    for kind, inside in zip(KINDS, (low, total - low, each), strict=True):
        worth = _worth(inside, mix, bits, purity)
        worth[inside.sum(axis=-1) >= total.sum(axis=-1) - 1e-9] = -np.inf  # all of them: it says nothing
        if kind == "eq":
            worth[~grid.single] = -np.inf
        bins = worth.argmax(axis=1)
        found += [(worth[i, b], i, kind, int(b)) for i, b in enumerate(bins) if np.isfinite(worth[i, b])]
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    return [_with(partial, grid, one) for one in found[:BEAM]]


def _worth(inside: np.ndarray, mix: np.ndarray, bits: float, purity: float) -> np.ndarray:
    """The bits that rules save, for the weight of each label they cover, `(..., labels)`; minus infinity for none."""
    covered = inside.sum(axis=-1)
    labels = len(mix)
    before = np.log2((mix + SMOOTH) / (mix.sum() + SMOOTH * labels))
    after = np.log2((inside + SMOOTH) / (covered[..., None] + SMOOTH * labels))
    saved = (inside * (after - before)).sum(axis=-1) - bits
    scaled = np.where(saved > 0, saved / np.maximum(covered, 1.0) ** purity, saved)
    return np.where(covered > 1e-9, scaled, -np.inf)


def _with(partial: _Partial, grid: Grid, option: tuple[float, int, str, int]) -> _Partial:
    worth, column, kind, at = option
    codes = grid.codes[partial.chosen, column]
    met = codes == at if kind == "eq" else codes <= at if kind == "le" else codes > at
    return _Partial({**partial.conditions, (column, kind): at}, partial.chosen[met], float(worth))


def _conditions(partial: _Partial, grid: Grid) -> tuple[Condition, ...]:
    return tuple(
        Condition(column, kind, float(grid.tops[column][at]))  # type: ignore[arg-type]
        for (column, kind), at in sorted(partial.conditions.items())
    )
