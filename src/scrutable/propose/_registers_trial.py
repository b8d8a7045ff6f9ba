"""Trying keys: answers named, programs run on fresh and on longer sequences, what fails joins the examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program import Program
from scrutable.propose._features import agreeing, groups
from scrutable.propose._registers_heard import Ear, Heard
from scrutable.propose._registers_keys import Key, codes_of
from scrutable.propose._registers_program import Frame, leaves_of, program_of
from scrutable.propose._registers_words import Effort, Literals, named
from scrutable.work import Clock

ROUNDS = 6
FAILING = 12
MORE = 8
"""So many more keys are tried after a program was found."""
OFTEN = 6
"""So often must a key occur for its usual answer to be believed, of a network that makes a few mistakes."""
LEAST = 16.0
"""What a program takes beyond the updates of its registers, in bits."""
TIERS = (
    (24, Effort(2_000, 1.5)),
    (8, Effort(30_000, 4.0)),
    (4, Effort(300_000, 8.0, detect=True)),
)
"""How many keys get how much effort. The seconds are generous: counted effort gives the same answer every time."""


@dataclass(frozen=True, slots=True)
class Upheld:
    """A program right on everything heard at the length of the data.

    Arguments:
        longer: the share of sequences of twice the length on which it is right; None where they cannot be asked about.
        agreement: the share of the answers to fresh sequences in which it is right.
    """

    program: Program
    key: Key
    longer: float | None
    agreement: float = 1.0

    @property
    def lasting(self) -> bool:
        """Whether nothing that was heard speaks against it."""
        return self.longer is None or self.longer == 1.0


@dataclass(slots=True)
class Trial:
    """Turns keys into programs, cheapest first.

    Arguments:
        frame, ear: what programs look like, and what was heard.
        slack: the share of the answers to fresh sequences in which a program may be wrong, for networks that make a few
            mistakes. Those of twice the length are then not asked about.
        found: programs right at the length of the data, the lasting ones among them.
    """

    frame: Frame
    ear: Ear
    literals: Literals
    slack: float = 0.0
    found: list[Upheld] = field(default_factory=list)

    def best(self) -> float:
        """The length of the shortest lasting program, in bits."""
        return min((each.program.bits for each in self.found if each.lasting), default=np.inf)

    def lasting(
        self, keys: Sequence[Key], clock: Clock, tiers: Sequence[tuple[int, Effort]] = TIERS
    ) -> Iterator[Upheld]:
        """The lasting programs for some keys, each shorter than those before it; the keys come likeliest first.

        One with more different values than there are unusual answers may determine them by luck, and is not worth the
        most effort.
        """
        keys, heard = _different(keys), self.ear.trial
        unusual = heard.unusual * len(heard.answers)
        for many, effort in tiers:
            spare = many
            for key in keys[:many]:
                if clock.over or not spare:
                    break
                if key.bits + LEAST >= self.best() or (effort.detect and key.size > unusual):
                    continue
                spare -= 1
                upheld = self.judged(key, effort, clock)
                if upheld is None:
                    continue
                better = upheld.lasting and upheld.program.bits < self.best()
                self.found.append(upheld)
                if better:
                    spare = min(spare, MORE)
                    yield upheld
            if clock.over or spare < many and self.best() < np.inf:
                return

    def judged(self, key: Key, effort: Effort, clock: Clock) -> Upheld | None:
        """A program for one key, mended by counter-examples; None where none is found that is right at the length of
        the data."""
        examples = [self.ear.trial]
        short: Upheld | None = None
        for _ in range(ROUNDS):
            if clock.over:
                return short
            exprs = self._named(key, examples, effort, clock)
            program = self._program(key, exprs) if exprs else None
            if program is None:
                return short
            bad = wrong(program, self.ear.fresh, each_step=self.frame.each_step)
            if bad.mean() > self.slack:
                examples.append(self.ear.fresh.rows(np.flatnonzero(bad)[:FAILING]))
                continue
            if self.ear.long is None or self.slack:
                return Upheld(program, key, None, 1 - float(bad.mean()))
            bad = wrong(program, self.ear.long, each_step=self.frame.each_step)
            short = short or Upheld(program, key, float((bad == 0).mean()))
            if not bad.any():
                return Upheld(program, key, 1.0)
            examples.append(self.ear.long.rows(np.flatnonzero(bad)[:FAILING]))
        return short

    def _named(self, key: Key, examples: Sequence[Heard], effort: Effort, clock: Clock) -> dict:
        try:
            leaves = [leaves_of(self.frame, key, each) for each in examples]
        except ScrutableError:
            return {}
        columns = {name: np.concatenate([each[name] for each in leaves]) for name in leaves[0]}
        answers = {
            name: np.concatenate([each.y[..., i].ravel() for each in examples])
            for i, name in enumerate(self.frame.outputs)
        }
        if self.slack:
            usual = _usual(columns, answers)
            columns, answers = ({name: each[usual] for name, each in part.items()} for part in (columns, answers))
        return dict(named(columns, answers, self.literals, effort, clock))

    def _program(self, key: Key, exprs: dict) -> Program | None:
        try:
            return program_of(self.frame, key, exprs)
        except ScrutableError:
            return None


def _usual(columns: dict[str, np.ndarray], answers: dict[str, np.ndarray]) -> np.ndarray:
    """The steps that get the usual answer of their key, `(steps,)`: of keys that occur often, where there are enough of
    them, because a mistake about a rare one looks like a rule."""
    codes = groups(list(columns.values()))
    usual, _ = agreeing(codes, groups(list(answers.values())))
    often = usual & (np.bincount(codes) >= OFTEN)[codes]
    return often if often.sum() >= usual.sum() / 2 else usual


def wrong(program: Program, heard: Heard, *, each_step: bool) -> np.ndarray:
    """The share of the answers to each sequence in which a program is wrong, `(n,)`; 1 when it cannot be run."""
    expected = heard.y.swapaxes(0, 1) if each_step else heard.y[-1]
    try:
        said = np.asarray(program(heard.data)).reshape(expected.shape)
    except (ScrutableError, ValueError):
        return np.ones(heard.count)
    steps = heard.length if each_step else 1
    return (said != expected).reshape(heard.count, steps, -1).any(axis=2).mean(axis=1)


def _different(keys: Sequence[Key]) -> list[Key]:
    """At most two keys for each way of telling the steps apart, in order: others only number the same things anew."""
    counts: dict[bytes, int] = {}
    kept = []
    for key in keys:
        codes = np.unique(codes_of(key.columns()), return_inverse=True)[1].reshape(-1)
        first = np.unique(codes, return_index=True)[1]
        order = np.argsort(np.argsort(first))
        mark = order[codes].astype(np.int32).tobytes()
        counts[mark] = counts.get(mark, 0) + 1
        if counts[mark] <= 2:
            kept.append(key)
    return kept
