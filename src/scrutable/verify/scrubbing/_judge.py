"""From exchanges to an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import CounterExample, Status
from scrutable.verify._agreement import counter_example
from scrutable.verify.scrubbing._classes import Classes
from scrutable.verify.scrubbing._idle import HURTS, Idle, hurts, idle_position, together
from scrutable.verify.scrubbing._intervals import Ratio, ratio, reach, weights
from scrutable.verify.scrubbing._lattice import REST, Exchanged, Trials, subsets
from scrutable.verify.scrubbing._part import Part
from scrutable.verify.scrubbing._scrubbed import Recovered, Scrubbed, Swapped
from scrutable.work import flat_rows

TESTABLE = 0.5
SHOWN = 3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything that was run, and ratios with intervals over the same resamples of references.

    Arguments:
        harmless: what alone can be handed to other inputs, and hardly an answer changes. idle: the positions among it.
    """

    everything: Exchanged
    own_loss: np.ndarray
    unrelated: Exchanged
    swaps: tuple[Swapped, ...]
    shares: tuple[Ratio, ...]
    lost: Ratio | None
    change: Ratio | None
    harmless: tuple[str, ...]
    idle: tuple[Idle, ...]

    @property
    def worst(self) -> float | None:
        """The largest upper end of the shares of all swaps, simultaneously."""
        far = reach(list(self.shares))
        return max((each.upper(far) for each in self.shares), default=None)


def judged(trials: Trials, tested: Mapping[str, Part], *, margin: float, rng: np.random.Generator) -> Scrubbed:
    """Carry out every exchange and judge.

    Arguments:
        tested: the parts with a feature that are not just inputs, by name.
    """
    same = Classes.of(flat_rows(trials.data))
    names = tuple(trials.classes)
    testable = tuple((name, float(trials.classes[name].fresh(same)[trials.rows].mean())) for name in names)
    measured = _measured(trials, names, tested, rng)
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
        idle=measured.idle,
        worst=measured.worst,
        margin=margin,
        resamples=trials.resamples,
        counter_examples=_counter_examples(trials, everything),
    )


def _measured(trials: Trials, names: tuple[str, ...], tested: Mapping[str, Part], rng: np.random.Generator) -> Measured:
    counts = weights(len(trials.rows), rng)
    unrelated = trials.unrelated(rng)
    own = trials.measures.losses(trials.measures.raw[trials.rows], trials.rows)
    far = unrelated.moved.mean(axis=1)
    swaps, shares, everything = [], [], None
    harmless: dict[str, Exchanged] = {}
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
                hurts=hurts(broken, float(far.mean()), counts),
            )
        )
        if len(subset) == 1 and swaps[-1].hurts <= HURTS:
            harmless[subset[0]] = broken
    assert everything is not None
    change, random = (np.abs(each.loss - own[:, None]).mean(axis=1) for each in (everything, unrelated))
    positions = [name for name, part in tested.items() if part.whole and name in harmless]
    return Measured(
        everything=everything,
        own_loss=own,
        unrelated=unrelated,
        swaps=tuple(swaps),
        shares=tuple(shares),
        lost=_lost(own, everything, unrelated, counts),
        change=ratio(change, random, counts),
        harmless=tuple(harmless),
        idle=tuple(
            idle_position(trials, tested[name], harmless[name], counts, rng, far=float(far.mean()))
            for name in positions
        ),
    )


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
    measured: Measured, testable: dict[str, float], tested: Mapping[str, Part], margin: float
) -> tuple[Status, str]:
    empty = _untested(testable, tested) or _unbroken(measured, tested)
    if empty:
        return empty
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
    status, reason = together(measured.idle)
    return status, reason if status == "unknown" else "; ".join(filter(None, [words, reason]))


def _untested(testable: dict[str, float], tested: Mapping[str, Part]) -> tuple[Status, str] | None:
    """Why there is nothing to exchange, if so."""
    alone = [name for name in tested if testable[name] < TESTABLE]
    if not tested:
        return "not applicable", "it names no value inside the network that could be exchanged"
    if alone:
        least = min(testable[name] for name in alone)
        return "not applicable", (
            f"hardly any input has another that agrees with it on {', '.join(alone)} (exchanged for another "
            f"{least:.0%} of the time, {TESTABLE:.0%} is needed), so nothing is tested"
        )
    return None


def _unbroken(measured: Measured, tested: Mapping[str, Part]) -> tuple[Status, str] | None:
    """What should break when it is handed to other inputs, and does not, if so."""
    broke = {name for name in tested if name not in measured.harmless}
    whole = {name: part.whole or name for name, part in tested.items()}
    harmless = dict.fromkeys(each for each in whole.values() if each not in {whole[name] for name in broke})
    if harmless:
        return "fail", f"handing {', '.join(harmless)} to other inputs hardly changes an answer: nothing rests on it"
    status, reason = together(measured.idle)
    return (status, reason) if status == "fail" else None


def _counter_examples(trials: Trials, everything: Exchanged) -> tuple[CounterExample, ...]:
    """The exchanges of different references that moved the answer most."""
    most = everything.moved.argmax(axis=1)
    size = everything.moved[np.arange(len(most)), most]
    chosen = [row for row in np.argsort(-size, kind="stable")[:SHOWN] if size[row] > 0]
    decode, data, found = trials.measures.outputs.decode, trials.data, []
    for row in chosen:
        at, base = row * trials.resamples + int(most[row]), int(trials.rows[row])
        sources = [f"{name} from {data[drawn[at]].tolist()}" for name, drawn in everything.drawn.items()]
        expected, got = decode(trials.measures.raw[base : base + 1])[0], decode(everything.raw[at : at + 1])[0]
        found.append(counter_example(data[base], expected, got, "; ".join(sources)))
    return tuple(found)
