"""Words held as numbers: comparisons of a word with its reverse come back, other functions of the word do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from fake_networks import problem
from hypothesis import given
from hypothesis import strategies as st

from scrutable.network import Integers, Network, Recurrent
from scrutable.propose import Registers
from scrutable.propose._registers_features import variable
from scrutable.propose._registers_heard import listen
from scrutable.propose._registers_histories import comparisons
from scrutable.propose._registers_keys import Dependence
from scrutable.work import Clock, generator

LENGTH = 10
BITS, TRITS = Integers(0, 1, length=LENGTH), Integers(0, 2, length=LENGTH)
Answer = Callable[[np.ndarray], np.ndarray]


def order(word: np.ndarray) -> np.ndarray:
    """1 where a word `(n, t)` comes after its reverse in a dictionary, -1 where before, 0 for palindromes."""
    difference = np.pad(word - word[:, ::-1], ((0, 0), (0, 1)))
    first = (difference != 0).argmax(axis=1)
    return np.sign(np.take_along_axis(difference, first[:, None], axis=1)[:, 0])


def scrambled(word: np.ndarray) -> np.ndarray:
    """A number that depends on all of a word, and on nothing that is short."""
    mark = np.zeros(len(word), dtype=np.int64)
    for letters in word.T:
        mark = (31 * mark + 7 * letters + 1) % 10007
    return mark * 7919 % 104729


def network(answer: Answer, inputs: Integers = BITS) -> Network:
    """A network that answers after each step by the word so far."""

    def run(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x).astype(np.int64)
        return np.stack([answer(x[:, : t + 1]) for t in range(x.shape[1])], axis=1).astype(np.int64)

    return Network(run, inputs, Integers(length=inputs.length))


def reader(*, each_step: bool) -> Network:
    """A recurrent network that knows palindromes: it holds two readings in base 3, and a power of 3."""

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        (forwards, backwards, power), x = np.rint(state.T), x_t.reshape(-1)
        forwards, backwards = 3 * forwards + x, backwards + power * x
        return np.stack([forwards, backwards, 3 * power], axis=1), (forwards == backwards).astype(float)

    outputs = Integers(length=LENGTH) if each_step else Integers()
    return Network(Recurrent(cell, np.array([0.0, 0.0, 1.0])), BITS, outputs)


@dataclass(frozen=True)
class Rule:
    """What the answer to a word is, and over which letters."""

    answer: Answer
    inputs: Integers


RULES = {
    "palindrome": Rule(lambda w: order(w) == 0, BITS),
    "no palindrome": Rule(lambda w: order(w) != 0, TRITS),
    "plus or minus": Rule(lambda w: np.where(order(w) == 0, 1, -1), Integers(-1, 1, length=LENGTH)),
    "larger reversed": Rule(lambda w: order(w) < 0, TRITS),
    "not smaller": Rule(lambda w: order(w) >= 0, BITS),
    "which is larger": Rule(order, Integers(5, 8, length=LENGTH)),
    "the letter of a palindrome": Rule(lambda w: np.where(order(w) == 0, w[:, -1], 0), TRITS),
    "a one after a palindrome": Rule(lambda w: (order(w[:, :-1]) == 0) & (w[:, -1] == 1), BITS),
    "one word the other reversed": Rule(
        lambda w: (w[:, :, 0] == w[:, ::-1, 1]).all(axis=1), Integers(0, 2, length=LENGTH, channels=2)
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_comparisons_of_readings_come_back(name: str) -> None:
    rule = RULES[name]
    net = network(rule.answer, rule.inputs)
    found = min(Registers().propose(problem(net)), key=lambda each: each.program.bits)
    assert {"forwards", "backwards"} <= set(found.program.variables)
    assert found.provenance.settings["mode"] == "exact" and found.program.bits <= 165
    longer = net.inputs.with_length(2 * LENGTH).sample(200, generator(1, "longer"))
    assert (np.asarray(found.program(longer)) == net.predict(longer)).all()


@pytest.mark.parametrize("each_step", [True, False])
def test_states_belong_to_the_hidden_vector(each_step: bool) -> None:
    task = problem(reader(each_step=each_step))
    found = next(iter(Registers().propose(task)))
    assert found.alignment.sites == dict.fromkeys(("forwards", "backwards", "power"), "hidden")
    assert (np.asarray(found.program(task.inputs)) == task.outputs).all()


def mistaken(once_in: int) -> Network:
    """It knows palindromes, but for one answer in so many."""
    return network(lambda w: (order(w) == 0) ^ (scrambled(w) % once_in == 0))


def test_the_rule_behind_a_few_mistakes_is_found_and_called_approximate() -> None:
    found = list(Registers().propose(problem(mistaken(101), seconds=8.0)))
    assert found and {each.provenance.settings["mode"] for each in found} == {"approximate"}
    x = BITS.sample(300, generator(1, "fresh"))
    best = min(found, key=lambda each: each.program.bits)
    assert (np.asarray(best.program(x)) == network(RULES["palindrome"].answer).predict(x)).all()


FALSEHOODS = {
    "noise": network(lambda w: scrambled(w) % 2),
    "noise on three letters": network(lambda w: scrambled(w) % 3, TRITS),
    "parity": network(lambda w: w.sum(axis=1) % 2),
    "first and last alike": network(lambda w: w[:, 0] == w[:, -1]),
    "mirrored but for one letter": network(lambda w: (w != w[:, ::-1]).sum(axis=1) <= 2),
    "wrong too often": mistaken(6),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_comparisons_do_not_determine_what_they_do_not_say(name: str) -> None:
    ear = listen(problem(FALSEHOODS[name]))
    clock = Clock(5.0)
    offered = comparisons([variable("x_t", ear.trial.x[..., 0])])
    assert len(offered) == 4
    for tolerance in (0.0, 0.02):
        assert Dependence(ear, 0, tolerance=tolerance).singles(offered, clock) == []
    assert clock.used < 1.0


def test_a_random_function_of_the_word_has_no_program() -> None:
    assert list(Registers().propose(problem(FALSEHOODS["noise"], seconds=2.0))) == []


@given(st.integers(1, 9), st.integers(1, 5), st.integers(-9, 9), st.integers(0, 2**32 - 1))
def test_readings_are_compared_as_in_a_dictionary(length: int, step: int, low: int, seed: int) -> None:
    x = low + step * np.random.default_rng(seed).integers(0, 5, (length, 8))
    x[0, :2] = low, low + step
    for t in range(length):
        sign = order(x[: t + 1].T)
        for each, said in zip(comparisons([variable("x_t", x)]), (sign == 0, sign < 0, sign > 0, sign), strict=True):
            assert (each.values[t + 1] == said).all()


def test_readings_stay_within_64_bits_at_twice_the_length() -> None:
    rng = generator(0, "words")
    assert comparisons([variable("x_t", rng.integers(0, 10, (10, 300)))]) == []
    assert comparisons([variable("x_t", rng.integers(0, 2, (32, 300)))]) == []
    net = network(RULES["palindrome"].answer, Integers(0, 1, length=30))
    found = min(Registers().propose(problem(net)), key=lambda each: each.program.bits)
    ones = np.ones((1, 60), dtype=int)
    assert (np.asarray(found.program(ones)) == 1).all()
