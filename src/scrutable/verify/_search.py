"""Looking for an input on which program and network disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.hypothesis import Kind, Result
from scrutable.verify._agreement import agrees, answers_to
from scrutable.verify._ascent import gradient_ascent, greedy_ascent
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._boundaries import boundaries, corners
from scrutable.verify._fidelity import ROWS, examples
from scrutable.verify._inputs import fresh_inputs, neighbours, shifted_inputs
from scrutable.verify._words import access_words
from scrutable.work import flat_rows, generator

WALK_STEPS = 8


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for counter-examples found: the disagreements, and how many inputs were tried."""

    found: Sample
    tried: int


def find_counter_examples(case: Case, limit: int) -> Sample:
    """Up to `limit` distinct inputs of the declared domain on which program and network differ.

    The outputs that come with them are the network's.

    Tries, in this order: rows at hand, shifted inputs, words that lead a state machine through each of its states and
    on by each symbol, single-entry edits of the data, fresh inputs, boundaries between inputs of different answers or
    conditions, corners of the network's units, ascent on the distance between program and network, random walks. Stops
    at `limit` or when the clock is over, but always tries the first two.
    """
    return search(case, limit).found


def search(case: Case, limit: int) -> Search:
    """See `find_counter_examples`."""
    within = case.within
    inputs, outputs, tried, count = [], [], 0, 0
    for number, batch in enumerate(b for b in _batches(case) if len(b)):
        tried += len(batch)
        sample = Sample(batch, case.network.predict(batch))
        answers, valid = answers_to(case.hypothesis.program, batch)
        wrong = np.ones(len(batch), bool)
        if answers is not None:
            wrong = ~(agrees(case.network.outputs, answers, sample.outputs, within=within) & valid)
        inputs.append(batch[wrong])
        outputs.append(sample.outputs[wrong])
        count += int(wrong.sum())
        if count >= limit or (case.clock.over and number >= 1):
            break
    return Search(_distinct(np.concatenate(inputs), np.concatenate(outputs), limit), tried)


def _distinct(inputs: np.ndarray, outputs: np.ndarray, limit: int) -> Sample:
    if not len(inputs):
        return Sample(inputs, outputs)
    flat = np.ascontiguousarray(flat_rows(inputs))
    rows = np.sort(np.unique(flat, axis=0, return_index=True)[1])[:limit]
    return Sample(inputs[rows], outputs[rows])


def _batches(case: Case) -> Iterator[np.ndarray]:
    rng = generator(case.seed, "counter-examples")
    data = case.find.inputs[rng.permutation(len(case.find))[:ROWS]]
    yield data
    yield shifted_inputs(case, ROWS // 2, rng)
    yield access_words(case, data, rng)
    yield neighbours(case, data, rng)
    yield fresh_inputs(case, ROWS, rng)
    yield boundaries(case, data, rng)
    yield corners(case, data, rng)
    yield from greedy_ascent(case, data, rng)
    yield from gradient_ascent(case, data, rng)
    walk = data
    for _ in range(WALK_STEPS):
        walk = neighbours(case, walk, rng)
        yield walk


class CounterExamples(Test):
    """A search for an input of the declared domain on which program and network disagree.

    One is enough to refute an exact program. Passing says how many inputs were tried; it is no estimate of a frequency,
    because the inputs were chosen to cause trouble. For a hypothesis that declares itself approximate the test does not
    apply, and the reason says how many were found.
    """

    name = "counter_examples"
    kind: Kind = "counter-example"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: up to about 40,000 predictions."""
        result = search(case, limit=32)
        found, count = result.found, len(result.found)
        status, reason = "pass", f"{result.tried} inputs tried, none on which program and network differ"
        if count and case.approximate:
            status, reason = "not applicable", f"declared approximate: {count} of {result.tried} inputs tried differ"
        elif count:
            status, reason = "fail", f"program and network differ on at least {count} of {result.tried} inputs tried"
        answers, valid = answers_to(case.hypothesis.program, found.inputs)
        return (
            Result(
                name=self.name,
                kind=self.kind,
                status=status,
                value=1 - count / result.tried,
                n=result.tried,
                interval=None,
                method="inputs chosen to cause trouble; the search stops at 32 disagreements; not a frequency",
                reason=reason,
                counter_examples=examples(answers, valid, found, np.ones(count, bool), "counter-example search"),
                details=(("found", count),),
            ),
        )
