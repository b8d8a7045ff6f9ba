"""Our own proposers and methods keep the promises asked of anybody's, and broken promises are noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from scrutable.hypothesis import Hypothesis, Provenance
from scrutable.program import BOOL, INT, REAL, Const, Input, Let, Program, Var, call, const
from scrutable.propose import PROPOSERS, Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.synthesis import Found, Method, Table
from scrutable.synthesis._registry import METHODS
from scrutable.testing import check_method, check_proposer
from scrutable.work import Clock


def hypothesis(problem: Problem, name: str = "made") -> Hypothesis:
    """A constant of the right shape."""
    inputs = program_inputs(problem.network.inputs)
    outputs = ("output",) if problem.outputs.ndim < 2 or problem.network.inputs.is_sequence else ("output", "other")
    lets = tuple(Let(each, const(1)) for each in outputs)
    return Hypothesis(Program("f", inputs, lets, outputs), provenance=Provenance(name))


class Made(Proposer):
    """A proposer made of one function."""

    def __init__(self, propose, *, name: str = "made", reason: str | None = None) -> None:
        self.name, self._propose, self._reason = name, propose, reason

    def unsuitable(self, problem: Problem) -> str | None:
        return self._reason

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        yield from self._propose(problem)


class MadeMethod(Method):
    """A method made of one function."""

    def __init__(self, find, *, name: str = "made", reason: str | None = None) -> None:
        self.name, self._find, self._reason = name, find, reason

    def unsuitable(self, table: Table) -> str | None:
        return self._reason

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        yield from self._find(table, clock)


def spoils(problem: Problem) -> Iterator[Hypothesis]:
    problem.inputs[:] = 0
    yield hypothesis(problem)


def dawdles(problem: Problem) -> Iterator[Hypothesis]:
    time.sleep(problem.clock.seconds + 2.5)
    yield hypothesis(problem)


def dawdles_when_stopped(problem: Problem) -> Iterator[Hypothesis]:
    time.sleep(2.2 if problem.clock.over else 0)
    yield hypothesis(problem)


def fails(problem: Problem) -> Iterator[Hypothesis]:
    raise ZeroDivisionError("of its own")


def renames(problem: Problem) -> Iterator[Hypothesis]:
    first = program_inputs(problem.network.inputs)[0]
    program = Program("f", (Input("q", first.type),), (Let("output", Const(1, first.type)),), ("output",))
    yield Hypothesis(program, provenance=Provenance("made"))


def turns(problem: Problem) -> Iterator[Hypothesis]:
    made = hypothesis(problem)
    yield replace(made, program=replace(made.program, inputs=made.program.inputs[::-1]))


def wavers() -> Made:
    calls: list[int] = []

    def propose(problem: Problem) -> Iterator[Hypothesis]:
        calls.append(1)
        made = hypothesis(problem)
        lets = (Let(made.program.outputs[0], const(len(calls))), *made.program.statements[1:])
        yield replace(made, program=replace(made.program, statements=lets))

    return Made(propose)


@pytest.mark.slow
@pytest.mark.parametrize("proposer", PROPOSERS, ids=lambda p: p.name)
def test_our_proposers_conform(proposer: Proposer) -> None:
    check_proposer(proposer, seconds=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_our_methods_conform(method: Method) -> None:
    check_method(method, seconds=3.0)


@pytest.mark.parametrize(
    ("proposer", "broken"),
    [
        (Made(lambda p: [], name=""), "name"),
        (Made(lambda p: [], reason=""), "reason in words"),
        (Made(lambda p: ["not a hypothesis"]), "Hypothesis objects"),
        (Made(lambda p: [hypothesis(p, "somebody else")]), "came from"),
        (Made(lambda p: [replace(hypothesis(p), provenance=Provenance("made", {"x": {1}}))]), "plain data"),
        (Made(lambda p: [replace(hypothesis(p), within=0.1)]), "real outputs only"),
        (Made(spoils), "as they were"),
        (Made(dawdles), "clock has run out"),
        (Made(dawdles_when_stopped), "stops at once"),
        (Made(fails), "raises nothing, not ZeroDivisionError: of its own"),
        (Made(renames), "the network's inputs"),
        (Made(turns), "in this order"),
        (wavers(), "same seed"),
    ],
)
def test_broken_promises_are_noticed(proposer: Proposer, broken: str) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_proposer(proposer, seconds=0.5)


def test_a_plain_proposer_conforms() -> None:
    check_proposer(Made(lambda p: [hypothesis(p)]), seconds=0.5)


def column(table: Table) -> Var:
    """The first variable of a table."""
    name, values = next(iter(table.columns.items()))
    return Var(name, {"b": BOOL, "f": REAL}.get(values.dtype.kind, INT))


def unnoticed(table: Table, clock: Clock) -> Iterator[Found]:
    table.target[:] = 0
    yield from ()


@pytest.mark.parametrize(
    ("method", "broken"),
    [
        (MadeMethod(lambda t, c: [], name=" "), "name"),
        (MadeMethod(lambda t, c: [], reason="no"), "reason in words"),
        (MadeMethod(lambda t, c: [3]), "Found objects"),
        (MadeMethod(lambda t, c: [Found(Var("elsewhere", INT), 3.0)]), "table's columns"),
        (MadeMethod(lambda t, c: [Found(column(t), 3.0)]), "right on every row"),
        (MadeMethod(lambda t, c: [Found(column(t), np.inf, 1.0)]), "finite length"),
        (MadeMethod(lambda t, c: [Found(call("eq", column(t), column(t)), 9.0, -1.0)]), "from 0 on"),
        (MadeMethod(unnoticed), "as it was"),
        (MadeMethod(lambda t, c: 1 // 0), "raises nothing"),
    ],
)
def test_broken_promises_of_methods_are_noticed(method: Method, broken: str) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_method(method, seconds=0.5)


def test_a_plain_method_conforms() -> None:
    check_method(MadeMethod(lambda t, c: [Found(column(t), 3.0, 50.0)]), seconds=0.5)
