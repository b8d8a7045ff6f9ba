"""Interchange interventions on the layers of a network without a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from scrutable.errors import ProgramError, UserError
from scrutable.hypothesis import Result, silent
from scrutable.program import Let, Selector
from scrutable.verify._aligned import ENOUGH, INTERCHANGE, Aligned, interchange_result, unmapped_result
from scrutable.verify._base import Case
from scrutable.verify._decoys import NAME as DECOYS
from scrutable.verify._decoys import decoy_result, decoys_together
from scrutable.verify._necessity import necessity_result
from scrutable.verify._places import Pairs, Place, best_of, decoy_scores
from scrutable.verify._question import Question, Rows, Values, disjoint_rows, pooled_rows
from scrutable.verify._regression import Codes
from scrutable.verify._scores import scores_result
from scrutable.work import generator

MOST_ROWS = 2048
MOST_FITTED = 20_000
MOST_CHOOSING = 192
MOST_UNITS = 4096
FEW_PAIRS = 100
"""With fewer disjoint pairs whose answer changes, one or two that fail would decide: all pairs are drawn instead."""


def layered_interchange(case: Case, *, controls: bool) -> tuple[Result, ...]:
    """All results about intermediate values in the layers of a network, or the headline; see `Interchange`."""
    names = _intermediate(case)
    if not names:
        return (silent(INTERCHANGE, "causal", "the program has no intermediate variable"),)
    if not _site_names(case, names[0]):
        return (silent(INTERCHANGE, "causal", "the network shows no layers"),)
    tried = [_tried(Question(case, name), controls=controls) for name in names]
    tried = [each for each in tried if each.results]
    if not tried:
        why = "every intermediate value either never varies, or says no more and no less than the output"
        return (silent(INTERCHANGE, "causal", f"{why}: exchanging it would only exchange the output"),)
    sound = all(each.results[0].passed for each in tried)
    return _together([each.with_decoys(sound=sound) for each in tried])


def _intermediate(case: Case) -> list[str]:
    """Named values between input and output; those of the alignment if it names any."""
    program, aligned = case.hypothesis.program, case.hypothesis.alignment.sites
    if aligned:
        return [name for name in program.variables if name in aligned]
    names: list[str] = []
    for statement in program.statements:
        names += [statement.name] if isinstance(statement, Let) else [state.name for state in statement.states]
    return [n for n in names if n not in program.outputs and not isinstance(program.variables[n], Selector)]


def _site_names(case: Case, name: str) -> list[str]:
    given = case.hypothesis.alignment.sites.get(name)
    if given is not None:
        return [given]
    return [site for site in case.network.sites if site not in ("input", "output")]


@dataclass(frozen=True, slots=True)
class _Tried:
    """The results for one variable, none for those not asked about, and its control by decoys, if it gets one."""

    results: tuple[Result, ...] = ()
    decoys: Callable[[], Result] | None = None

    def with_decoys(self, *, sound: bool) -> tuple[Result, ...]:
        """All results. The control, which takes longest, is for hypotheses no variable of which has failed."""
        if self.decoys is None:
            return self.results
        without = silent(DECOYS, "guard", "the interchange of a variable did not pass, so no alignment is claimed")
        return (*self.results, self.decoys() if sound else without)


def _tried(question: Question, *, controls: bool) -> _Tried:
    """The results for one variable; none when it never varies, or is the output by another name."""
    case = question.case
    try:
        drawn = _drawn(question)
        if drawn is None:
            return _Tried()
        changed = int(drawn.testing[1].changed.sum())
        if changed < ENOUGH or not drawn.choosing.changed.any():
            few = f"only {changed} pairs change the program's answer, {ENOUGH} are needed; try more data"
            return _Tried((silent(INTERCHANGE, "causal", "", unknown=f"{question.name}: {few}"),))
        places, alone = _places(question, drawn)
        if not places:
            return _Tried((silent(INTERCHANGE, "causal", f"no layer has the shape of {question.name}"),))
        rng = generator(case.seed, "layers", question.name)
        found = best_of(places, rng, alone=alone)
        if found is None:
            return _Tried((silent(INTERCHANGE, "causal", "", unknown=f"{question.name}: no layer varies"),))
        aligned = Aligned.on_test_pairs(found, rng, alone=alone)
    except (ProgramError, UserError) as error:
        return _Tried((silent(INTERCHANGE, "causal", "", unknown=f"{question.name}: {error}"),))
    main = interchange_result(aligned)
    if not controls:
        return _Tried((main,))
    decoys = partial(decoy_scores, places, seed=case.seed, clock=case.clock, alone=alone)
    main = _told(main, question, found.place.name, drawn.testing[1].beyond)
    needed = necessity_result(aligned, alone=alone)
    surely = scores_result(question, drawn.testing[0], partial(_raw_outcome, question, aligned, drawn.testing[0]))
    rest = () if surely is None else (surely,)
    control = partial(decoy_result, main, aligned.resampled, decoys)
    return _Tried((main, unmapped_result(aligned), needed, *rest), control)


def _told(main: Result, question: Question, place: str, beyond: float) -> Result:
    """The result with what it is about, and how many pairs it is not about."""
    reason = f"{question.name} at {place}: {main.reason}"
    if beyond > 0:
        reason += f"; {beyond:.0%} of pairs ask for what no input for finding shows, and are left out"
    return replace(main, reason=reason, details=(*main.details, (f"{question.name}: pairs left out", beyond)))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Rows to fit on, how many of them come first, pairs to choose by and pairs to score on."""

    fit: Values
    first: int
    choosing: Rows
    testing: tuple[Values, Rows]


def _drawn(question: Question) -> _Drawn | None:
    """Rows and pairs for one variable; None when it never varies, or is one-to-one with the output.

    Where disjoint pairs are too few every row kept back is paired with every other (see `_pooled`).
    """
    case = question.case
    rng = generator(case.seed, "layers", "pairs", question.name)
    find = case.find.rows(rng.permutation(len(case.find))[:MOST_ROWS])
    fit, test = question.on(find), question.on(case.test.rows(slice(0, MOST_ROWS)))
    if len(np.unique(np.asarray(fit.values, float))) < 2 or not question.varies.any() or _is_answer(question, fit):
        return None
    first = 2 * len(find) // 3
    choosing = disjoint_rows(question, fit, np.arange(first, len(find)), rng)
    testing = disjoint_rows(question, test, np.arange(len(test.sample)), rng)
    if int(testing.changed.sum()) < FEW_PAIRS:
        known = case.network.inputs.size == len(case.find) + len(case.test)
        population = case.network.inputs.size if known else None
        choosing = pooled_rows(question, fit, np.arange(first, len(find)), rng, population=None)
        testing = pooled_rows(question, test, np.arange(len(test.sample)), rng, population=population)
    return _Drawn(fit, first, choosing, (test, testing))


def _is_answer(question: Question, on: Values) -> bool:
    """Whether a variable is the program's answer by another name: each settles the other.

    The last layers of any network hold its answer, so that exchanging it there says nothing about the program.
    """
    values, answers = np.asarray(on.values, float), np.asarray(on.answers, float)
    if values.size != answers.size and values.shape[: answers.ndim] != answers.shape:
        return False
    values, answers = values.reshape(answers.size, -1), answers.reshape(-1, 1)
    pairs = np.unique(np.concatenate([values, answers], axis=1), axis=0)
    return all(len(np.unique(part, axis=0)) == len(pairs) for part in (pairs[:, :-1], pairs[:, -1:]))


def _places(question: Question, drawn: _Drawn) -> tuple[list[Place], bool]:
    """Every candidate layer with the same pairs, and whether the variable alone settles the outputs."""
    test, testing = drawn.testing
    alone = bool(question.agree(testing.predicted, test.answers[testing.source]).all()) and not question.stepwise
    names = _site_names(question.case, question.name)
    seen = [question.varies] if question.varies.all() else [question.varies, np.ones_like(question.varies)]
    places = [_place(question, name, drawn, positions) for name in names for positions in seen]
    return [place for place in places if place is not None], alone


def _place(question: Question, name: str, drawn: _Drawn, positions: np.ndarray) -> Place | None:
    """One layer, or None when it has another shape than the variable, too many units, or is the output itself.

    Arguments:
        positions: those to fit on, `(L,)`. Where a variable never varies it is not exchanged, but what a layer holds
            there may still show what else it holds.
    """
    site = question.case.network.site(name)
    fit, first = drawn.fit, drawn.first
    activations = _read(question, site, fit)
    named = question.name in question.case.hypothesis.alignment.sites
    if activations is None or (not named and _is_output(question, activations, fit)):
        return None
    rows, steps = np.nonzero(np.broadcast_to(positions, activations.shape[:2]))
    stride = len(rows) // MOST_FITTED + 1
    rows, steps = rows[::stride], steps[::stride]
    return Place(
        name=str(site),
        axes=np.eye(activations.shape[2]),
        activations=activations[rows, steps],
        codes=_codes(question, fit, rows, steps),
        first=int((rows < first).sum()),
        choosing=_pairs(question, site, fit, drawn.choosing).at_most(MOST_CHOOSING),
        testing=_pairs(question, site, *drawn.testing),
        run=partial(_outcome, question, site),
    )


def _is_output(question: Question, activations: np.ndarray, on: Values) -> bool:
    """Whether a layer holds nothing but the raw outputs: exchanging those says nothing about the inside."""
    said = next(iter(question.case.network.read(on.sample.inputs, ["output"]).values()))
    return said.size == activations.size and bool(np.allclose(said.reshape(activations.shape), activations))


def _read(question: Question, site: Any, on: Values) -> np.ndarray | None:
    """Activations `(n, L, d)`, L being 1 for a variable with one value for each input."""
    read = question.case.network.read(on.sample.inputs, [site])
    values = next(iter(read.values())).astype(np.float64)
    if question.stepwise:
        fits = values.ndim == 3 and values.shape[1] == on.values.shape[1]
    else:
        values, fits = values.reshape(len(values), 1, -1), True
    return values if fits and values.shape[2] <= MOST_UNITS else None


def _codes(question: Question, on: Values, rows: np.ndarray, steps: np.ndarray) -> Codes:
    """The values at positions of rows, both of one shape."""
    values = np.asarray(on.values, float)
    picked = values[rows, steps] if question.stepwise else values[rows]
    return Codes(picked.reshape(*rows.shape, -1), np.zeros((*rows.shape, 0)), np.asarray(steps))


def _pairs(question: Question, site: Any, on: Values, rows: Rows) -> Pairs:
    activations = _read(question, site, on)
    assert activations is not None
    return Pairs(
        base=on.sample.inputs[rows.base],
        outputs=on.sample.outputs[rows.base],
        steps=np.zeros(len(rows.base), int),
        predicted=rows.predicted,
        changed=rows.changed,
        own=activations[rows.base],
        others=activations[rows.source],
        codes=_codes(question, on, *np.broadcast_arrays(rows.source[:, None], np.arange(activations.shape[1]))),
        where=rows.where,
        pool=rows.pool,
    )


def _outcome(question: Question, site: Any, pairs: Pairs, activations: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Whether the network with the layer patched answers as expected, `(p,)`."""
    network = question.case.network
    if not len(pairs):
        return np.zeros(0, bool)
    try:
        assert pairs.where is not None
        activations = np.where(pairs.where[..., None], activations, pairs.own)
        if not question.stepwise:
            shape = next(iter(network.read(pairs.base[:1], [site]).values())).shape[1:]
            activations = activations.reshape(len(pairs), *shape)
        said = network.patched(pairs.base, {site: activations})
    except UserError:  # the patched values made the network overflow: not what was expected
        return np.zeros(len(pairs), bool)
    return question.agree(expected, said)


def _raw_outcome(question: Question, aligned: Aligned, on: Values, base: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Raw outputs on base rows with the part of the activations in the subspace taken from source rows."""
    site = question.case.network.site(aligned.found.place.name)
    activations = _read(question, site, on)
    assert activations is not None
    moved = aligned.found.encoding.moved(activations[base, 0], activations[source, 0])
    inputs = on.sample.inputs[base]
    shape = next(iter(question.case.network.read(inputs[:1], [site]).values())).shape[1:]
    return question.case.network.patched_raw(inputs, {site: moved.reshape(len(base), *shape)})


def _together(measured: list[tuple[Result, ...]]) -> tuple[Result, ...]:
    """One set of results for all variables: that of the one that did worst, with the others in the details."""
    order = {"fail": 0, "unknown": 1, "not applicable": 2, "pass": 3}

    def badness(results: tuple[Result, ...]) -> tuple[int, float]:
        return order[results[0].status], results[0].value or 0.0

    worst = min(measured, key=badness)
    main = worst[0]
    if len(measured) > 1:
        others = tuple((results[0].reason, results[0].value) for results in measured)
        main = replace(main, details=(*main.details, ("every variable", others)))
    rest: dict[str, Result] = {}
    for result in (result for results in measured for result in results[1:]):
        if result.name not in rest or order[result.status] < order[rest[result.name].status]:
            rest[result.name] = result
    decoys = [result for results in measured for result in results if result.name == DECOYS]
    if decoys:
        rest[DECOYS] = decoys_together(decoys)
    return (main, *rest.values())
