"""One variable of a program on a sample, and pairs of inputs that would exchange its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scrutable.program import Program, Selector, Seq, Setting, Usual, exchanged_at, varying
from scrutable.verify._agreement import agrees
from scrutable.verify._base import Case, Sample
from scrutable.verify._pooled import Pool, every_pair
from scrutable.verify._scope import Scope

ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Values:
    """One variable on a sample: the network's inputs and outputs, the program's values and answers."""

    sample: Sample
    values: np.ndarray
    answers: np.ndarray


@dataclass(frozen=True)
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
        return np.asarray(self.program(base, set=self._setting(values, where)))

    @cached_property
    def scope(self) -> Scope:
        """What the inputs for finding show. Cost: one run of the program."""
        find, labels = self.on(self.case.find), self.case.network.outputs.classes is not None
        usual = Usual.of(self.program, self.case.find.inputs)
        return Scope.of(find.values, self.case.find.outputs, usual, labels=labels, stepwise=self.stepwise)

    @cached_property
    def varies(self) -> np.ndarray:
        """The positions at which inputs for finding show several values, `(L,)`; `(1,)` without positions.

        At the others the variable tells nothing, and a network may hold there what it likes.
        """
        return varying(self.on(self.case.find).values) if self.stepwise else np.ones(1, bool)

    def claimed(self, scope: Scope, on: Values, rows: Rows) -> np.ndarray:
        """Which pairs ask for nothing that is out of scope, `(p,)`."""
        setting = self._setting(on.values[rows.source], rows.where)
        shown = scope.shown(on.values, stepwise=self.stepwise)
        exchanged = ((shown[rows.base] & shown[rows.source]) | ~rows.where).all(1)
        covered = scope.usual.covers(on.sample.inputs[rows.base], setting)
        return np.asarray(covered & exchanged & scope.given(rows.predicted))

    def _setting(self, values: np.ndarray, where: np.ndarray) -> dict[str, Setting]:
        mask = where.reshape(*where.shape, *(1,) * (values.ndim - 2)) if self.stepwise else None
        return {self.name: Setting(values, mask)}

    def agree(self, answers: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Row by row, `(n,)`, with the tolerance of the case."""
        domain = self.case.network.outputs
        return agrees(domain, answers, outputs, within=self.case.within)


@dataclass(frozen=True, slots=True)
class Rows:
    """Pairs as row numbers, the program's answers, and whether they change; `where` and `pool` as in `Pairs`.

    `beyond` is the share of the pairs that were drawn first that ask for what is out of scope, and are not among these.
    """

    base: np.ndarray
    source: np.ndarray
    where: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray
    pool: Pool | None = None
    beyond: float = 0.0

    def some(self, index: np.ndarray) -> Rows:
        """Those at an index; they share no pool."""
        return Rows(self.base[index], self.source[index], self.where[index], self.predicted[index], self.changed[index])


def disjoint_rows(question: Question, on: Values, among: np.ndarray, rng: np.random.Generator) -> Rows:
    """Pairs of the rows `among`, none used twice; at least half of them, where that is possible, change the answer."""
    pool, most = rng.permutation(among), len(among) // 2
    room = {True: int(np.ceil(0.6 * most)), False: int(0.4 * most)}
    kept, scope, beyond = list[Rows](), question.scope, list[float]()
    for _ in range(ROUNDS):
        half = len(pool) // 2
        base, source = pool[:half], pool[half : 2 * half]
        drawn = _exchanged(question, on, base, source, rng)
        claimed = question.claimed(scope, on, drawn)
        beyond.append(_share(~claimed))
        take = np.zeros(half, bool)
        for kind in (True, False):
            rows = np.flatnonzero((drawn.changed == kind) & claimed)[: room[kind]]
            take[rows] = True
            room[kind] -= len(rows)
        kept.append(drawn.some(take))
        pool = rng.permutation(np.concatenate([base[~take], source[~take], pool[2 * half :]]))
        if not any(room.values()) or len(pool) < 2:
            break
    whole = _all_of(kept)
    return replace(whole.some(_balanced(whole.changed, np.ones(len(whole.base), bool))), beyond=beyond[0])


def pooled_rows(
    question: Question, on: Values, among: np.ndarray, rng: np.random.Generator, *, population: int | None
) -> Rows:
    """Pairs of the rows `among`, each paired with every other; no more of them leave the answer than change it."""
    base, source = every_pair(among, rng)
    whole = _exchanged(question, on, base, source, rng)
    claimed = question.claimed(question.scope, on, whole)
    rows = whole.some(_balanced(whole.changed, claimed))
    return replace(rows, pool=Pool(rows.base, rows.source, population), beyond=_share(~claimed))


def _exchanged(question: Question, on: Values, base: np.ndarray, source: np.ndarray, rng: np.random.Generator) -> Rows:
    """Pairs with positions drawn at random, and what the program answers."""
    where = exchanged_at(question.varies, len(base), rng) if question.stepwise else np.ones((len(base), 1), bool)
    predicted = question.answers_with(on.sample.inputs[base], on.values[source], where)
    return Rows(base, source, where, predicted, ~question.agree(predicted, on.answers[base]))


def _all_of(several: Sequence[Rows]) -> Rows:
    return Rows(
        base=np.concatenate([each.base for each in several]),
        source=np.concatenate([each.source for each in several]),
        where=np.concatenate([each.where for each in several]),
        predicted=np.concatenate([each.predicted for each in several]),
        changed=np.concatenate([each.changed for each in several]),
    )


def _share(of: np.ndarray) -> float:
    return float(of.mean()) if of.size else 0.0


def _balanced(changed: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    """The pairs that are claimed: those that change the answer, then no more of those that leave it."""
    first = np.flatnonzero(changed & claimed)
    return np.concatenate([first, np.flatnonzero(~changed & claimed)[: len(first)]])
