"""Results of tests and guards, and the verdict they imply together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Status = Literal["pass", "fail", "not applicable", "unknown"]
Kind = Literal["behaviour", "exhaustive", "counter-example", "causal", "guard", "task"]
"""Which rule of the verdict a result feeds. "task" (against a person's labels) is reported and feeds none."""


class Verdict(StrEnum):
    """What the evidence allows to be said of a hypothesis, strongest first."""

    PROVED = "proved"
    SUPPORTED = "supported"
    BEHAVIOURAL = "behavioural"
    INCONCLUSIVE = "inconclusive"
    REFUTED = "refuted"
    FRIVOLOUS = "frivolous"

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return list(Verdict).index(self)

    @property
    def meaning(self) -> str:
        """One sentence for a reader who has not met the word."""
        return _MEANINGS[self]


_MEANINGS = {
    Verdict.PROVED: "equal to the network on its whole domain, and the network's insides work this way",
    Verdict.SUPPORTED: "every causal test and every control passed",
    Verdict.BEHAVIOURAL: "predicts outputs on inputs never searched; that the insides work this way is not established",
    Verdict.INCONCLUSIVE: "not enough evidence either way",
    Verdict.REFUTED: "the network does something else on at least one input",
    Verdict.FRIVOLOUS: "the same search does as well where there is no mechanism to find",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class CounterExample:
    """One input on which program and network disagree. Arrays are nested tuples of plain numbers."""

    input: Any
    expected: Any  # what the program says
    got: Any  # what the network does
    where: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One check of a hypothesis and what came of it.

    Arguments:
        name: unique within the evidence, such as "fidelity.held_out" or "guard.random_weights".
        kind: which rule of the verdict it feeds.
        status: "not applicable" and "unknown" carry their reason in `reason`.
        value: the statistic in `[0, 1]` unless `method` says otherwise; None when nothing was measured.
        n: how many independent units `value` rests on.
        interval: of `value`; None when nothing was measured.
        method: how value and interval were computed, in words.
        reason: why it passed, failed or does not apply, in one sentence.
        counter_examples: at most a few.
        details: further plain numbers (changed and unchanged agreement, null scores).
    """

    name: str
    kind: Kind
    status: Status
    value: float | None
    n: int
    interval: Interval | None
    method: str
    reason: str
    counter_examples: tuple[CounterExample, ...] = ()
    details: tuple[tuple[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the check ran and passed."""
        return self.status == "pass"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All results for one hypothesis. `evidence["interchange"].value` looks one up by name."""

    results: tuple[Result, ...] = ()

    def __getitem__(self, name: str) -> Result:
        found = self.named(name)
        if found is None:
            known = ", ".join(r.name for r in self.results) or "none"
            raise KeyError(f"no result named {name!r}; there are: {known}")
        return found

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def named(self, name: str) -> Result | None:
        """The result of that name; None when there is none."""
        return next((result for result in self.results if result.name == name), None)

    def of(self, kind: Kind) -> tuple[Result, ...]:
        """The results of one kind."""
        return tuple(r for r in self.results if r.kind == kind)

    def with_results(self, *results: Result) -> Evidence:
        """This evidence and more; a result of the same name is replaced."""
        names = {r.name for r in results}
        return Evidence((*(r for r in self.results if r.name not in names), *results))

    @property
    def truncated(self) -> bool:
        """Whether program and network were seen to part beyond the declared length: the claim ends there."""
        return any(r.status == "unknown" and r.n for r in self.results if r.name in BEYOND)

    @property
    def verdict(self) -> Verdict:
        """The verdict by the rules of evidence (see `verdict_of`)."""
        return verdict_of(self)


FEWEST_GUARDS = 2
BEYOND = frozenset({"fidelity.longer"})
"""Results about inputs outside the declared domain."""


def verdict_of(evidence: Evidence) -> Verdict:
    """The one place where results become a verdict.

    Refuted: a behaviour, exhaustive or counter-example result failed. Frivolous: a guard failed. Behavioural: behaviour
    passed, but the causal tests failed, do not apply or were not run, or guards are missing. Supported: behaviour,
    every causal test that ran (at least one) and every guard that ran (at least two, because the alignment and the
    search are separate worries) passed, none left unknown. Proved: the same, and the exhaustive comparison passed; that
    leaves no worry about the search, so one guard is enough.
    Sequences beyond the declared length bound what is claimed: an unknown result there takes nothing away.
    """
    outcomes = {kind: _outcome(evidence.of(kind)) for kind in ("behaviour", "exhaustive", "counter-example", "causal")}
    guards = _outcome(evidence.of("guard"))
    if "fail" in (outcomes["behaviour"], outcomes["exhaustive"], outcomes["counter-example"]):
        return Verdict.REFUTED
    if guards == "fail":
        return Verdict.FRIVOLOUS
    if not any(r.passed for r in (*evidence.of("behaviour"), *evidence.of("exhaustive"))):
        return Verdict.INCONCLUSIVE
    if any(r.status == "unknown" and r.name not in BEYOND for r in evidence.of("behaviour")):
        return Verdict.BEHAVIOURAL
    everywhere = outcomes["exhaustive"] == "pass"
    fewest = 1 if everywhere else FEWEST_GUARDS
    if outcomes["causal"] != "pass" or guards != "pass" or sum(r.passed for r in evidence.of("guard")) < fewest:
        return Verdict.BEHAVIOURAL
    return Verdict.PROVED if everywhere else Verdict.SUPPORTED


def _outcome(results: tuple[Result, ...]) -> Status:
    """Fail if any failed, unknown if any is unknown, pass if any passed, else not applicable."""
    statuses = {r.status for r in results}
    for status in ("fail", "unknown", "pass"):
        if status in statuses:
            return status
    return "not applicable"
