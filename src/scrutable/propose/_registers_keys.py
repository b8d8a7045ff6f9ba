"""Which registers determine the answers: one, two or three of them, with the input of the step.

A witness is a pair of steps with the same input and different answers: some register must tell the two apart. What
tells all witnesses apart is tested on all steps, and steps that it fails to tell apart become witnesses. Testing all
pairs of thousands of registers is then one product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from scrutable.propose._registers_heard import Ear
from scrutable.propose._registers_pool import Register, remembers
from scrutable.work import Clock, generator

WITNESSES = 512
MOST_SINGLE, MOST_PAIRS = 200, 400
ROUNDS = 4
REPEATED = 0.5
"""Without words over few letters, so large a share of the steps must repeat an earlier key."""
WIDEST = 2**20
BITS_FOR_ALL = 200.0
"""So many bits outweigh telling all witnesses apart."""
SLACK = 2.0
"""A mistake can spoil both steps of a witness."""


@dataclass(frozen=True, eq=False)
class Key:
    """What determines the answer.

    Arguments:
        registers: those needed.
        late: for each, whether its value after the step is read, and not the one before.
        inputs: whether the input of the step is read too.
        size: how many different keys there were.
    """

    registers: tuple[Register, ...]
    late: tuple[bool, ...]
    inputs: bool
    size: int

    @property
    def bits(self) -> float:
        """The length of the registers' updates."""
        every = {each.name: each for one in self.registers for each in closure(one)}
        return sum(each.bits for each in every.values())

    def columns(self) -> list[np.ndarray]:
        """The values read, `(steps,)` each."""
        return [r.after if late else r.before for r, late in zip(self.registers, self.late, strict=True)]


def closure(register: Register) -> tuple[Register, ...]:
    """A register after all that it reads."""
    found: dict[str, Register] = {}
    for each in register.needs:
        found |= {one.name: one for one in closure(each)}
    return (*found.values(), register)


class Dependence:
    """Tests registers against what was heard.

    Arguments:
        ear: the sequences.
        seed: for the choice of witnesses.
        tolerance: the share of the steps that may contradict the others, for networks that make a few mistakes.
    """

    def __init__(self, ear: Ear, seed: int, *, tolerance: float = 0.0) -> None:
        self.ear, self.tolerance = ear, tolerance
        self.letters, self.answers = ear.trial.letters, ear.trial.answers
        self.prefixes = ear.trial.prefixes
        self.one, self.other = self._witnesses(generator(seed, "registers", "witnesses"))

    @property
    def memoryless(self) -> bool:
        """Whether the input of a step alone determines the answer."""
        return self._size([self.letters]) is not None

    def blind(self, registers: Sequence[Register]) -> np.ndarray:
        """Which witnesses neither value of each register tells apart, `(2 * registers, witnesses)` truths; values
        before the step first."""
        found = np.empty((2 * len(registers), len(self.one)), dtype=bool)
        for i, register in enumerate(registers):
            for k, column in enumerate((register.before, register.before if register.fed else register.after)):
                found[k * len(registers) + i] = column[self.one] == column[self.other]
        return found

    def singles(self, registers: Sequence[Register], clock: Clock) -> list[Key]:
        """The registers that determine the answers alone, the fewest keys first, at most 200 looked at."""
        if not registers or clock.over:
            return []
        good = _cheapest(registers, np.flatnonzero(self._suffices(self._either(registers))))
        return self._tested([(registers[i],) for i in good[:MOST_SINGLE]], clock)[0]

    def pairs(self, registers: Sequence[Register], clock: Clock, *, beside: Register | None = None) -> list[Key]:
        """The pairs that do so, at most 400 of the cheapest looked at; neither half does so alone.

        Arguments:
            beside: a third register that is there anyway.
        """
        base = (beside,) if beside else ()
        for _ in range(ROUNDS):
            if clock.over:
                break
            blind = self._either(registers)
            left = self._either(base)[0] if base else np.ones(len(self.one), dtype=bool)
            couples = [(*base, registers[i], registers[j]) for i, j in self._couples(registers, blind & left)]
            found, failed = self._tested(couples, clock)
            if found or not failed:
                return found
            self._learn(failed[:64])
        return []

    def completing(self, seed: Register, pool: Sequence[Register], clock: Clock) -> list[Key]:
        """The pairs of one register with others that determine the answers, at most 200 looked at."""
        if not pool or clock.over:
            return []
        left = self.blind([seed]).all(axis=0)
        every = self._either(pool)
        good = np.flatnonzero(self._suffices(every & left) & ~self._suffices(every))
        return self._tested([(seed, pool[i]) for i in _cheapest(pool, good)[:MOST_SINGLE]], clock)[0]

    def _tested(
        self, choices: Sequence[tuple[Register, ...]], clock: Clock
    ) -> tuple[list[Key], list[tuple[Register, ...]]]:
        """The keys of the choices that determine the answers, best first, and the choices that do not."""
        found, failed = [], []
        for each in choices:
            if clock.over:
                break
            key = self.key(each)
            if key is None:
                failed.append(each)
            else:
                found.append(key)
        return ranked(found), failed

    def telling(self, registers: Sequence[Register], most: int) -> list[Register]:
        """Registers that tell the most witnesses apart, short ones rather than long ones, no two of which tell apart
        the same."""
        blind = self._either(registers)
        worth = 1 - blind.mean(axis=1) - np.array([each.bits for each in registers]) / BITS_FOR_ALL
        chosen: dict[bytes, Register] = {}
        for i in np.argsort(-worth, kind="stable"):
            chosen.setdefault(blind[i].tobytes(), registers[int(i)])
        return list(chosen.values())[:most]

    def key(self, registers: tuple[Register, ...]) -> Key | None:
        """The reading of some registers with the fewest keys that determines the answers; None if none does.

        A key that hardly repeats, or that tells all words apart, says nothing. Most that fail do so when all readings
        are taken together.
        """
        if self._mistakes(codes_of([self.letters, *_sides(registers)]))[0] > self.tolerance * len(self.answers):
            return None
        best: Key | None = None
        sides = [(False,) if each.fed else (True, False) for each in registers]
        for late in product(*sides):
            columns = [r.after if after else r.before for r, after in zip(registers, late, strict=True)]
            for inputs in (False, True):
                size = self._size([*columns, *([self.letters] if inputs else [])])
                if size is not None:
                    if best is None or size < best.size:
                        best = Key(registers, late, inputs, size)
                    break
        if best is None or (not self.ear.narrow and best.size > (1 - REPEATED) * len(self.answers)):
            return None
        codes = codes_of(best.columns()).reshape(self.prefixes.shape)
        return None if remembers(codes, self.prefixes, self.ear.narrow) else best

    def _size(self, columns: list[np.ndarray]) -> int | None:
        """How many different keys there are; None when one of them meets two answers."""
        mistakes, size = self._mistakes(codes_of(columns))
        return size if mistakes <= self.tolerance * (len(self.answers) - size) else None

    def _mistakes(self, codes: np.ndarray) -> tuple[int, int]:
        """How many steps do not get the usual answer of their key (without tolerance, some other one), and how many
        keys there are."""
        if not self.tolerance:
            said = np.full(int(codes.max()) + 1, -1)
            said[codes] = self.answers
            return int((said[codes] != self.answers).sum()), int((said >= 0).sum())
        width = int(self.answers.max()) + 1
        both = np.sort(codes * width + self.answers)
        first = np.flatnonzero(np.diff(both, prepend=-1))
        often, keys = np.diff(first, append=len(both)), both[first] // width
        usual = np.maximum.reduceat(often, np.flatnonzero(np.diff(keys, prepend=-1)))
        return len(codes) - int(usual.sum()), len(usual)

    def _suffices(self, blind: np.ndarray) -> np.ndarray:
        """For each row of `blind`, whether hardly any witness is left untold."""
        return np.asarray(blind.sum(axis=1) <= SLACK * self.tolerance * len(self.one))

    def _either(self, registers: Sequence[Register]) -> np.ndarray:
        return np.asarray(self.blind(registers).reshape(2, len(registers), len(self.one)).all(axis=0))

    def _couples(self, registers: Sequence[Register], blind: np.ndarray) -> list[tuple[int, int]]:
        overlap = blind.astype(np.float32) @ blind.T.astype(np.float32)
        alone = self._suffices(blind)
        overlap[alone] = overlap[:, alone] = np.inf
        overlap[np.tril_indices(len(overlap))] = np.inf
        places = np.argwhere(overlap <= SLACK * self.tolerance * len(self.one))
        prices = np.array([each.price for each in registers])
        order = np.argsort(prices[places].sum(axis=1), kind="stable")[:MOST_PAIRS]
        return [(int(i), int(j)) for i, j in places[order]]

    def _learn(self, failed: Sequence[tuple[Register, ...]]) -> None:
        """Steps that these registers do not tell apart, as further witnesses."""
        new = [self._conflict(registers) for registers in failed]
        pairs = np.array([each for each in new if each is not None], dtype=np.int64).reshape(-1, 2)
        self.one, self.other = (np.concatenate(each) for each in ((self.one, pairs[:, 0]), (self.other, pairs[:, 1])))

    def _conflict(self, registers: tuple[Register, ...]) -> tuple[int, int] | None:
        codes = codes_of([self.letters, *_sides(registers)])
        last = np.full(int(codes.max()) + 1, -1)
        last[codes] = np.arange(len(codes))
        wrong = np.flatnonzero(self.answers[last[codes]] != self.answers)
        return (int(wrong[0]), int(last[codes[wrong[0]]])) if len(wrong) else None

    def _witnesses(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of steps with equal inputs and different answers, each step with a few others."""
        found: list[np.ndarray] = []
        for _ in range(6):
            order = rng.permutation(len(self.letters))
            order = order[np.argsort(self.letters[order], kind="stable")]
            one, other = order[:-1], order[1:]
            good = (self.letters[one] == self.letters[other]) & (self.answers[one] != self.answers[other])
            found.append(np.stack([one[good], other[good]]))
        pairs = np.concatenate(found, axis=1)
        chosen = rng.permutation(pairs.shape[1])[:WITNESSES]
        return pairs[0, chosen], pairs[1, chosen]


def ranked(keys: Iterable[Key | None]) -> list[Key]:
    """Short registers and few keys first."""
    return sorted((key for key in keys if key is not None), key=lambda key: key.bits + 2 * float(np.log2(key.size)))


def _sides(registers: Sequence[Register]) -> list[np.ndarray]:
    """All that can be read of some registers: before the step, and after it where that is not the answer itself."""
    return [column for each in registers for column in ((each.before,) if each.fed else (each.before, each.after))]


def _cheapest(registers: Sequence[Register], at: np.ndarray) -> list[int]:
    """The places of some of the registers, cheap ones first."""
    return sorted(at.tolist(), key=lambda i: registers[i].price)


def codes_of(columns: Sequence[np.ndarray]) -> np.ndarray:
    """A number for each row, equal for equal rows."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min())
        width = int(column.max()) - low + 1
        if (int(codes.max()) + 1) * width > WIDEST:
            codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
        if (int(codes.max()) + 1) * width > WIDEST:
            column = np.unique(column, return_inverse=True)[1].reshape(-1)
            low, width = 0, int(column.max()) + 1
        codes = codes * width + (column.astype(np.int64) - low)
    return codes if int(codes.max()) < WIDEST else np.unique(codes, return_inverse=True)[1].reshape(-1)
