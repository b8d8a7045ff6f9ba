"""One variable of a program on a sample, and pairs of inputs that would exchange its value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.program import Program, Selector, Seq, Setting, Usual
from scrutable.verify._agreement import agrees
from scrutable.verify._base import Case, Sample
from scrutable.verify._pooled import Pool, every_pair

ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Values:
    """One variable on a sample: the network's inputs and outputs, the program's values and answers."""

    sample: Sample
    values: np.ndarray
    answers: np.ndarray


@dataclass(frozen=True, slots=True)
class Question:
    """One variable of a program, whose place in a network is asked for."""

    case: Case
    name: str

    @property
    def program(self) -> Program:
        """The program on trial."""
        return self.case.hypothesis.program

    @property
    def stepwise(self) -> bool:
        """Whether the variable has one value for each position of a sequence; a selector, the keys of each query."""
        return isinstance(self.program.variables[self.name], (Seq, Selector))

    def on(self, sample: Sample) -> Values:
        """The variable on a sample."""
        run = self.program.run(sample.inputs)
        return Values(sample, np.asarray(run[self.name]), np.asarray(self.program(sample.inputs)))

    def answers_with(self, base: np.ndarray, values: np.ndarray, where: np.ndarray) -> np.ndarray:
        """The program's outputs on `base` with the variable set to `values`; of sequences only `where`, `(p, L)`."""
        run = self.program.run(base, set=self._setting(values, where))
        outputs = [np.asarray(run[name]) for name in self.program.outputs]
        return outputs[0] if len(outputs) == 1 else np.stack(outputs, axis=-1)

    @property
    def usual(self) -> Usual:
        """What happens in the program on the rows searched. Cost: one run."""
        return Usual.of(self.program, self.case.find.inputs)

    def claimed(self, usual: Usual, base: np.ndarray, values: np.ndarray, where: np.ndarray) -> np.ndarray:
        """For which bases all that happens in the program with the variable set is usual, `(n,)`."""
        return usual.covers(base, self._setting(values, where))

    def _setting(self, values: np.ndarray, where: np.ndarray) -> dict[str, Setting]:
        mask = where.reshape(*where.shape, *(1,) * (values.ndim - 2)) if self.stepwise else None
        return {self.name: Setting(values, mask)}

    def agree(self, answers: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Row by row, `(n,)`, with the tolerance of the case."""
        domain = self.case.network.outputs
        return agrees(domain, answers, outputs, within=self.case.within)


@dataclass(frozen=True, slots=True)
class Rows:
    """Pairs as row numbers, the program's answers, and whether they change; `where` and `pool` as in `Pairs`."""

    base: np.ndarray
    source: np.ndarray
    where: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray
    pool: Pool | None = None


def disjoint_rows(question: Question, on: Values, among: np.ndarray, rng: np.random.Generator) -> Rows:
    """Pairs of the rows `among`, none used twice; at least half of them, where that is possible, change the answer."""
    pool, most = rng.permutation(among), len(among) // 2
    room = {True: int(np.ceil(0.6 * most)), False: int(0.4 * most)}
    kept, usual = list[Rows](), question.usual
    for _ in range(ROUNDS):
        half = len(pool) // 2
        base, source = pool[:half], pool[half : 2 * half]
        where = _positions(question, on, half, rng)
        predicted = question.answers_with(on.sample.inputs[base], on.values[source], where)
        changed = ~question.agree(predicted, on.answers[base])
        claimed = question.claimed(usual, on.sample.inputs[base], on.values[source], where)
        take = np.zeros(half, bool)
        for kind in (True, False):
            rows = np.flatnonzero((changed == kind) & claimed)[: room[kind]]
            take[rows] = True
            room[kind] -= len(rows)
        kept.append(Rows(base[take], source[take], where[take], predicted[take], changed[take]))
        pool = rng.permutation(np.concatenate([base[~take], source[~take], pool[2 * half :]]))
        if not any(room.values()) or len(pool) < 2:
            break
    names = ("base", "source", "where", "predicted", "changed")
    base, source, where, predicted, changed = (np.concatenate([getattr(k, name) for k in kept]) for name in names)
    calm = np.flatnonzero(~changed)[: int(changed.sum())]
    rows = np.concatenate([np.flatnonzero(changed), calm])
    return Rows(base[rows], source[rows], where[rows], predicted[rows], changed[rows])


def pooled_rows(
    question: Question, on: Values, among: np.ndarray, rng: np.random.Generator, *, population: int | None
) -> Rows:
    """Pairs of the rows `among`, each paired with every other; no more of them leave the answer than change it."""
    base, source = every_pair(among, rng)
    where = _positions(question, on, len(base), rng)
    predicted = question.answers_with(on.sample.inputs[base], on.values[source], where)
    changed = ~question.agree(predicted, on.answers[base])
    claimed = question.claimed(question.usual, on.sample.inputs[base], on.values[source], where)
    calm = np.flatnonzero(~changed & claimed)[: int((changed & claimed).sum())]
    rows = np.concatenate([np.flatnonzero(changed & claimed), calm])
    base, source = base[rows], source[rows]
    return Rows(base, source, where[rows], predicted[rows], changed[rows], Pool(base, source, population))


def _positions(question: Question, on: Values, count: int, rng: np.random.Generator) -> np.ndarray:
    """Where values are exchanged, `(count, L)`: half of the time at one position, which says that each lives at its own
    place, half of the time at all, which leaves together what only occurs together; `(count, 1)` without positions."""
    if not question.stepwise:
        return np.ones((count, 1), bool)
    one = np.arange(on.values.shape[1]) == rng.integers(0, on.values.shape[1], size=count)[:, None]
    return one | (rng.random(count) < 0.5)[:, None]
