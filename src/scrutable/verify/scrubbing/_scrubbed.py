"""What causal scrubbing found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from scrutable.hypothesis import CounterExample, Interval, Result, Status
from scrutable.verify.scrubbing._idle import Idle, together

NAME = "scrubbing"


@final
@dataclass(frozen=True, slots=True)
class Recovered:
    """The loss recovered, (L_random - L_scrubbed) / (L_random - L_model), and what it is made of.

    Arguments:
        share, interval: None when the network's loss is no better than that of unrelated outputs.
        model, scrubbed, random: mean losses. n: references.
    """

    share: float | None
    interval: Interval | None
    model: float
    scrubbed: float
    random: float
    n: int


@final
@dataclass(frozen=True, slots=True)
class Swapped:
    """What exchanging some parts together did to the answers.

    Arguments:
        names: of the parts. moved: how far the answers moved on average. broken: the same with the features permuted
            among inputs (for the rest alone: outputs of unrelated inputs).
        share: `moved / broken`; None where permuting moves nothing. interval: of the share.
        hurts: the lower end of the interval of `broken`, as a share of how far unrelated outputs are.
    """

    names: tuple[str, ...]
    moved: float
    broken: float
    share: float | None
    interval: Interval | None
    hurts: float


@final
@dataclass(frozen=True, slots=True)
class Scrubbed:
    """The outcome of causal scrubbing.

    Arguments:
        status, reason: whether the hypothesis held; "not applicable" when it leaves nothing to exchange.
        recovered: the loss recovered when everything is exchanged. loss_name: how the loss is reckoned.
        loss_change: the mean over single exchanges of the size of the change in loss, as a share of what unrelated
            outputs do. Unlike means, such changes do not cancel. loss_change_interval: of it.
        divergence: mean Kullback-Leibler divergence of scores from the network's own; None where there are no scores.
        flips: the share of exchanges after which some answer is another one. For real outputs, None.
        testable: for each part with a feature, the share of its exchanges that give another input.
        swaps: everything exchanged together, each part alone, and all but one.
        idle: positions of sequences on which nothing was seen to rest.
        worst: the upper end, simultaneous over all swaps (max-T), of the largest share.
        margin: what `worst` had to stay below. resamples: exchanges for each reference.
    """

    status: Status
    reason: str
    recovered: Recovered
    loss_name: str
    loss_change: float | None
    loss_change_interval: Interval | None
    divergence: float | None
    flips: float | None
    testable: tuple[tuple[str, float], ...]
    swaps: tuple[Swapped, ...]
    idle: tuple[Idle, ...]
    worst: float | None
    margin: float
    resamples: int
    counter_examples: tuple[CounterExample, ...]

    @property
    def passed(self) -> bool:
        """Whether the hypothesis held."""
        return self.status == "pass"

    def without(self, idle: tuple[Idle, ...]) -> Scrubbed:
        """The same where it is also known on which positions of its parts nothing rests."""
        status, reason = together(idle)
        both = "; ".join(filter(None, [self.reason, reason]))
        return replace(self, idle=idle, status=status, reason=both if status == "pass" else reason)

    def result(self) -> Result:
        """The same as a test's result: the value is the loss recovered, cut off at 0 and 1."""
        found = self.recovered
        return Result(
            name=NAME,
            kind="causal",
            status=self.status,
            value=None if found.share is None else _within(found.share),
            n=found.n,
            interval=None
            if found.interval is None
            else Interval(*map(_within, (found.interval.low, found.interval.high))),
            method=f"loss recovered ({self.loss_name}); each part and everything unnamed taken from inputs that agree "
            f"on what it carries, {self.resamples} times for each input; cluster bootstrap over inputs",
            reason=self.reason,
            counter_examples=self.counter_examples,
            details=self._details(),
        )

    def _details(self) -> tuple[tuple[str, object], ...]:
        swaps = tuple((", ".join(swap.names), swap.share) for swap in self.swaps)
        return (
            ("loss of the network", self.recovered.model),
            ("loss when scrubbed", self.recovered.scrubbed),
            ("loss of unrelated outputs", self.recovered.random),
            ("size of the change in loss, share of unrelated", self.loss_change),
            ("answers that flip", self.flips),
            ("divergence of scores", self.divergence),
            ("exchanges that give another input", self.testable),
            ("answers moved, share of permuted", swaps),
            ("positions on which nothing rests", tuple((idle.name, idle.status, idle.reason) for idle in self.idle)),
            ("worst share, upper end", self.worst),
            ("margin", self.margin),
        )


def _within(share: float) -> float:
    """A share cut off at 0 and 1."""
    return min(1.0, max(0.0, share))
