"""Positions of a sequence on which nothing rests in the network, and whether the hypothesis says so itself.

Whoever names a place for each position says that answers rest on every one of them, unless no answer of the hypothesis
itself depends on what is at that position. Both are asked the same: of how many exchanges that hand the position to
other inputs, regardless of what it carries, do answers move?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Interval, Status
from scrutable.verify.scrubbing._intervals import Ratio, lower_mean, ratio, weights
from scrutable.verify.scrubbing._lattice import Exchanged, Trials
from scrutable.verify.scrubbing._part import Part

HURTS = 0.01
SPOKEN = 0.5
"""The least share of such exchanges that a hypothesis must speak of when it says that none of them matters."""


@final
@dataclass(frozen=True, slots=True)
class Idle:
    """A position which can be handed to other inputs, and hardly an answer of the network changes.

    Arguments:
        status: "pass" where the hypothesis says so too, "fail" where it says otherwise, "unknown" where the numbers do
            not tell.
        moved: the interval of the share of such exchanges that move the network's answer.
        said: of those that move the answer of the hypothesis; None where it does not say.
        reason: in words, unless it passed.
    """

    name: str
    status: Status
    moved: Interval
    said: Interval | None
    reason: str


def idle_position(
    trials: Trials, part: Part, broken: Exchanged, counts: np.ndarray, rng: np.random.Generator, *, far: float
) -> Idle:
    """What there is to say of a position on which nothing was seen to rest.

    Arguments:
        broken: it, handed to other inputs in the network. counts: of `weights`.
        far: how far answers to unrelated inputs are. Those that are real numbers must move a hundredth of it to count.

    Cost: three runs of the program on all references and resamples.
    """
    least = HURTS * far if trials.measures.outputs.dtype.kind == "f" else 0.0
    moved = _share(broken.moved > least, counts).interval
    about = f"handing {part.name} to other inputs moves at most {moved.high:.1%} of the network's answers"
    if part.said is None:
        return Idle(part.name, "fail", moved, None, f"{about}: nothing rests on it")
    again = np.repeat(trials.rows, trials.resamples)
    drawn = trials.classes[part.name].permuted(rng).drawn(again, rng)
    here, there = trials.data[again], trials.data[drawn]
    own, other = part.said(here, here), part.said(here, there)
    differ = (trials.measures.apart(other.answers, own.answers) > least) & other.known
    said = _share(differ.reshape(broken.moved.shape), counts).interval
    words = f"{about} and {said.low:.1%} to {said.high:.1%} of the program's"
    if said.low > moved.high:
        return Idle(part.name, "fail", moved, said, f"{words}, and nothing rests on it")
    if other.known.mean() < SPOKEN:
        return Idle(part.name, "unknown", moved, None, f"{about}, and the program hardly speaks of such exchanges")
    if differ.any() and said.high > HURTS:
        return Idle(part.name, "unknown", moved, said, f"{words}: too few inputs to tell whether anything rests on it")
    return Idle(part.name, "pass", moved, said, "")


def together(idle: Sequence[Idle]) -> tuple[Status, str]:
    """What comes of several positions, and why."""
    for status in ("fail", "unknown"):
        reasons = [each.reason for each in idle if each.status == status]
        if reasons:
            return status, "; ".join(reasons)
    names = ", ".join(each.name for each in idle)
    return "pass", f"nothing rests on {names}, as the program says" if names else ""


def idle_positions(trials: Trials, positions: Sequence[Part], rng: np.random.Generator) -> tuple[Idle, ...]:
    """The positions on which nothing rests. Cost: one run of the network for each position."""
    counts, far = weights(len(trials.rows), rng), float(trials.unrelated(rng).moved.mean())
    handed = ((part, trials.broken((part.name,), rng)) for part in positions)
    idle = ((part, broken) for part, broken in handed if not hurts(broken, far, counts) > HURTS)
    return tuple(idle_position(trials, part, broken, counts, rng, far=far) for part, broken in idle)


def hurts(broken: Exchanged, far: float, counts: np.ndarray) -> float:
    """How much an exchange with permuted features moves answers at least, as a share of how far unrelated ones are."""
    return lower_mean(broken.moved.mean(axis=1), counts) / far if far > 0 else 0.0


def _share(of: np.ndarray, counts: np.ndarray) -> Ratio:
    """Of exchanges, `(references, resamples)` booleans."""
    found = ratio(of.mean(axis=1), np.ones(len(of)), counts)
    assert found is not None
    return found
