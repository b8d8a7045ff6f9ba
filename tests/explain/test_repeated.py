"""A null search repeats the real one: the same proposers, each for as long, up to where that had its answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import final

import numpy as np
import pytest

from scrutable.explain import _search
from scrutable.explain._controls import LEAST_SEARCH, _repeated
from scrutable.explain._screen import Candidate, Effort
from scrutable.hypothesis import Hypothesis, Provenance
from scrutable.network import Integers, Network
from scrutable.program import INT, Expr, Input, Let, Program, Var, call
from scrutable.propose import Problem, Proposer
from scrutable.verify import Sample

A, B = Var("a", INT), Var("b", INT)
X = np.random.default_rng(0).integers(0, 1000, (400, 2))
PLANNED = 8.0


@final
class Busy(Proposer):
    """Says something after a while, or searches in vain until its time is over."""

    def __init__(self, name: str, expr: Expr | None, seconds: float) -> None:
        self.name, self.expr, self.seconds = name, expr, seconds
        self.shares: list[float] = []

    def unsuitable(self, problem: Problem) -> str | None:
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        self.shares.append(problem.clock.seconds)
        while problem.clock.used < self.seconds and not problem.clock.over:
            time.sleep(0.01)
        if self.expr is not None and not problem.clock.over:
            program = Program("p", (Input("a", INT), Input("b", INT)), (Let("output", self.expr),), ("output",))
            yield Hypothesis(program, provenance=Provenance(self.name))


VAIN, QUICK, LATER = Busy("vain", None, 0.2), Busy("quick", call("max", A, B), 0.3), Busy("later", A + B, 0.1)


def network(rule) -> Network:
    return Network(rule, inputs=Integers(0, 1000, channels=2), outputs=Integers())


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> tuple[Busy, ...]:
    proposers = (VAIN, QUICK, LATER)
    for each in proposers:
        each.shares.clear()
    monkeypatch.setattr(_search, "PROPOSERS", proposers)
    return proposers


def found(rule, *, like: Effort | None = None) -> tuple[Candidate, ...]:
    seconds = PLANNED if like is None else like.seconds
    return _search.candidates(network(rule), Sample(X, rule(X)), seconds=seconds, seed=0, like=like)


def largest(x: np.ndarray) -> np.ndarray:
    return np.asarray(x).max(axis=1)


def test_a_candidate_knows_what_was_spent_until_it_was_in_hand(busy) -> None:
    (best,) = found(largest)
    assert best.effort is not None and list(best.effort.spent) == ["vain", "quick"]
    assert best.effort.spent["vain"] >= 0.2 and best.effort.spent["quick"] >= 0.3
    assert best.seconds >= sum(best.effort.spent.values()) - 1e-6 and best.effort.planned == PLANNED


def test_the_same_search_has_the_same_answer_again(busy) -> None:
    (best,) = found(largest)
    planned = [each.shares.pop() for each in (VAIN, QUICK)]
    LATER.shares.clear()
    repeated = _repeated(best.effort)
    again = found(largest, like=repeated)
    assert [each.hypothesis.program for each in again] == [best.hypothesis.program]
    assert [each.shares.pop() for each in (VAIN, QUICK)] == pytest.approx(planned, rel=0.1)
    assert not LATER.shares, "it had not been asked when the answer was in hand"


def test_where_there_is_nothing_it_ends_when_the_real_one_had_its_answer(busy) -> None:
    (best,) = found(largest)
    started = time.monotonic()
    assert not found(lambda x: np.asarray(x).min(axis=1), like=_repeated(best.effort))
    assert time.monotonic() - started < best.seconds + LEAST_SEARCH


def test_a_proposer_that_hardly_took_any_time_has_a_little_more() -> None:
    repeated = _repeated(Effort(8.0, 1.0, {"vain": 0.9, "quick": 0.01}))
    assert repeated.spent == {"vain": 0.9, "quick": LEAST_SEARCH}
    assert repeated.seconds == pytest.approx(1.0 + LEAST_SEARCH - 0.01)
