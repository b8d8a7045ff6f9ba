"""Which candidates are kept and tested: the shortest, and one that says where its variables live."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scrutable.explain import _pipeline, _testing
from scrutable.explain._pipeline import _answered, _ranked
from scrutable.explain._screen import Candidate
from scrutable.explain._search import KEPT, _best
from scrutable.hypothesis import Alignment, Evidence, Hypothesis, Result, Status
from scrutable.program import INT, Const, Input, Let, Program, Var, call

X = Var("x", INT)
RUN: Any = SimpleNamespace(data=SimpleNamespace(inputs=np.arange(9)))


def candidate(added: int, *, placed: bool = False, exact: bool = True) -> Candidate:
    """`x + added`, at some site or nowhere; more bits for larger numbers."""
    program = Program("p", (Input("x", INT),), (Let("output", call("add", X, Const(added, INT))),), ("output",))
    return Candidate(Hypothesis(program, Alignment({"x": "layer"} if placed else {})), effort=None, exact=exact)


def with_insides(each: Candidate, inside: Status, control: Status | None = None) -> Candidate:
    """The same with results of tests, and of a null control."""
    results = [Result("fidelity.held_out", "behaviour", "pass", None, 0, None, method="made up", reason="made up")]
    results += [Result("interchange", "causal", inside, None, 0, None, method="made up", reason="made up")]
    if control is not None:
        results += [Result("guard.random_weights", "guard", control, None, 0, None, method="made up", reason="made up")]
    return replace(each, hypothesis=each.hypothesis.with_evidence(Evidence(tuple(results))))


def in_turn(monkeypatch: pytest.MonkeyPatch, found: list[Candidate], insides: list[Status]) -> list[int]:
    """Which of the `found` are tested, in order, where tests of the insides of each come out as given."""
    order: list[int] = []

    def verified(run: Any, each: Candidate) -> Candidate:
        at = next(at for at, other in enumerate(found) if other is each)
        order.append(at)
        return with_insides(each, insides[at])

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


def test_what_was_tested_before_counts() -> None:
    before = (
        with_insides(candidate(1), "fail"),
        with_insides(candidate(2), "fail"),
        with_insides(candidate(3), "fail"),
    )
    done, left = _testing.tested_in_turn(RUN, (candidate(4),), most=3, before=before)
    assert not done and len(left) == 1


def test_the_search_for_an_answer_goes_on_where_another_says_where_it_lives() -> None:
    refuted, borne_out = (with_insides(candidate(1), inside, "pass") for inside in ("fail", "pass"))
    assert _answered((borne_out,), (candidate(2, placed=True),))
    assert _answered((refuted,), (candidate(2), candidate(3, placed=True, exact=False)))
    assert not _answered((refuted,), (candidate(2), candidate(3, placed=True)))
    assert not _answered((), (candidate(2),))
    assert not _answered((with_insides(candidate(1), "pass"),), ())


@pytest.mark.parametrize("later", ["pass", "fail"])
def test_what_the_insides_refute_meets_controls_only_where_nothing_else_stands(
    later: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[float] = []
    found = [candidate(1), candidate(2, placed=True), candidate(3, placed=True)]
    insides: dict[Any, Status] = {c.hypothesis.program: s for c, s in zip(found, ("fail", "pass", "pass"), strict=True)}
    controls: dict[Any, Status] = {c.hypothesis.program: s for c, s in zip(found, ("pass", "fail", later), strict=True)}

    def guarded(run: Any, hypothesis: Hypothesis, case: Any, *, effort: Any) -> Hypothesis:
        met.append(found.index(next(c for c in found if c.hypothesis.program == hypothesis.program)))
        program = hypothesis.program
        return with_insides(Candidate(hypothesis, None, exact=True), insides[program], controls[program]).hypothesis

    monkeypatch.setattr(_pipeline, "guarded", guarded)
    monkeypatch.setattr(_pipeline, "case_of", lambda run, hypothesis: None)
    monkeypatch.setattr(_testing, "verified", lambda run, c: with_insides(c, insides[c.hypothesis.program]))
    monkeypatch.setattr(_pipeline, "_begin", lambda *_, **__: RUN)
    monkeypatch.setattr(_pipeline, "_propose", lambda run: tuple(found))
    monkeypatch.setattr(_pipeline, "_conclude", lambda run, ranked, out, command: ranked)
    ranked: Any = _pipeline.explain(RUN)
    assert met == ([1, 2] if later == "pass" else [1, 2, 0])
    assert ranked[0].hypothesis.program == found[2 if later == "pass" else 0].hypothesis.program


def test_what_has_met_the_controls_comes_first_of_those_with_one_verdict() -> None:
    short, long = with_insides(candidate(1), "fail"), with_insides(candidate(10**9), "pass", "unknown")
    assert short.hypothesis.verdict is long.hypothesis.verdict
    assert _ranked((short, long)) == (long, short)
    longer = with_insides(candidate(10**9), "fail")
    assert _ranked((longer, short)) == (short, longer)


def test_one_with_places_is_kept_however_many_are_shorter() -> None:
    short = [candidate(1 + at) for at in range(KEPT + 2)]
    long = candidate(1000, placed=True)
    assert _best(tuple(short)) == tuple(short[:KEPT])
    assert _best((*short, long)) == (*short[: KEPT - 1], long)
    assert _best((*short, replace(long, exact=False))) == tuple(short[:KEPT])
    short[0] = candidate(1, placed=True)
    assert _best((*short, long)) == tuple(short[:KEPT])
