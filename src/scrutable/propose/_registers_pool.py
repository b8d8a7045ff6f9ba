"""A pool of registers: every update of every template, kept distinct by what the registers hold.

Registers that always hold the same are one (observational equivalence on all sequences heard). Those that never change,
or that hold something different after nearly every word, are left out: a register that remembers the word explains
everything and says nothing. What may be said of such registers all the same is in `_registers_histories`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from scrutable.program import Expr
from scrutable.propose._registers_features import Feature, Features, literal
from scrutable.propose._registers_heard import Heard
from scrutable.propose._registers_updates import TEMPLATES, Template, Update, traces
from scrutable.work import Clock

MOST_OF_A_KIND = 1200
LARGEST = 10**6
MODULI = tuple(range(2, 21))
FACTORS = (2, -1, 3, 10)
BOUNDS = (1, 2, 3, 4, 5, 7, 8)
BITS_FOR_VALUES = 3.0
START = 2.0
"""What a register's first value takes, in bits."""
LATE = 0.5
"""Words this share of the length or longer are looked at for memorising."""
REMEMBERED = 0.6
ENOUGH = 24


@dataclass(frozen=True, eq=False)
class Register:
    """A register of the pool.

    Arguments:
        name: of the state.
        init: what it begins with.
        update: how it changes; None for the network's own earlier answer, where it is what the program answers.
        values: before the first step and after each, `(length + 1, n)`.
        needs: other registers that `update` reads.
        bits: the length of `update` and `init`.
    """

    name: str
    init: int
    update: Update | None
    values: np.ndarray
    needs: tuple[Register, ...]
    bits: float

    @property
    def fed(self) -> bool:
        """Whether this is the network's own earlier answer."""
        return self.update is None

    @cached_property
    def next(self) -> Expr | None:
        """The value after a step, which reads the register by its own name."""
        return None if self.update is None else self.update.said(self.name)

    @cached_property
    def price(self) -> float:
        """Its length, and more for one that holds many different values: those tell many words apart by chance."""
        return self.bits + BITS_FOR_VALUES * float(np.log2(len(np.unique(self.values))))

    @property
    def before(self) -> np.ndarray:
        """What it holds when each step begins, `(length * n,)`."""
        return self.values[:-1].ravel()

    @property
    def after(self) -> np.ndarray:
        """What it holds after each step, `(length * n,)`."""
        return self.values[1:].ravel()


def pools_of(found: Features, heard: Heard) -> dict[str, tuple[Feature, ...]]:
    """The features that each slot takes; whole numbers are small or come from the range of inputs and answers."""
    like = found.simple[0]
    numbers = {
        "moduli": [m for m in heard.fitting((*MODULI, *heard.own)) if m >= 2],
        "factors": heard.fitting(FACTORS),
        "bounds": [b for b in heard.fitting((*BOUNDS, *heard.own[3:])) if b > 0],
        "lows": [int(heard.x.min())],
    }
    named = {"simple": found.simple, "numbers": found.numbers, "truths": found.truths}
    return named | {slot: tuple(literal(v, like) for v in values) for slot, values in numbers.items()}


def starts_of(x: np.ndarray) -> dict[str, tuple[int, ...]]:
    """The values a register may begin with, for each word a template uses."""
    low, high = int(x.min()), int(x.max())
    edges = dict.fromkeys((0, low - 1, high + 1))
    return {
        "zero": (0,),
        "low": tuple(dict.fromkeys((min(low, 0), low))),
        "high": tuple(dict.fromkeys((high, high + 1, 0))),
        "edges": tuple(edges),
        "below": (low - 1,),
    }


def grown(
    pools: dict[str, tuple[Feature, ...]],
    starts: dict[str, tuple[int, ...]],
    *,
    needs: Sequence[Register] = (),
    templates: Sequence[Template] = TEMPLATES,
    known: dict[bytes, Register],
    clock: Clock,
) -> Iterator[Register]:
    """Registers that hold something new, added to `known` by a digest of what they hold.

    Arguments:
        needs: the registers that features read, whatever of them an update then uses.
    """
    for place, template in enumerate(templates):
        part = clock.part(1 / (len(templates) - place))
        for update, init, values in traces(template, pools, starts, MOST_OF_A_KIND):
            register = _kept(update, init, values, known, needs)
            if register is not None:
                yield register
            if part.over:
                break


def _kept(
    update: Update, init: int, values: np.ndarray, known: dict[bytes, Register], needs: Sequence[Register]
) -> Register | None:
    after = values[1:]
    if (after == after[0, 0]).all() or np.abs(after).max() > LARGEST:
        return None
    values = values.astype(np.int32)
    key = blake2b(values.tobytes(), digest_size=16).digest()
    if key in known:
        return None
    names = frozenset[str]().union(*(each.names for each in update.arguments))
    read = tuple(each for each in needs if names & {each.name, f"{each.name}_after"})
    name = f"{update.template.kind}{len(known) + 1}"
    known[key] = Register(name, init, update, values, read, update.bits + START)
    return known[key]


def remembers(keys: np.ndarray, prefixes: np.ndarray, narrow: Sequence[np.ndarray]) -> bool:
    """Whether some keys tell nearly every word from every other, on all of the narrow alphabets.

    Arguments:
        keys: a number for each step, `(length, n)`. prefixes: a number for each word, alike.
        narrow: places of the sequences over few letters.

    Counts and sums over two letters take a few values at each length; what remembers the word takes as many as there
    are words.
    """
    length = len(keys)
    for at in narrow:
        shares = [
            len(np.unique(keys[t, at])) / words
            for t in range(int(LATE * length), length)
            if (words := len(np.unique(prefixes[t, at]))) >= ENOUGH
        ]
        if not shares or min(shares) < REMEMBERED:
            return False
    return bool(narrow)
