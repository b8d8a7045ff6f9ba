"""From exchanges to an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import CounterExample, Status
from scrutable.verify._agreement import counter_example
from scrutable.verify.scrubbing._classes import Classes
from scrutable.verify.scrubbing._intervals import Ratio, lower_mean, ratio, reach, weights
from scrutable.verify.scrubbing._lattice import REST, Exchanged, Trials, subsets
from scrutable.verify.scrubbing._scrubbed import Recovered, Scrubbed, Swapped
from scrutable.work import flat_rows

TESTABLE = 0.5
HURTS = 0.01
SHOWN = 3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything that was run, and ratios with intervals over the same resamples of references."""

    everything: Exchanged
    own_loss: np.ndarray
    unrelated: Exchanged
    swaps: tuple[Swapped, ...]
    shares: tuple[Ratio, ...]
    lost: Ratio | None
    change: Ratio | None

    @property
    def worst(self) -> float | None:
        """The largest upper end of the shares of all swaps, simultaneously."""
        far = reach(list(self.shares))
        return max((each.upper(far) for each in self.shares), default=None)


def judged(
    trials: Trials, tested: Mapping[str, str], data: np.ndarray, *, margin: float, rng: np.random.Generator
) -> Scrubbed:
    """Carry out every exchange and judge.

    Arguments:
        tested: the parts with a feature that are not just inputs, and of each the name of the whole that it belongs to.
    """
    same = Classes.of(flat_rows(data))
    names = tuple(trials.classes)
    testable = tuple((name, float(trials.classes[name].fresh(same)[trials.rows].mean())) for name in names)
    measured = _measured(trials, names, rng)
    status, reason = _verdict(measured, dict(testable), tested, margin)
    lost, change, everything = measured.lost, measured.change, measured.everything
    discrete = trials.measures.outputs.dtype.kind != "f"
    return Scrubbed(
        status=status,
        reason=reason,
        recovered=_recovered(lost, measured.own_loss, everything, measured.unrelated),
        loss_name=trials.measures.loss_name,
        loss_change=None if change is None else change.value,
        loss_change_interval=None if change is None else change.interval,
        divergence=None if everything.divergence is None else float(everything.divergence.mean()),
        flips=float((everything.moved > 0).mean()) if discrete else None,
        testable=testable,
        swaps=measured.swaps,
        worst=measured.worst,
        margin=margin,
        resamples=trials.resamples,
        counter_examples=_counter_examples(trials, everything, data),
    )


def _measured(trials: Trials, names: tuple[str, ...], rng: np.random.Generator) -> Measured:
    counts = weights(len(trials.rows), rng)
    unrelated = trials.unrelated(rng)
    own = trials.measures.losses(trials.measures.raw[trials.rows], trials.rows)
    far = unrelated.moved.mean(axis=1)
    swaps, shares, everything = [], [], None
    for subset in subsets(names):
        right, broken = trials.right(subset, rng), trials.broken(subset, rng)
        everything = right if everything is None else everything
        moved, hurt = (each.moved.mean(axis=1) for each in (right, broken))
        share = ratio(moved, hurt if subset != (REST,) else far, counts)
        shares += [] if share is None else [share]
        swaps.append(
            Swapped(
                names=subset,
                moved=float(moved.mean()),
                broken=float(hurt.mean()),
                share=None if share is None else share.value,
                interval=None if share is None else share.interval,
                hurts=lower_mean(hurt, counts) / float(far.mean()) if far.mean() > 0 else 0.0,
            )
        )
    assert everything is not None
    change, random = (np.abs(each.loss - own[:, None]).mean(axis=1) for each in (everything, unrelated))
    lost = _lost(own, everything, unrelated, counts)
    return Measured(everything, own, unrelated, tuple(swaps), tuple(shares), lost, ratio(change, random, counts))


def recovered(trials: Trials, rng: np.random.Generator) -> Recovered:
    """The loss recovered when everything is exchanged, and nothing else."""
    counts, unrelated = weights(len(trials.rows), rng), trials.unrelated(rng)
    own = trials.measures.losses(trials.measures.raw[trials.rows], trials.rows)
    everything = trials.right((*trials.classes, REST), rng)
    return _recovered(_lost(own, everything, unrelated, counts), own, everything, unrelated)


def _lost(own: np.ndarray, everything: Exchanged, unrelated: Exchanged, counts: np.ndarray) -> Ratio | None:
    random = unrelated.loss.mean(axis=1)
    return ratio(random - everything.loss.mean(axis=1), random - own, counts)


def _recovered(lost: Ratio | None, own: np.ndarray, everything: Exchanged, unrelated: Exchanged) -> Recovered:
    losses = (float(each.mean()) for each in (own, everything.loss, unrelated.loss))
    return Recovered(None if lost is None else lost.value, None if lost is None else lost.interval, *losses, n=len(own))


def _verdict(
    measured: Measured, testable: dict[str, float], tested: Mapping[str, str], margin: float
) -> tuple[Status, str]:
    idle = [name for name in tested if testable[name] < TESTABLE]
    if not tested:
        return "not applicable", "it names no value inside the network that could be exchanged"
    if idle:
        least = min(testable[name] for name in idle)
        return "not applicable", (
            f"hardly any input has another that agrees with it on {', '.join(idle)} (exchanged for another {least:.0%} "
            f"of the time, {TESTABLE:.0%} is needed), so nothing is tested"
        )
    harmful = {tested.get(swap.names[0]) for swap in measured.swaps if len(swap.names) == 1 and swap.hurts > HURTS}
    harmless = [whole for whole in dict.fromkeys(tested.values()) if whole not in harmful]
    if harmless:
        return "fail", f"handing {', '.join(harmless)} to other inputs hardly changes an answer: nothing rests on it"
    worst, change, lost = measured.worst, measured.change, measured.lost
    words = f"exchanging leaves at most {worst:.1%} of the effect of permuted features" if worst is not None else ""
    if worst is None or worst > margin:
        which = max(measured.swaps, key=lambda swap: -1.0 if swap.share is None else swap.share)
        share = "" if which.share is None else f" ({which.share:.1%} for {', '.join(which.names)})"
        return "fail", f"{words}{share}, {margin:.0%} is allowed"
    if change is not None and change.interval.high > margin:
        return "fail", f"the loss of single inputs changes by {change.value:.1%} of what unrelated outputs do"
    if lost is not None and not (1 - margin <= lost.interval.low and lost.interval.high <= 1 + margin):
        return "fail", f"the loss recovered is {lost.value:.1%}, within {margin:.0%} of all is needed"
    return "pass", words


def _counter_examples(trials: Trials, everything: Exchanged, data: np.ndarray) -> tuple[CounterExample, ...]:
    """The exchanges of different references that moved the answer most."""
    most = everything.moved.argmax(axis=1)
    size = everything.moved[np.arange(len(most)), most]
    chosen = [row for row in np.argsort(-size, kind="stable")[:SHOWN] if size[row] > 0]
    decode, found = trials.measures.outputs.decode, []
    for row in chosen:
        at, base = row * trials.resamples + int(most[row]), int(trials.rows[row])
        sources = [f"{name} from {data[drawn[at]].tolist()}" for name, drawn in everything.drawn.items()]
        expected, got = decode(trials.measures.raw[base : base + 1])[0], decode(everything.raw[at : at + 1])[0]
        found.append(counter_example(data[base], expected, got, "; ".join(sources)))
    return tuple(found)
