"""The stages of a search for registers, cheap ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.hypothesis import FLOOR
from scrutable.program import call
from scrutable.propose._base import Problem
from scrutable.propose._registers_features import Feature, features, variable
from scrutable.propose._registers_heard import Ear
from scrutable.propose._registers_histories import comparisons
from scrutable.propose._registers_keys import Dependence, Key, ranked
from scrutable.propose._registers_pool import START, Register, grown, pools_of, starts_of
from scrutable.propose._registers_program import Frame, after
from scrutable.propose._registers_trial import TIERS, Trial, Upheld
from scrutable.propose._registers_updates import PREVIOUS, TEMPLATES, TOTAL, Update
from scrutable.propose._registers_words import Literals
from scrutable.work import Clock

PAIRED = 2200
"""So many of the shortest registers are looked at in pairs."""
TRIPLED = 1000
GOOD = 100.0
"""Bits below which a stage does not look further."""
SEEDS = 10
"""Registers that others may read."""
DELAYS = 3
PLAIN = 4.0
"""What an earlier answer takes, in bits."""
DOUBTFUL = 0.3
"""The share of its time that a stage gets after a program was found that is nearly always right, or not for long."""
TOLERANCE = 0.04
"""The share of the steps on which a network may be mistaken, where no program is right on all of them: a little less
than an approximate program may be wrong, because a step that nothing else is like never looks like a mistake."""
SIMPLE = ("previous", "total", "highest", "lowest", "latest", "run", "remainder", "carry", "balance", "peak", "level")
MOST_LETTERS = 6
FEW = ((10, TIERS[0][1]),)
"""The effort for a shorter program than the one in hand."""


@dataclass(frozen=True, eq=False)
class Judge:
    """How strictly registers and programs are judged: the test, and the trial that goes with it."""

    tester: Dependence
    trial: Trial

    @staticmethod
    def of(ear: Ear, frame: Frame, seed: int, *, tolerance: float = 0.0) -> Judge:
        """Strictly, or so that a share of the steps may contradict the others: less where most answers are the same,
        and nearly right is no feat. The mistakes that are let pass are at most a tenth of those of always answering
        alike."""
        share = min(1.0, 2 * ear.fresh.unusual)
        slack = share * (1 - FLOOR) if tolerance else 0.0
        literals = Literals.of(ear.trial)
        return Judge(Dependence(ear, seed, tolerance=share * tolerance), Trial(frame, ear, literals, slack))


class Hunt:
    """One search: what was heard, the pool so far, and the programs found.

    Arguments:
        problem: the network.
        frame: what programs look like.
        ear: what was heard.
    """

    def __init__(self, problem: Problem, frame: Frame, ear: Ear) -> None:
        self.frame, self.ear = frame, ear
        self.strict = Judge.of(self.ear, frame, problem.seed)
        self.lenient = Judge.of(self.ear, frame, problem.seed, tolerance=TOLERANCE)
        self.tester, self.trial = self.strict.tester, self.strict.trial
        self.known: dict[bytes, Register] = {}
        self.pools: dict[tuple[str, ...], list[Register]] = {}
        heard = self.ear.trial
        self.inputs = tuple(variable(f"{each.name}_t", heard.x[..., i]) for i, each in enumerate(frame.inputs))
        self.fed = self._fed()
        self.delayed = self._delayed()

    @property
    def found(self) -> list[Upheld]:
        """All programs found, those that are right for a while or nearly always among them."""
        return [*self.strict.trial.found, *self.lenient.trial.found]

    def run(self, clock: Clock) -> Iterator[Upheld]:
        """Lasting programs, each shorter than those before it; the next stage runs where none was found.

        Most stages are run again, with what they grew, for a network that makes a few mistakes: later than the others
        where nearly all answers are the same, because many a program is nearly right there.
        """
        if self.strict.tester.memoryless:
            return
        stages = [
            (self._compared, self.strict, 0.3),
            (self._alone, self.strict, 0.5),
            (self._compared, self.lenient, 0.3),
            (self._single, self.lenient, 0.3),
            (self._beside_previous, self.strict, 0.3),
            (self._couples, self.lenient, 0.3),
            (self._three, self.strict, 0.4),
            (self._after_previous, self.strict, 0.4),
            (self._beside_previous, self.lenient, 0.15),
            (self._after_previous, self.lenient, 0.15),
            (self._reading, self.strict, 1.0),
        ]
        if self.ear.fresh.same:
            stages.sort(key=lambda each: (each[0] == self._reading, each[1] is self.lenient))
        for stage, judge, share in stages:
            if judge is self.lenient and (self.strict.trial.found or judge.trial.found or judge.tester.memoryless):
                continue
            self.tester, self.trial = judge.tester, judge.trial
            yield from stage(clock.part(share * DOUBTFUL if self.found else share))
            if self.strict.trial.best() < np.inf or clock.over:
                return

    def _compared(self, clock: Clock) -> Iterator[Upheld]:
        """The word so far, compared with itself read backwards."""
        yield from self.trial.lasting(self.tester.singles(comparisons(self.inputs), clock), clock)

    def _alone(self, clock: Clock) -> Iterator[Upheld]:
        """Earlier answers, then registers that read the input: one of them, then two."""
        yield from self._single(clock)
        if self.trial.best() > GOOD:
            yield from self._couples(clock)

    def _single(self, clock: Clock) -> Iterator[Upheld]:
        """Earlier answers, then one register that reads the input."""
        yield from self.trial.lasting(self.tester.singles(self.fed, clock), clock.part(0.3))
        if self.trial.best() > GOOD:
            yield from self._few(self._plain(clock), clock)

    def _couples(self, clock: Clock) -> Iterator[Upheld]:
        """Two registers that read the input."""
        pool = _shortest(self._plain(clock), PAIRED)
        yield from self._named(self.tester.pairs(pool, clock.part(0.6)), clock)

    def _plain(self, clock: Clock) -> list[Register]:
        return [*self.delayed, *self._grown(self.inputs, clock=clock.part(0.5))]

    def _beside_previous(self, clock: Clock) -> Iterator[Upheld]:
        """One register that also reads the input of the step before, or the last answer."""
        yield from self._few(self._linked(clock.part(0.6)), clock)

    def _after_previous(self, clock: Clock) -> Iterator[Upheld]:
        """Two registers, of which one or both read that."""
        linked = self._linked(clock.part(0.4))
        names = {each.name for each in linked}
        others = [each for each in (*self.fed, *self.delayed, *self.known.values()) if each.name not in names]
        every = [*_shortest(linked, PAIRED // 2), *_shortest(others, PAIRED // 2)]
        yield from self.trial.lasting(self.tester.pairs(every, clock.part(0.6)), clock)

    def _linked(self, clock: Clock) -> list[Register]:
        """Registers that read the input of the step before, or the last answer."""
        found: list[Register] = []
        for place, (leaves, needs) in enumerate(around := list(self._neighbours())):
            found += self._grown(leaves, needs=needs, clock=clock.part(1 / (len(around) - place)))
        return found

    def _reading(self, clock: Clock) -> Iterator[Upheld]:
        """Registers that read another one."""
        for place, seed in enumerate(seeds := self._seeds()):
            part = clock.part(1 / (len(seeds) - place))
            shape = self.ear.trial.x.shape[:2]
            held = [variable(seed.name, seed.before.reshape(shape).astype(np.int64))]
            held += [] if seed.fed else [variable(after(seed), seed.after.reshape(shape).astype(np.int64))]
            fresh: list[Register] = []
            for each in held:
                leaves = (*self.inputs[:1], each)
                fresh += self._grown(leaves, needs=(seed,), kinds=SIMPLE, clock=part.part(0.3))
            yield from self.trial.lasting(self.tester.singles(fresh, part), part.part(0.5))
            if self.trial.best() < np.inf:
                return
            yield from self.trial.lasting(self.tester.completing(seed, fresh, part), part)
            if self.trial.best() < np.inf or clock.over:
                return

    def _three(self, clock: Clock) -> Iterator[Upheld]:
        """Two registers beside the earlier answer."""
        pool = _shortest(self._plain(clock), TRIPLED)
        for fed in self.beginnings:
            yield from self.trial.lasting(self.tester.pairs(pool, clock.part(0.5), beside=fed), clock.part(0.5))
            if self.trial.best() < np.inf:
                return

    def _counters(self, clock: Clock) -> Iterator[Upheld]:
        """How often each letter has occurred, together."""
        if len(self.inputs) != 1:
            return
        x = self.inputs[0]
        letters = np.unique(x.values).tolist()
        if not 2 < len(letters) <= MOST_LETTERS:
            return
        counts = tuple(self._counter(x, value) for value in letters)
        key = self.tester.key(counts)
        if key is not None:
            yield from self.trial.lasting([key], clock, TIERS[-1:])

    def _counter(self, x: Feature, value: int) -> Register:
        name = f"count{value if value >= 0 else 90 - value}"
        hit = (x.values == value).astype(np.int32)
        values = np.concatenate([np.zeros((1, hit.shape[1]), dtype=np.int32), hit.cumsum(axis=0, dtype=np.int32)])
        update = Update(TOTAL, (Feature(call("if", call("eq", x.expr, value), 1, 0), hit),))
        return Register(name, 0, update, values, (), update.bits + START)

    def _few(self, pool: Sequence[Register], clock: Clock) -> Iterator[Upheld]:
        """One register, the counters of all letters, one register beside the earlier answer."""
        yield from self._named(self.tester.singles(pool, clock.part(0.5)), clock.part(0.5))
        if self.trial.best() == np.inf:
            yield from self._counters(clock.part(0.5))
        if self.trial.best() > GOOD:
            keys = [key for fed in self.beginnings for key in self.tester.completing(fed, pool, clock.part(0.3))]
            yield from self._named(ranked(keys), clock.part(0.6))

    def _named(self, keys: Sequence[Key], clock: Clock) -> Iterator[Upheld]:
        """Programs for keys; with one in hand, a shorter one is not looked for with much effort."""
        return self.trial.lasting(keys, clock, TIERS if self.trial.best() == np.inf else FEW)

    def _grown(
        self, leaves: Sequence[Feature], *, clock: Clock, needs: Sequence[Register] = (), kinds: Sequence[str] = ()
    ) -> list[Register]:
        name = (*(str(each.expr) for each in leaves), *kinds)
        if name not in self.pools:
            heard = self.ear.trial
            templates = [each for each in TEMPLATES if not kinds or each.kind in kinds]
            pools, starts = pools_of(features(leaves), heard), starts_of(heard.x)
            pool = grown(pools, starts, needs=needs, templates=templates, known=self.known, clock=clock)
            self.pools[name] = list(pool)
        return self.pools[name]

    def _neighbours(self) -> Iterator[tuple[tuple[Feature, ...], tuple[Register, ...]]]:
        """Leaves beside the input: the input before, the answer before."""
        shape = self.ear.trial.x.shape[:2]
        for each, kept in zip(self.inputs, self.delayed, strict=False):
            yield (each, variable(kept.name, kept.before.reshape(shape).astype(np.int64))), (kept,)
        for each in [one for one in self.fed if one.init == 0]:
            yield (self.inputs[0], variable(each.name, each.before.reshape(shape).astype(np.int64))), (each,)

    def _delayed(self) -> list[Register]:
        """Inputs of one, two and three steps before; 0 before the first."""
        found: list[Register] = []
        ahead: list[tuple[Feature, tuple[Register, ...]]] = [(each, ()) for each in self.inputs]
        for back in range(DELAYS):
            for i, (feature, needs) in enumerate(ahead):
                name, n = f"earlier{10 * back + i}", feature.values.shape[1]
                values = np.concatenate([np.zeros((1, n), dtype=np.int32), feature.values.astype(np.int32)])
                update = Update(PREVIOUS, (feature,))
                found.append(Register(name, 0, update, values, needs, update.bits + START))
                ahead[i] = (variable(name, values[:-1]), (found[-1],))
        return found

    def _fed(self) -> list[Register]:
        """The network's own answers of the step before, with several values before the first."""
        heard = self.ear.trial
        found = []
        for i, name in enumerate(self.frame.outputs):
            y = heard.y[..., i]
            low, high = min(int(y.min()), int(heard.x.min())), max(int(y.max()), int(heard.x.max()))
            for init in dict.fromkeys((0, 1, low, high, low - 1, high + 1)):
                values = np.concatenate([np.full((1, y.shape[1]), init), y])
                outside = init in (low - 1, high + 1)
                found.append(Register(name, init, None, values, (), PLAIN + 2 * outside))
        return found

    @property
    def beginnings(self) -> list[Register]:
        """Earlier answers that begin with 0, or just outside the range."""
        return [each for each in self.fed if each.init == 0 or each.bits > PLAIN]

    def _seeds(self) -> list[Register]:
        """Short registers that tell many witnesses apart, no two that tell apart the same."""
        return self.tester.telling(_shortest([*self.fed[:1], *self.known.values()], 400), SEEDS)


def _shortest(pool: Sequence[Register], most: int) -> list[Register]:
    return sorted(pool, key=lambda each: each.bits)[:most]
