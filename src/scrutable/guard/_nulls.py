"""Null items: the same search and the same tests on networks without the mechanism."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeVar

import numpy as np

from scrutable.errors import ProgramError, UserError
from scrutable.guard._base import GuardCase, Scores
from scrutable.guard._baseline import NEARLY_CONSTANT, baseline, skill
from scrutable.hypothesis import Result, Status, against_nulls, silent

WANTED, FEWEST, LEVEL = 19, 5, 0.05
CLOSER = 59
"""So many nulls are run in all where one of the first 19 does as well. A hypothesis no better than its nulls passes one
of the two looks with probability 0.063."""
COMMON = 0.25
SETTLED = ceil(COMMON * WANTED)
"""With so many nulls that do as well it is settled: none of those still to come could change that."""
COMPARABLE = 0.75
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Data:
    """Inputs and a null network's outputs."""

    inputs: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True, slots=True)
class Null:
    """What the search achieved on one null network.

    Arguments:
        statistic: skill times interchange of the best candidate that counts. note: what that candidate was.
    """

    statistic: float
    agreement: float
    base: float
    note: str


@dataclass(frozen=True, slots=True)
class NullItem:
    """One independent null: `NullItem(...)(index)` makes the network, searches and scores.

    Arguments:
        case: the real one. make: the null network of that index, or None.
        with_interchange: whether the statistic has it.
        least_bits: candidates below this are simple mechanisms of the null network's own and do not count.
        slack: candidates of up to so many times the bits of the hypothesis count.
    """

    case: GuardCase
    make: Callable[[GuardCase, int], Any]
    with_interchange: bool
    least_bits: float
    slack: float = 1.0

    def __call__(self, index: int) -> Null | None:
        """The null, or None when the clock was over, before it or during its search, or there is no such network."""
        case = self.case
        if case.clock.over:
            return None
        network = self.make(case, index)
        if network is None:
            return None
        try:
            find = Data(case.find.inputs, network.predict(case.find.inputs))
            test = Data(case.test.inputs, network.predict(case.test.inputs))
        except UserError as error:
            return Null(0.0, 0.0, 0.0, f"overflows: {str(error)[:80]}")
        base = baseline(case, find, test)
        if base >= NEARLY_CONSTANT:
            return Null(0.0, base, base, "as good as constant, or a table of the current input")
        seed = case.seed + 1009 * (index + 1)
        seconds = min(case.search_seconds, case.clock.left)
        candidates = case.search(network, find.inputs, find.outputs, seconds=seconds, seed=seed)
        cut_short = seconds < case.search_seconds and case.clock.over
        return None if cut_short else self._best(network, candidates, test, base)

    def _best(self, network: Any, candidates: Iterable[Any], test: Data, base: float) -> Null:
        most = self.slack * self.case.hypothesis.program.bits + 1e-9
        best = Null(0.0, 0.0, base, "nothing found")
        for candidate in candidates:
            bits = candidate.program.bits
            if not self.least_bits <= bits <= most:
                if best.statistic == 0.0:
                    best = Null(0.0, 0.0, base, f"found {bits:.0f} bits, which is not comparable")
                continue
            try:
                scores = self.case.score(network, candidate, test.inputs, test.outputs, seed=self.case.seed)
            except (ProgramError, UserError):
                continue
            value = statistic(scores, base, with_interchange=self.with_interchange)
            if value >= best.statistic:
                best = Null(value, scores.agreement, base, f"{bits:.0f} bits")
        return best


def statistic(scores: Scores, base: float, *, with_interchange: bool) -> float:
    """Skill, times interchange where that is measured."""
    causal = scores.interchange if with_interchange and scores.interchange is not None else 1.0
    return skill(scores.agreement, base) * causal


def compared_with_nulls(name: str, item: NullItem, *, what: str) -> Result:
    """Run the nulls and compare the hypothesis with them.

    p = (1 + nulls at or above it) / (nulls + 1), a null being the best of its candidates: the p-values of several
    hypotheses of about as many bits, compared with the same nulls, hold together (max-T; see `max_t`). Passes at
    p <= 0.05 with 19 nulls; with fewer (at least 5) when no null reaches it. Where one does, 40 more are run (a
    sequential Monte Carlo test with two looks, after Besag and Clifford, Biometrika 1991). Fails when two or more of 19
    do, and these are a quarter or more of the nulls that are not as good as constant: then the search does as well
    where there is nothing to find, and no more are run once that is settled. In between it is "unknown".
    """
    case = item.case
    base = baseline(case, case.find, case.test)
    if base >= NEARLY_CONSTANT:
        return silent(
            name, "guard", "the network's outputs are as good as constant: there is no rich program to be matched"
        )
    scores = case.score(case.network, case.hypothesis, case.test.inputs, case.test.outputs, seed=case.seed)
    found = statistic(scores, base, with_interchange=item.with_interchange)
    nulls, wanted = _looked_at(item, found)
    if not nulls and item.make(case, 0) is None:
        return silent(name, "guard", f"there are no {what}: the network is a function without weights")
    hits = sum(null.statistic >= found for null in nulls)
    lively = sum(null.base < NEARLY_CONSTANT for null in nulls)
    words = f"the same search does as well on {hits} of {len(nulls)} {what} {{p}}"
    words += f"; {len(nulls) - lively} of them are as good as constant" if lively < len(nulls) else ""
    if len(nulls) < wanted:
        words += f"; time allowed {len(nulls)} of {wanted}" + (f", {FEWEST} are needed" if len(nulls) < FEWEST else "")
    return against_nulls(
        name,
        found,
        [null.statistic for null in nulls],
        status=judged(hits, len(nulls), lively=lively),
        method=_method(item),
        reason=words,
        details=(
            ("baseline", base),
            ("null agreements", tuple(null.agreement for null in nulls)),
            ("null baselines", tuple(null.base for null in nulls)),
            ("null notes", tuple(null.note for null in nulls)),
            ("bits", case.hypothesis.program.bits),
            ("least bits counted", item.least_bits),
        ),
    )


def _looked_at(item: NullItem, found: float) -> tuple[list[Null], int]:
    """The nulls that there was time for, and how many were wanted."""
    nulls = until_settled(item.case.map(item, range(WANTED)), lambda null: null.statistic >= found)
    hits = sum(null.statistic >= found for null in nulls)
    if hits >= SETTLED:
        return nulls, len(nulls)
    if len(nulls) < WANTED or hits != 1:
        return nulls, WANTED
    more = item.case.map(item, range(WANTED, CLOSER))
    return [*nulls, *(null for null in more if null is not None)], CLOSER


def until_settled(results: Iterable[T | None], reaches: Callable[[T], bool]) -> list[T]:
    """The nulls in order, those left out that there was no time for, up to the one that settles that the control fails.

    Arguments:
        reaches: whether a null does as well as what was found.
    """
    nulls: list[T] = []
    for null in results:
        nulls += [] if null is None else [null]
        if sum(map(reaches, nulls)) >= SETTLED:
            break
    return nulls


def _method(item: NullItem) -> str:
    most = "no more bits" if item.slack == 1.0 else f"up to {item.slack:g} times the bits"
    score = "agreement on rows kept back, counted from the network's own baseline"
    causal = ", times interchange" if item.with_interchange else ""
    return f"search and tests repeated, the same proposers for as long, candidates of {most}; {score}{causal}"


def judged(hits: int, count: int, *, lively: int) -> Status:
    """The rule of `compared_with_nulls`."""
    if count < FEWEST:
        return "unknown"
    if hits == 0 or (count >= WANTED and (1 + hits) / (count + 1) <= LEVEL):
        return "pass"
    return "fail" if count <= WANTED and hits >= max(2, COMMON * lively) else "unknown"
