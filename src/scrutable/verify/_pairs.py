"""Pairs for interchange interventions on a recurrent network, and what patching its state does to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.errors import UserError
from scrutable.program import Program, Setting
from scrutable.verify._agreement import agrees
from scrutable.verify._base import Case, Sample
from scrutable.verify._memory import Memory, recombined
from scrutable.verify._places import Pairs
from scrutable.verify._regression import Codes

ROUNDS = 8
CHANGED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Trial:
    """A program on a recurrent network, ready for interchange.

    Arguments:
        memory: what the program carries. aligned: names of the states under test; empty for everything it carries.
        axes: `(d, s)`, orthonormal columns: the site inside the state.
    """

    case: Case
    memory: Memory
    aligned: tuple[str, ...]
    axes: np.ndarray

    @property
    def program(self) -> Program:
        """The program on trial."""
        return self.case.hypothesis.program

    def agree(self, answers: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Row by row, `(n,)`, with the tolerance of the case."""
        domain = self.case.network.outputs
        return agrees(domain, answers, outputs, within=self.case.within)


@dataclass(frozen=True, slots=True)
class Trace:
    """Inputs with what network and program hold after every step.

    Arguments:
        states: `(n, L, d)`, the network's. codes: `(n, L, k)`, the program's values under test. memory: `(n, L, m)`,
            everything the program carries. said, answers: the network's and the program's outputs.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    states: np.ndarray
    codes: np.ndarray
    memory: np.ndarray
    said: np.ndarray
    answers: np.ndarray

    @property
    def length(self) -> int:
        """Steps."""
        return self.inputs.shape[1]

    def at(self, rows: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, Codes]:
        """States `(p, d)` and program values after the given steps."""
        width = int(np.prod(self.said.shape[2:]))
        said = self.said[rows, steps].reshape(len(rows), width).astype(float)
        return self.states[rows, steps], Codes(self.codes[rows, steps], said, steps)


def trace(trial: Trial, sample: Sample) -> Trace:
    """Run network and program on a sample, keeping everything."""
    states, said = trial.case.network.recurrence.run(sample.inputs)  # type: ignore[union-attr]
    answers = np.asarray(trial.program(sample.inputs))
    memory = trial.memory.values(sample.inputs)
    codes = _codes(trial, sample.inputs) if trial.aligned else memory
    return Trace(sample.inputs, sample.outputs, states.astype(np.float64), codes, memory, said, answers)


def _codes(trial: Trial, x: np.ndarray) -> np.ndarray:
    run = trial.program.run(x)
    columns = [np.asarray(run[name], float) for name in trial.aligned]
    return np.concatenate([c.reshape(*c.shape[:2], -1) for c in columns], axis=2)


def swapped_answers(
    trial: Trial, base: np.ndarray, source: np.ndarray, steps: np.ndarray, sources: np.ndarray
) -> np.ndarray:
    """The program's outputs on `base` if after `steps` it holds what it holds on `source` after the steps `sources`.

    What it held before `steps` is not asked: those outputs may be anything. Cost: a run for each distance of steps.
    """
    if trial.aligned:
        return _set_answers(trial, base, source, steps, sources)
    answers = np.array(trial.program(base))
    for back in np.unique(steps - sources):
        rows = np.flatnonzero(steps - sources == back)
        said = trial.program(recombined(base[rows], source[rows], steps[rows], int(back)))
        if trial.case.network.each_step:
            answers[rows, back:] = said
        else:
            answers[rows] = said
    return answers


def _set_answers(
    trial: Trial, base: np.ndarray, source: np.ndarray, steps: np.ndarray, sources: np.ndarray
) -> np.ndarray:
    """The same for some states of the program: they are set, the others stay those of the base."""
    values, mask = trial.program.run(source), np.arange(base.shape[1]) == steps[:, None]
    setting = {}
    for name in trial.aligned:
        held = np.asarray(values[name])[np.arange(len(base)), sources]
        setting[name] = Setting(np.repeat(held[:, None], base.shape[1], axis=1), mask)
    return np.asarray(trial.program(base, set=setting))


def _source_steps(trial: Trial, steps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """After which steps to look at the source, `(n,)`: half the time the same, else at most that, at random.

    What a program holds means the same whenever it holds it. Later steps would ask for more steps than inputs have.
    """
    if trial.memory.timed:
        return steps
    return np.where(rng.uniform(size=len(steps)) < 0.5, steps, rng.integers(0, steps + 1))


def disjoint_pairs(trial: Trial, trace: Trace, rng: np.random.Generator) -> Pairs:
    """Pairs in which no input is used twice, most of them with a changed answer.

    Pairs are drawn at random in up to eight rounds; those with a changed answer are kept until they are 60% of what the
    inputs allow, the others until 40%, and never more of these than of those.
    """
    pool, most = rng.permutation(len(trace.inputs)), len(trace.inputs) // 2
    kept: list[tuple[np.ndarray, ...]] = []
    room = {True: int(np.ceil(CHANGED_SHARE * most)), False: int((1 - CHANGED_SHARE) * most)}
    for _ in range(ROUNDS):
        half = len(pool) // 2
        if half == 0 or trace.length < 2:
            break
        base, source = pool[:half], pool[half : 2 * half]
        steps = rng.integers(0, trace.length - 1, size=half)
        sources = _source_steps(trial, steps, rng)
        later = swapped_answers(trial, trace.inputs[base], trace.inputs[source], steps, sources)
        predicted = _only_later(trial, later, trace.answers[base], steps)
        changed = ~trial.agree(predicted, trace.answers[base])
        take = np.zeros(half, bool)
        for kind in (True, False):
            rows = np.flatnonzero(changed == kind)[: room[kind]]
            take[rows] = True
            room[kind] -= len(rows)
        kept.append((base[take], source[take], steps[take], sources[take], predicted[take], changed[take]))
        pool = rng.permutation(np.concatenate([base[~take], source[~take], pool[2 * half :]]))
        if not any(room.values()):
            break
    return _gathered(trace, kept)


def _only_later(trial: Trial, later: np.ndarray, before: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """`later` after the given steps and `before` up to them; whole answers where there is one for each sequence."""
    if not trial.case.network.each_step:
        return later
    after = np.arange(later.shape[1]) > steps[:, None]
    return np.where(after.reshape(*after.shape, *[1] * (later.ndim - 2)), later, before)


def _gathered(trace: Trace, kept: list[tuple[np.ndarray, ...]]) -> Pairs:
    none = np.zeros(0, int)
    if not kept:
        kept = [(none, none, none, none, trace.answers[:0], np.zeros(0, bool))]
    base, source, steps, sources, predicted, changed = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    unchanged = np.flatnonzero(~changed)[: int(changed.sum())]
    rows = np.concatenate([np.flatnonzero(changed), unchanged])
    base, source, steps = base[rows], source[rows], steps[rows]
    own, _ = trace.at(base, steps)
    others, codes = trace.at(source, sources[rows])
    return Pairs(trace.inputs[base], trace.outputs[base], steps, predicted[rows], changed[rows], own, others, codes)


def outcome(trial: Trial, pairs: Pairs, states: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Whether the network, its state set to `states` after the pairs' steps, goes on as `expected`: `(p,)`.

    States `(p, d)`; expected `(p, ...)` whole outputs, of which those after the step count. Cost: one run.
    """
    network = trial.case.network
    if not len(pairs):
        return np.zeros(0, bool)
    try:
        said = network.patched(pairs.base, {"hidden": states}, steps=pairs.steps)
    except UserError:  # the patched states made the network overflow: not what was expected
        return np.zeros(len(pairs), bool)
    expected = _only_later(trial, np.asarray(expected).reshape(said.shape), said, pairs.steps)
    return trial.agree(expected, said)
