"""The expression search ends by counting, not by the clock, and its threads and bounds change no answer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from scrutable.program import BOOL, Call, Const, walk
from scrutable.synthesis.enumeration import Grammar, Search, cheapest_together, search_many, share_parts
from scrutable.synthesis.enumeration import _ahead as ahead
from scrutable.synthesis.enumeration._climb import Meter
from scrutable.work import Clock, generator

LEAVES = {name: generator(0, "limits", name).integers(-9, 10, 64) for name in "xyz"}
NOISE = generator(0, "noise").integers(0, 10, 64)
TARGETS = {"high": (LEAVES["x"] + LEAVES["y"]) // 3, "low": (LEAVES["x"] + LEAVES["y"]) % 3}


def searched(targets: dict[str, np.ndarray], **options) -> tuple[Search, dict]:
    options = {"grammar": Grammar(), "clock": Clock(300), "limit": 6, **options}
    work = Search(LEAVES, targets, **options)
    return work, work.run()


def test_a_search_for_nothing_ends_by_its_limit():
    work, found = searched({"t": NOISE}, most=100_000)
    assert found == {"t": ()} and work.effort.limited and not work.effort.capped
    assert 100_000 <= work.effort.candidates < 100_000 + (1 << 16)


def test_wider_examples_count_for_more():
    meter = Meter(Clock(300), left=100)
    meter.count(20, words=4)
    assert meter.seen == 20 and not meter.over
    meter.count(5, words=4)
    assert meter.seen == 25 and meter.over


@pytest.mark.parametrize("alone", [1, 1 << 40])
def test_the_second_thread_changes_nothing(monkeypatch, alone: int):
    expected, found = searched({**TARGETS, "t": NOISE}, most=150_000)
    monkeypatch.setattr(ahead, "ALONE", alone)
    work, again = searched({**TARGETS, "t": NOISE}, most=150_000)
    assert again == found and work.effort == expected.effort


def test_an_error_in_the_second_thread_arrives(monkeypatch):
    def failing(bank, cost):
        yield from ()
        raise RuntimeError("from the thread")

    monkeypatch.setattr(ahead, "tasks", failing)
    with pytest.raises(RuntimeError, match="from the thread"):
        searched(TARGETS)


def test_divisors_may_be_kept_to_numbers():
    grammar = Grammar(operators=("add", "mod", "floordiv"), divisors="numbers")
    _, found = searched({"t": (LEAVES["x"] + LEAVES["y"]) % 2}, grammar=grammar, most=50_000)
    assert found["t"]
    for each in found["t"]:
        for node in walk(each.expr):
            if isinstance(node, Call) and node.op in ("mod", "floordiv"):
                assert isinstance(node.args[1], Const) and node.args[1].value != 0


def test_typed_expressions_never_count_truths():
    bits = {name: generator(2, "limits", name).integers(0, 2, 64) for name in "ab"}
    target = (bits["a"] == bits["b"]).astype(np.int64)
    grammar = Grammar(operators=("add", "sub", "eq", "lt", "not", "if"), typed=True)
    found = search_many(
        bits, {"number": target, "truth": target == 1}, grammar=grammar, clock=Clock(300), limit=8, most=50_000
    )
    assert all(each.expr.type != BOOL for each in found["number"])
    assert all(each.expr.type == BOOL for each in found["truth"])
    for node in (node for some in found.values() for each in some for node in walk(each.expr)):
        if isinstance(node, Call) and node.op in ("add", "sub", "eq", "lt"):
            assert all(arg.type != BOOL for arg in node.args)


def test_the_cheapest_together_is_the_cheapest_of_all_choices():
    found = search_many(LEAVES, TARGETS, grammar=Grammar(constants=(0, 1, 2, 3)), clock=Clock(300), limit=8, slack=8)
    chosen = cheapest_together(found, scope=3)
    choices = product(*found.values())
    every = [share_parts(dict(zip(found, (each.expr for each in c), strict=True)), scope=3).bits for c in choices]
    assert chosen is not None and chosen.bits == pytest.approx(min(every))
