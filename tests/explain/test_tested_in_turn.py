"""Which candidates are kept and tested: the shortest, and one that says where its variables live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scrutable.explain import _testing
from scrutable.explain._screen import Candidate
from scrutable.explain._search import KEPT, _best
from scrutable.hypothesis import Alignment, Evidence, Hypothesis, Result, Status
from scrutable.program import INT, Const, Input, Let, Program, Var, call

X = Var("x", INT)
RUN: Any = None


def candidate(added: int, *, placed: bool = False, exact: bool = True) -> Candidate:
    """`x + added`, at some site or nowhere; more bits for larger numbers."""
    program = Program("p", (Input("x", INT),), (Let("output", call("add", X, Const(added, INT))),), ("output",))
    return Candidate(Hypothesis(program, Alignment({"x": "layer"} if placed else {})), effort=None, exact=exact)


def in_turn(monkeypatch: pytest.MonkeyPatch, found: list[Candidate], insides: list[Status]) -> list[int]:
    """Which of the `found` are tested, in order, where tests of the insides of each come out as given."""
    order: list[int] = []

    def verified(run: Any, each: Candidate) -> Candidate:
        at = next(at for at, other in enumerate(found) if other is each)
        order.append(at)
        results = [Result("fidelity.held_out", "behaviour", "pass", None, 0, None, method="made up", reason="made up")]
        results += [Result("interchange", "causal", insides[at], None, 0, None, method="made up", reason="made up")]
        return replace(each, hypothesis=each.hypothesis.with_evidence(Evidence(tuple(results))))

    monkeypatch.setattr(_testing, "verified", verified)
    done, left = _testing.tested_in_turn(RUN, tuple(found), most=3)
    assert [c.hypothesis.program for c in done] == [found[at].hypothesis.program for at in order]
    assert len(left) == len(found) - len(order)
    return order


def test_the_first_that_the_insides_bear_out_settles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_turn(monkeypatch, [candidate(1), candidate(2, placed=True)], ["pass", "pass"]) == [0]


def test_after_one_that_is_not_borne_out_comes_one_with_places(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [candidate(1), candidate(2), candidate(3), candidate(4), candidate(5, placed=True)]
    assert in_turn(monkeypatch, found, ["fail", "fail", "fail", "fail", "pass"]) == [0, 4]
    assert in_turn(monkeypatch, found, ["fail", "fail", "fail", "fail", "fail"]) == [0, 4, 1]
    assert in_turn(monkeypatch, found[:4], ["fail", "fail", "pass", "fail"]) == [0, 1, 2]


def test_one_with_places_is_kept_however_many_are_shorter() -> None:
    short = [candidate(1 + at) for at in range(KEPT + 2)]
    long = candidate(1000, placed=True)
    assert _best(tuple(short)) == tuple(short[:KEPT])
    assert _best((*short, long)) == (*short[: KEPT - 1], long)
    assert _best((*short, replace(long, exact=False))) == tuple(short[:KEPT])
    short[0] = candidate(1, placed=True)
    assert _best((*short, long)) == tuple(short[:KEPT])
