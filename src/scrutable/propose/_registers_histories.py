"""Registers that hold the whole word, of which only comparisons may be said: palindromes, words larger than their
reverse.

A word is read as a number twice: forwards, with its first letter as the highest digit, and backwards, with its last. A
register that holds the word determines every answer and so explains none. The registers offered here are therefore
truths about the two readings, with two or three values each; the readings are only what those need. Words of one length
compare alike whatever number the digits begin at, so letters need not be counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scrutable.program import call
from scrutable.propose._registers_features import Feature, literal, variable
from scrutable.propose._registers_pool import START, Register
from scrutable.propose._registers_updates import PREVIOUS, Template, Update, trace

LARGEST = 2.0**62
"""Readings of words of twice the length stay below this."""
MOST_CHANNELS = 2
FORWARDS = Template("forwards", ("factors", "simple"), lambda o, r, base, e: o.add(o.mul(base, r), e))
BACKWARDS = Template("backwards", ("simple", "simple"), lambda o, r, power, e: o.add(r, o.mul(power, e)))
POWER = Template("power", ("factors",), lambda o, r, base: o.mul(base, r))


def comparisons(inputs: Sequence[Feature]) -> list[Register]:
    """Registers that compare a word with itself read backwards, or the first of two words with the second backwards.

    There are none where the readings of words of twice the length would not fit into 64 bits.

    Arguments:
        inputs: one for each channel, `(length, n)`.

    Cost: a few array operations for each step, about a millisecond.
    """
    if len(inputs) > MOST_CHANNELS or not _fits(inputs):
        return []
    base = literal(_base(inputs), inputs[0])
    power = _register("power1", 1, Update(POWER, (base,)))
    forwards = _register("forwards1", 0, Update(FORWARDS, (base, inputs[0])))
    step = Update(BACKWARDS, (variable(power.name, power.values[:-1]), inputs[-1]))
    held = (forwards, _register("backwards1", 0, step, power))
    one, other = (variable(f"{each.name}_after", each.values[1:]) for each in held)
    return [
        _register(f"comparison{place}", empty, Update(PREVIOUS, (said,)), *held)
        for place, (said, empty) in enumerate(_compared(one, other))
    ]


def _compared(one: Feature, other: Feature) -> Iterator[tuple[Feature, int]]:
    """Each comparison as a number, and what it says of two empty words."""
    same, less, more = (
        call("eq", one.expr, other.expr),
        call("lt", one.expr, other.expr),
        call("lt", other.expr, one.expr),
    )
    sign = np.sign(one.values - other.values)
    yield Feature(call("if", same, 1, 0), (sign == 0).astype(np.int64)), 1
    yield Feature(call("if", less, 1, 0), (sign < 0).astype(np.int64)), 0
    yield Feature(call("if", more, 1, 0), (sign > 0).astype(np.int64)), 0
    yield Feature(call("if", same, 0, call("if", less, -1, 1)), sign), 0


def _letters(inputs: Sequence[Feature]) -> np.ndarray:
    return np.unique(np.concatenate([each.values.ravel() for each in inputs]))


def _base(inputs: Sequence[Feature]) -> int:
    """So many digits keep words apart: those from the least letter to the largest, by the steps that letters take."""
    letters = _letters(inputs)
    return int(letters[-1] - letters[0]) // max(1, int(np.gcd.reduce(np.diff(letters)))) + 1


def _fits(inputs: Sequence[Feature]) -> bool:
    base, size = _base(inputs), float(np.abs(_letters(inputs)).max())
    return base > 1 and float(base) ** (2 * len(inputs[0].values)) * max(1.0, size / (base - 1)) <= LARGEST


def _register(name: str, init: int, update: Update, *needs: Register) -> Register:
    return Register(name, init, update, trace(update, init), needs, update.bits + START)
