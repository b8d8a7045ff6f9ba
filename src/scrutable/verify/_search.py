"""Looking for an input on which program and network disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.errors import ProgramError
from scrutable.hypothesis import Kind, Result
from scrutable.program import Scan
from scrutable.verify._agreement import agrees, answers_to
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._fidelity import ROWS, examples
from scrutable.verify._inputs import Box, fresh_inputs, neighbours, shifted_inputs
from scrutable.work import flat_rows, generator

MOST_STATES = 128
MOST_SYMBOLS = 64
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
    on by each symbol, single-entry edits of the data, fresh inputs, boundaries between inputs of different answers,
    random walks. Stops at `limit` or when the clock is over, but always tries the first two.
    """
    return search(case, limit).found


def search(case: Case, limit: int) -> Search:
    """See `find_counter_examples`."""
    within = case.within
    inputs, outputs, tried, count = [], [], 0, 0
    for number, batch in enumerate(_batches(case)):
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
    words = _access_words(case, data, rng)
    if len(words):
        yield words
    yield neighbours(case, data, rng)
    yield fresh_inputs(case, ROWS, rng)
    edge = _boundaries(case, data, rng)
    if len(edge):
        yield edge
    walk = data
    for _ in range(WALK_STEPS):
        walk = neighbours(case, walk, rng)
        yield walk


def _access_words(case: Case, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For every state seen and every symbol: a word that reaches the state, goes on by the symbol, then at random."""
    scans = [s for s in case.hypothesis.program.statements if isinstance(s, Scan) and s.states]
    if not scans or not case.network.inputs.is_sequence or data.shape[1] < 2:
        return data[:0]
    try:
        values = case.hypothesis.program.run(data)
    except ProgramError:
        return data[:0]
    states = np.stack([values[s.name] for scan in scans for s in scan.states], axis=-1)[:, :-1]
    flat = np.asarray(states, float).reshape(-1, states.shape[-1])
    first = np.unique(flat, axis=0, return_index=True)[1]
    if len(first) > MOST_STATES:
        first = rng.permutation(first)[:MOST_STATES]
    rows, steps = np.divmod(first, states.shape[1])
    symbols = _symbols(data, rng)
    words = np.repeat(data[rows], len(symbols), axis=0)
    steps, tail = np.repeat(steps, len(symbols)), fresh_inputs(case, len(words), rng)
    after = np.arange(words.shape[1]) > steps[:, None]
    words = np.where(after.reshape(*after.shape, *[1] * (words.ndim - 2)), tail, words)
    words[np.arange(len(words)), steps + 1] = np.tile(symbols, (len(first), *[1] * (symbols.ndim - 1)))
    return words.astype(data.dtype)


def _symbols(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The distinct steps in the data, at most 64 of them."""
    steps = np.unique(data.reshape(-1, *data.shape[2:]), axis=0)
    return steps if len(steps) <= MOST_SYMBOLS else steps[np.sort(rng.permutation(len(steps))[:MOST_SYMBOLS])]


def _boundaries(case: Case, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Inputs on both sides of the program's decision boundaries, by bisection between inputs of different answers."""
    box = Box(case.network.inputs, case.find.inputs)
    left, right = data[: ROWS // 4], data[rng.permutation(len(data))[: ROWS // 4]]
    if box.is_sequence or box.dtype.kind != "f" or len(left) != len(right):
        return data[:0]
    answers, _ = answers_to(case.hypothesis.program, left)
    others, _ = answers_to(case.hypothesis.program, right)
    if answers is None or others is None:
        return data[:0]
    apart = ~_rows_equal(answers, others)
    left, right, answers = left[apart], right[apart], answers[apart]
    for _ in range(20 if len(left) else 0):
        middle = (left + right) / 2
        now, _ = answers_to(case.hypothesis.program, middle)
        if now is None:
            break
        same = _rows_equal(now, answers).reshape(-1, *[1] * (left.ndim - 1))
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return np.concatenate([left, right])


def _rows_equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array(flat_rows(a == b).all(axis=1))


class CounterExamples(Test):
    """A search for an input of the declared domain on which program and network disagree.

    One is enough to refute an exact program. Passing says how many inputs were tried; it is no estimate of a frequency,
    because the inputs were chosen to cause trouble. For a hypothesis that declares itself approximate the test does not
    apply, and the reason says how many were found.
    """

    name = "counter_examples"
    kind: Kind = "counter-example"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: up to about 20,000 predictions."""
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
