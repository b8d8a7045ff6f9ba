"""Member swaps: one real state of a class is as good as another.

The states of a network are grouped by what the program holds at the time: a class. In the middle of an input the state
is replaced by that of another input at a random step, picked from the same class: the network must go on as before.
And by one from a class with another answer to come: the network must change as the program says.

No map is fitted, so nothing can be fitted too well; but a real state put in the place of another is what the network
would hold had it read another beginning, so that this is a statement about outputs on joined inputs, for which the
classes must be fine enough. Whether they are too fine, only their number shows (see `_classes`).

After the resampling within equal values of Chan et al., "Causal scrubbing" (2022, Redwood Research), and the check of
extracted automata by Weiss, Goldberg & Yahav, "Extracting automata from recurrent neural networks using queries and
counterexamples" (2018, arXiv 1711.09576).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrutable.hypothesis import Result, silent, wilson
from scrutable.verify._base import Sample
from scrutable.verify._classes import Classes
from scrutable.verify._pairs import Trace, Trial, disjoint_pairs, outcome, trace
from scrutable.verify._places import Pairs
from scrutable.verify._rows import relabelled, stand_ins
from scrutable.verify._words import steps_seen
from scrutable.work import generator

NAME = "interchange.members"
LEAST, ENOUGH, PLENTY = 0.9, 35, 100
ROUNDS = 8
ALPHABETS, WORDS, SYMBOLS = 16, 2048, 2


def members(trial: Trial, pairs: Pairs, pool: Trace, classes: Classes) -> Result:
    """See the module.

    Each trial takes three inputs used nowhere else: a base, a source whose class changes the program's answer to the
    rest of the base, and one that comes to the same class as the base. Where inputs hardly ever share a class, others
    are made from a few different steps each, out of those in the data. Passes when both halves are right (the intervals
    lie above 0.9), and more often than with classes shuffled among the trials.

    Arguments:
        pairs: base and source, from rows never used. pool: other rows. classes: for the number of them.

    Cost: one run of the network on four rows for each trial.
    """
    if trial.aligned:
        return silent(NAME, "causal", "the alignment names only a part of what the program carries")
    rng = generator(trial.case.seed, "members")
    found = _swaps(trial, pairs, pool, rng)
    if len(found) < PLENTY and not trial.memory.timed:
        more, pool = (trace(trial, half) for half in _few_steps(trial, pool, rng))
        found = max(found, _swaps(trial, disjoint_pairs(trial, more, rng), pool, rng), key=len)
    if len(found) < ENOUGH:
        few = (
            f"only {len(found)} times did two inputs come to one class on which an answer depends, {ENOUGH} are needed"
        )
        return replace(silent(NAME, "causal", f"{few}; {classes.words}"), details=classes.facts)
    return _result(found, _scored(trial, found, rng), classes)


@dataclass(frozen=True, slots=True)
class _Swaps:
    """Pairs whose answer changes, and for each base another state of its class, `(p, d)`."""

    pairs: Pairs
    same: np.ndarray

    def __len__(self) -> int:
        return len(self.pairs)


def _swaps(trial: Trial, pairs: Pairs, pool: Trace, rng: np.random.Generator) -> _Swaps:
    """The pairs for whose base the pool has a member of its class, not after a later step; no input of it twice."""
    pairs = pairs.rows(np.flatnonzero(pairs.changed))
    rows, steps = (axis.reshape(-1) for axis in np.indices(pool.states.shape[:2]))
    held = trial.memory.values(pairs.base)[np.arange(len(pairs)), pairs.steps]
    keys = relabelled(np.concatenate([pool.memory[rows, steps], held]))
    chosen = np.full(len(pairs), -1)
    for _ in range(ROUNDS):
        drawn = stand_ins(keys[: len(rows)], keys[len(rows) :], rng)
        fits = (drawn >= 0) & (steps[drawn] <= pairs.steps)
        fits &= (pool.states[rows[drawn], steps[drawn]] != pairs.own).any(axis=1)
        new = np.flatnonzero(fits & (chosen < 0))
        new = new[np.unique(rows[drawn[new]], return_index=True)[1]]
        new = new[~np.isin(rows[drawn[new]], rows[chosen[chosen >= 0]])]
        chosen[new] = drawn[new]
    kept = np.flatnonzero(chosen >= 0)
    at = chosen[kept]
    return _Swaps(pairs.rows(kept), pool.states[rows[at], steps[at]])


def _few_steps(trial: Trial, traced: Trace, rng: np.random.Generator) -> tuple[Sample, Sample]:
    """Inputs made of two different steps each, out of those in the data: what they remember is often the same."""
    steps = steps_seen(traced.inputs, len(traced.inputs), rng)
    words = []
    for _ in range(ALPHABETS):
        some = steps[rng.integers(0, len(steps), size=SYMBOLS)]
        words.append(some[rng.integers(0, SYMBOLS, size=(WORDS // ALPHABETS, traced.length))])
    inputs = np.concatenate(words)
    sample = Sample(inputs, trial.case.network.predict(inputs))
    return sample.rows(slice(0, None, 2)), sample.rows(slice(1, None, 2))


@dataclass(frozen=True, slots=True)
class _Scores:
    """Which trials went as they should, `(p,)` each; `any_` with the states of other trials."""

    same: np.ndarray
    changed: np.ndarray
    any_same: np.ndarray
    any_changed: np.ndarray


def _scored(trial: Trial, swaps: _Swaps, rng: np.random.Generator) -> _Scores:
    pairs, order = swaps.pairs, rng.permutation(len(swaps))
    states = np.concatenate([swaps.same, pairs.others, swaps.same[order], pairs.others[order]])
    expected = np.concatenate([pairs.outputs, pairs.predicted] * 2)
    again = pairs.rows(np.tile(np.arange(len(pairs)), 4))
    states = again.own + (states - again.own) @ trial.axes @ trial.axes.T
    return _Scores(*outcome(trial, again, states, expected).reshape(4, -1))


def _result(swaps: _Swaps, scores: _Scores, classes: Classes) -> Result:
    same, changed, n = int(scores.same.sum()), int(scores.changed.sum()), len(swaps)
    right, null = scores.same & scores.changed, float((scores.any_same & scores.any_changed).mean())
    interval = wilson(int(right.sum()), n)
    passed = min(wilson(same, n).low, wilson(changed, n).low) >= LEAST and interval.low > null
    words = f"the network goes on as before in {same} of {n} swaps within a class and changes as the program says in "
    words += f"{changed} of {n} between classes (both in {null:.3f} with classes shuffled)"
    wrong = "" if passed else ", so its state is not what the program says"
    return Result(
        name=NAME,
        kind="causal",
        status="pass" if passed else "fail",
        value=float(right.mean()),
        n=n,
        interval=interval,
        method="the state replaced by that of another input after the same or an earlier step: one where the program's "
        "memory is the same, and one where it is not and the answer changes; right when right on both; three inputs "
        "for each trial, none used twice; Wilson interval",
        reason=f"{words}{wrong}; {classes.words}",
        details=(
            ("same class", same / n),
            ("other class", changed / n),
            ("null", null),
            ("null, same class", float(scores.any_same.mean())),
            ("null, other class", float(scores.any_changed.mean())),
            *classes.facts,
        ),
    )
