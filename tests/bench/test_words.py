"""Words that a reader is asked about: all short ones, and where it strays from its rule."""

from __future__ import annotations

from itertools import product

import numpy as np

from scrutable.bench.recurrent._languages import LANGUAGES, RULES
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._subjects import Subject
from scrutable.bench.recurrent._words import LONGER, NAMED, words_asked
from scrutable.hypothesis import Hypothesis
from scrutable.network import Category, Network, Tokens
from scrutable.program import INT, Input, Let, Program, Seq, Var, call

EVEN = next(each for each in LANGUAGES if each.name == "language/tomita6")
STRAY = (1, 1, 0)


def only_ones(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.cumprod(x, axis=1))


def straying(x: np.ndarray) -> np.ndarray:
    """The rule, but for one word of three letters."""
    said = only_ones(x)
    if x.shape[1] >= 3:
        said[(x[:, :3] == STRAY).all(axis=1), 2] = 1
    return said


def subject(answers) -> Subject:
    network = Network(
        lambda x: np.eye(2)[answers(np.asarray(x).astype(int))],
        inputs=Tokens(2, length=12),
        outputs=Category(2, length=12),
    )
    return Subject(network, only_ones, EVEN.sample, 12)


def copy_of_input() -> Program:
    x = Var("x", Seq(INT))
    return Program("p", (Input("x", Seq(INT)),), (Let("output", call("add", x, 0)),), ("output",))


def test_the_words_on_which_network_and_rule_differ_are_named() -> None:
    asked = words_asked(subject(straying), None, 0)
    assert asked.named == ("110",) and asked.strayed == 1 and asked.unequal is None
    assert words_asked(subject(only_ones), None, 0).strayed == 0


def test_every_word_on_which_a_program_is_wrong_is_counted() -> None:
    program = Hypothesis(copy_of_input()).program
    asked = words_asked(subject(only_ones), program, 0)
    wrong = sum(tuple(np.cumprod(word)) != word for word in product((0, 1), repeat=12))
    assert asked.reach == 12 and asked.longer == LONGER
    assert asked.unequal is not None and wrong <= asked.unequal <= wrong + LONGER


def test_no_more_words_are_named_than_can_be_read() -> None:
    asked = words_asked(subject(lambda x: 1 - only_ones(x)), None, 0)
    assert len(asked.named) == NAMED and asked.named[0] == "0" and asked.strayed == 2**13 - 2


def test_the_rules_that_readers_share_with_the_list_outside_are_the_same() -> None:
    x = RULES[0].sample(500, 15, np.random.default_rng(0))
    task = next(each for each in OUTSIDE if each.name == "outside/" + RULES[0].name.split("/")[1])
    assert (RULES[0].rule(x) == task.rule(x)).all()
    for each in RULES:
        words = each.sample(2000, 12, np.random.default_rng(1))
        assert set(np.unique(words)) == set(range(each.letters))
        assert set(np.unique(each.rule(words))) == set(range(each.answers))
