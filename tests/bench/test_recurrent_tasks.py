"""The recurrent rules give what slow, independent answers give, at T and at 2T; the lists are what they say."""

# ruff: noqa: F722, F821 (shapes in annotations are jaxtyping's, not names)

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Int, jaxtyped
from recurrent_oracles import ORACLES, Oracle
from recurrent_oracles_outside import OUTSIDE_ORACLES

from scrutable.bench.recurrent._languages import LANGUAGES, Language
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._tasks import RECURRENT

WORDS = 60
ALL = {**ORACLES, **{f"outside/{name}": oracle for name, oracle in OUTSIDE_ORACLES.items()}}


def slow(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """The oracle's answer after each prefix of each word."""
    words = [[tuple(v) if isinstance(v, list) else v for v in word] for word in x.tolist()]
    return np.array([[oracle(word[: t + 1]) for t in range(len(word))] for word in words])


@jaxtyped(typechecker=beartype)
def outputs(task: SequenceTask, x: Int[np.ndarray, "n t *channels"]) -> Int[np.ndarray, "n t *outputs"]:
    return task.rule(x)


@pytest.mark.parametrize("task", [*RECURRENT, *OUTSIDE], ids=lambda task: task.name)
@pytest.mark.parametrize("times", [1, 2])
def test_rules_agree_with_slow_answers(task: SequenceTask, times: int) -> None:
    x = task.sample(WORDS, times * task.length, np.random.default_rng(times))
    assert x.min() >= task.low
    assert x.max() <= task.high
    y = outputs(task, x)
    assert y.dtype == np.int64
    assert y.shape == (*x.shape[:2], *((task.outputs,) if task.outputs > 1 else ()))
    np.testing.assert_array_equal(y, slow(ALL[task.name], x))


@pytest.mark.parametrize("task", [*RECURRENT, *OUTSIDE], ids=lambda task: task.name)
def test_outputs_do_not_look_ahead(task: SequenceTask) -> None:
    x = task.sample(20, task.length, np.random.default_rng(0))
    np.testing.assert_array_equal(task.rule(x)[:, :4], task.rule(x[:, :4]))


def test_the_lists_are_whole() -> None:
    assert len(RECURRENT) == 62
    assert len(OUTSIDE) >= 40
    names = [task.name for task in (*RECURRENT, *OUTSIDE)]
    assert len(set(names)) == len(names)
    assert set(names) == set(ALL)
    assert [task.name for task in RECURRENT if task.length == 20] == ["Sum_Last5", "Sum_Last6", "Sum_Last7", "Prev5"]
    magnetic = next(task for task in RECURRENT if task.name == "Newton_Magnetic")
    assert (magnetic.channels, magnetic.outputs) == (2, 2)


def test_no_rule_outside_is_one_of_the_62() -> None:
    """Where inputs fit, some word tells them apart; equal rules could otherwise hide under another name."""
    rng = np.random.default_rng(0)
    for task in OUTSIDE:
        for other in RECURRENT:
            if (task.channels, task.outputs) != (other.channels, other.outputs):
                continue
            x = task.sample(200, 12, rng)
            if other.low <= x.min() and x.max() <= other.high:
                assert (task.rule(x) != other.rule(x)).any(), (task.name, other.name)


def test_palindromes_come_up_at_every_length() -> None:
    task = next(task for task in RECURRENT if task.name == "Bit_Palindrome")
    y = task.rule(task.sample(4000, task.length, np.random.default_rng(0)))
    assert (y.mean(axis=0)[1:] > 0.1).all()
    assert y[:, 0].all()


LANGUAGE_ORACLES: dict[str, Callable[[str], bool]] = {
    "tomita1": lambda w: re.fullmatch("1*", w) is not None,
    "tomita2": lambda w: re.fullmatch("(10)*", w) is not None,
    "tomita3": lambda w: re.search("(?<!1)1(11)*0(00)*(?!0)", w) is None,
    "tomita4": lambda w: "000" not in w,
    "tomita5": lambda w: w.count("0") % 2 == 0 and w.count("1") % 2 == 0,
    "tomita6": lambda w: (w.count("0") - w.count("1")) % 3 == 0,
    "tomita7": lambda w: re.fullmatch("0*1*0*1*", w) is not None,
    "brackets2": lambda w: nested(w, 2),
    "brackets3": lambda w: nested(w, 3),
    "counter": lambda w: w == "0" * (len(w) // 2) + "1" * (len(w) // 2),
}


def nested(word: str, deepest: int) -> bool:
    waiting: deque[str] = deque()
    for letter in word:
        if letter == "0":
            waiting.append(letter)
        elif not waiting:
            return False
        else:
            waiting.pop()
        if len(waiting) > deepest:
            return False
    return not waiting


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_languages_agree_with_slow_answers_and_have_long_words(language: Language) -> None:
    x = language.sample(400, 2 * language.length, np.random.default_rng(0))
    found = slow(language_oracle(language.name.removeprefix("language/")), x)
    np.testing.assert_array_equal(language.rule(x), found)
    late = found[:, language.length // 2 : language.length]
    shares = np.bincount(late.ravel().astype(int), minlength=language.answers) / late.size
    assert (shares > 0.003).all()


def language_oracle(name: str) -> Oracle:
    """The slow answer to one word of a language, or of a rule outside that is read as one."""
    if name in OUTSIDE_ORACLES:
        return OUTSIDE_ORACLES[name]
    says = LANGUAGE_ORACLES[name]
    return lambda word: says("".join(map(str, word)))
