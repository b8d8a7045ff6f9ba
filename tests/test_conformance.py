"""Our own proposers keep the promises asked of anybody's, and broken promises are noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from scrutable.hypothesis import Hypothesis, Provenance
from scrutable.program import INT, Const, Input, Let, Program
from scrutable.propose import PROPOSERS, Problem, Proposer
from scrutable.testing import check_proposer


def hypothesis(name: str, *, inputs: tuple[str, ...] = ("a", "b")) -> Hypothesis:
    program = Program("f", tuple(Input(i, INT) for i in inputs), (Let("output", Const(1, INT)),), ("output",))
    return Hypothesis(program, provenance=Provenance(name))


class Made(Proposer):
    """A proposer made of one function."""

    def __init__(self, propose, *, name: str = "made", reason: str | None = None) -> None:
        self.name, self._propose, self._reason = name, propose, reason

    def unsuitable(self, problem: Problem) -> str | None:
        return self._reason

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        yield from self._propose(problem)


def spoils(problem: Problem) -> Iterator[Hypothesis]:
    problem.inputs[:] = 0
    yield hypothesis("made")


def dawdles(problem: Problem) -> Iterator[Hypothesis]:
    time.sleep(problem.clock.seconds + 2.5)
    yield hypothesis("made")


@pytest.mark.parametrize("proposer", PROPOSERS, ids=lambda p: p.name)
def test_our_proposers_conform(proposer: Proposer) -> None:
    check_proposer(proposer, seconds=3.0)


@pytest.mark.parametrize(
    ("proposer", "broken"),
    [
        (Made(lambda p: [], name=""), "name"),
        (Made(lambda p: [], reason=""), "reason in words"),
        (Made(lambda p: ["not a hypothesis"]), "Hypothesis objects"),
        (Made(lambda p: [hypothesis("somebody else")]), "came from"),
        (Made(spoils), "as they were"),
        (Made(dawdles), "clock has run out"),
    ],
)
def test_broken_promises_are_noticed(proposer: Proposer, broken: str) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_proposer(proposer, seconds=0.5)


def test_a_plain_proposer_conforms() -> None:
    check_proposer(Made(lambda p: [hypothesis("made")]), seconds=0.5)
