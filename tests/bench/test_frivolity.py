"""Networks without mechanism are many and of many kinds, and what counts as a false positive is what it says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from scrutable.bench import Case, Row
from scrutable.bench._flexible import DOMAIN, alignments, decoys_of, left, program, right
from scrutable.bench._frivolity import (
    FALSE_POSITIVE,
    KNOWN,
    OPEN,
    PERMUTED,
    POPPED,
    REMADE,
    SHOWN,
    SUPPORTED,
    Frivolity,
    _judged,
    trivial,
)
from scrutable.bench._networks import subject_of
from scrutable.bench.recurrent._nulls import null_subject
from scrutable.program import BOOL, INT, Const, Input, Let, Program, Var, call
from scrutable.work import generator

CASES = Frivolity().cases(0)


def test_there_are_more_than_two_hundred_networks_without_mechanism_of_six_kinds() -> None:
    families = Counter(case.family for case in CASES)
    assert families[KNOWN] >= 60 and len(families) == 7
    assert sum(families.values()) - families[KNOWN] >= 200 and min(families.values()) >= 20
    assert len({case.key for case in CASES}) == len(CASES) == len({case.digest for case in CASES})
    assert Frivolity().cases(0) == CASES


def inner(family: str, index: int = 0) -> Case:
    return Case(**[case for case in CASES if case.family == family][index].settings["of"])


@pytest.mark.parametrize("family", [REMADE, PERMUTED])
def test_changed_weights_answer_in_many_ways_and_not_as_they_were_taught(family: str) -> None:
    case = inner(family, 4)
    network = null_subject(case).network
    x = network.inputs.sample(500, generator(0, "rows"))
    assert len(np.unique(network.predict(x))) > 1
    assert (network.predict(x) == null_subject(case).network.predict(x)).all()


@pytest.mark.slow
def test_a_mask_makes_an_untrained_network_say_what_is_random() -> None:
    subject = subject_of(inner(POPPED), None)
    assert subject.truth is None and subject.reached is not None and subject.reached > 0.75


def made(expr) -> Program:
    return Program("p", (Input("a", INT), Input("b", INT)), (Let("output", expr),), ("output",))


A, B = Var("a", INT), Var("b", INT)


@pytest.mark.parametrize(
    ("expr", "is_trivial"),
    [
        (Const(3, INT), True),
        (A * 3 - B + 1, True),
        (call("lt", A * 2, B), True),
        (call("max", A, B - 1), True),
        (call("max", call("abs", A), B), False),
        (call("eq", call("lt", A, B), call("lt", B, Const(3, INT))), False),
    ],
)
def test_trivial_is_linear_but_for_one_operation(expr, is_trivial: bool) -> None:
    assert trivial(made(expr)) is is_trivial


@pytest.mark.parametrize(
    ("verdict", "program", "honest", "false_positive"),
    [
        ("proved", "x", False, True),
        ("supported", "x", False, True),
        ("supported", "x", True, False),
        ("behavioural", "x", False, False),
        ("no short program", None, False, False),
    ],
)
def test_a_false_positive_is_a_strong_verdict_for_what_is_not_trivial(
    verdict: str, program: str | None, honest: bool, false_positive: bool
) -> None:
    row = _judged(Row("k", "f", "t", program, None, None, verdict, 1.0, {}, solved=True, why=""), honest=honest)
    assert row.marks[FALSE_POSITIVE] is false_positive and row.solved is not false_positive
    assert row.marks[SUPPORTED] is (verdict in ("proved", "supported")) and row.marks[SHOWN] is (program is not None)


@pytest.mark.parametrize(
    ("statuses", "left_open"), [(["pass", "fail"], False), (["pass", "unknown"], True), ([], False)]
)
def test_a_row_says_whether_something_was_left_open(statuses: list[str], left_open: bool) -> None:
    details = {"tests": [{"status": status} for status in statuses]} if statuses else {}
    row = Row("k", "f", "t", "x", None, None, "behavioural", 1.0, {}, solved=True, why="", details=details)
    assert _judged(row, honest=False).marks[OPEN] is left_open


def test_the_program_to_align_is_what_it_says() -> None:
    x = DOMAIN.sample(300, generator(0, "rows"))
    assert (program()(x) == (left(x) == right(x))).all()
    assert Var("left", BOOL).type == program().variables["left"]
    others = [other(x) for other in decoys_of(19)]
    assert len(others) == 19 and all((other != left(x)).any() for other in others)


@pytest.mark.slow
def test_a_map_that_can_be_anything_aligns_an_untrained_network_and_the_library_does_not() -> None:
    anything, untrained, trained = alignments(steps=300, decoys=4)
    assert anything.agreement >= 0.95 and min(anything.decoys) >= 0.9 and anything.said.startswith("rejected")
    assert untrained.agreement <= 0.7 and untrained.said.startswith("rejected")
    assert trained.agreement >= 0.95 and trained.said == "aligned" and trained.p == pytest.approx(0.05)
