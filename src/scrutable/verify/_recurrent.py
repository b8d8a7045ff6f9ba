"""Interchange interventions on the state of a recurrent network."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import ProgramError, UserError
from scrutable.hypothesis import Result, silent
from scrutable.verify._aligned import ENOUGH, INTERCHANGE, Aligned, interchange_result, rebuilt_result, unmapped_result
from scrutable.verify._base import Case
from scrutable.verify._classes import classes_of
from scrutable.verify._decoys import decoy_result
from scrutable.verify._distinctions import at_three_steps, distinctions
from scrutable.verify._effects import effects
from scrutable.verify._members import members
from scrutable.verify._memory import memory_of
from scrutable.verify._necessity import necessity_result
from scrutable.verify._pairs import Trace, Trial, disjoint_pairs, outcome, trace
from scrutable.verify._places import Place, best_of, decoy_scores
from scrutable.verify._regression import Codes
from scrutable.verify._site_axes import state_axes
from scrutable.work import generator

if TYPE_CHECKING:
    from scrutable.network import Recurrence

MOST_ROWS = 2048
MOST_FITTED = 8_000
MOST_CHOOSING = 192


def recurrent_interchange(case: Case, recurrence: Recurrence, *, controls: bool) -> tuple[Result, ...]:
    """All results about the state of a recurrent network, or the headline alone; see `Interchange`."""
    memory = memory_of(case.hypothesis.program)
    if memory.problem:
        return (silent(INTERCHANGE, "causal", memory.problem),)
    if memory.empty:
        return (silent(INTERCHANGE, "causal", "the program carries nothing from step to step; see no_memory"),)
    if case.find.inputs.shape[1] < 2:
        return (silent(INTERCHANGE, "causal", "the sequences have one step, so nothing is carried"),)
    sites = case.hypothesis.alignment.sites
    try:
        axes = state_axes(recurrence, [case.network.site(text) for text in dict.fromkeys(sites.values())])
    except UserError as error:
        return (silent(INTERCHANGE, "causal", "", unknown=f"the alignment cannot be tested: {error}"),)
    some = tuple(name for name in memory.states if name in sites)
    everything = len(some) in (0, len(memory.states))
    try:
        return _tried(Trial(case, memory, () if everything else some, axes), controls=controls)
    except (ProgramError, UserError) as error:
        return (silent(INTERCHANGE, "causal", "", unknown=f"program or network failed: {error}"),)


def _tried(trial: Trial, *, controls: bool) -> tuple[Result, ...]:
    case = trial.case
    rng = generator(case.seed, "interchange", "test")
    traced = trace(trial, case.test.rows(slice(0, MOST_ROWS)))
    fit, rest = _find_rows(trial)
    place = _place(trial, (fit, rest, traced), rng)
    changed = int(place.testing.changed.sum())
    if changed < ENOUGH or not place.choosing.changed.any():
        few = f"only {changed} disjoint pairs change the program's answer, {ENOUGH} are needed; try more data"
        return (silent(INTERCHANGE, "causal", "", unknown=few),)
    found = best_of([place], rng, alone=True)
    if found is None:
        return (silent(INTERCHANGE, "causal", "", unknown="the network's state never varies"),)
    aligned = Aligned.on_test_pairs(found, rng, alone=True)
    main = interchange_result(aligned)
    if not controls:
        return (main,)
    asked = at_three_steps(traced, generator(case.seed, "distinctions"))
    classes = classes_of(trial, traced, asked)
    return (
        main,
        unmapped_result(aligned),
        necessity_result(aligned, alone=True),
        rebuilt_result(aligned, rng),
        members(trial, place.testing, fit, classes),
        distinctions(traced, asked, classes, (place.activations, place.codes)),
        decoy_result(
            main, aligned.resampled, lambda: decoy_scores([place], seed=case.seed, clock=case.clock, alone=True)
        ),
    )


def _find_rows(trial: Trial) -> tuple[Trace, Trace]:
    """Rows at hand: two thirds to fit on, one third to choose by."""
    find = trial.case.find.rows(slice(0, MOST_ROWS))
    order, cut = generator(trial.case.seed, "interchange", "fit").permutation(len(find)), 2 * len(find) // 3
    return trace(trial, find.rows(order[:cut])), trace(trial, find.rows(order[cut:]))


def _place(trial: Trial, traces: tuple[Trace, Trace, Trace], rng: np.random.Generator) -> Place:
    """The state: rows to fit on, to choose by and to score on."""
    fit, rest, traced = traces
    (states, codes), (more, others) = (_flat(each, rng) for each in (fit, rest))
    sites = dict.fromkeys(trial.case.hypothesis.alignment.sites.values())
    return Place(
        name=", ".join(sites) or "hidden",
        axes=trial.axes,
        activations=np.concatenate([states, more]),
        codes=codes.and_rows(others),
        first=len(states),
        choosing=disjoint_pairs(trial, rest, rng).at_most(MOST_CHOOSING),
        testing=disjoint_pairs(trial, traced, rng),
        run=partial(outcome, trial),
        effects=cache(partial(effects, trial.case, states, fit.inputs)),
    )


def _flat(traced: Trace, rng: np.random.Generator) -> tuple[np.ndarray, Codes]:
    rows, steps = (axis.reshape(-1) for axis in np.indices(traced.states.shape[:2]))
    if len(rows) > MOST_FITTED:
        kept = np.sort(rng.permutation(len(rows))[:MOST_FITTED])
        rows, steps = rows[kept], steps[kept]
    return traced.at(rows, steps)
