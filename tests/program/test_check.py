"""Ill-formed programs are refused with every reason; well-formed ones say what they define."""

from __future__ import annotations

import math
from typing import Any

import pytest
from test_evaluate import adder

from scrutable.errors import UserError
from scrutable.program import (
    INT,
    REAL,
    Array,
    Category,
    Const,
    Input,
    Let,
    Program,
    Scan,
    Selector,
    Seq,
    State,
    Var,
    call,
    const,
    scalar_of,
)

A, S = Var("a", INT), Var("s", Seq(INT))
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "lambda"}, "no keyword"),
    ({"name": "two words"}, "Python identifier"),
    ({"inputs": ()}, "at least one"),
    ({"inputs": (Input("a", INT), Input("a", INT))}, "'a' twice"),
    ({"inputs": (Input("a", INT), Input("s", Seq(INT)))}, "all of one shape"),
    ({"inputs": (Input("a", Selector()),)}, "a Selector for input a"),
    ({"inputs": (Input("a", Category(0)),)}, "positive number of labels"),
    ({"inputs": (Input("a", Seq(Seq(INT))),)}, "a Seq of something other"),
    ({"statements": (Let("sum", A),)}, "'sum', expected one that is no keyword, builtin or helper"),
    ({"statements": (Let("ﬁ", A),)}, "Python identifier"),
    ({"statements": (Let("v", Var("w", INT)), Let("w", A))}, "'w', expected a name defined before"),
    ({"statements": (Let("v", Var("a", REAL)),)}, "a used as Real, expected Int as defined"),
    ({"statements": (Let("v", const(2**63)),)}, "at most 64 bits"),
    ({"statements": (Let("v", const(math.inf)),)}, "finite float"),
    ({"statements": (Let("v", Const(3, Category(3))),)}, r"literal 3, expected a value of type Category\(3\)"),
    ({"statements": (Let("v", Const((1, 2), Array((3,), INT))),)}, "right length"),
    ({"statements": (Let("v", A), Let("v", A))}, "'v' twice"),
    ({"outputs": ()}, "no outputs"),
    ({"outputs": ("nothing",)}, "outputs nothing"),
)


@pytest.mark.parametrize(("change", "reason"), BAD)
def test_ill_formed_programs_are_refused(change: dict[str, Any], reason: str) -> None:
    good: dict[str, Any] = {"name": "p", "inputs": (Input("a", INT),), "statements": (), "outputs": ("a",)}
    with pytest.raises(UserError, match=reason):
        Program(**good | change)


BAD_SCANS: tuple[tuple[Scan, str], ...] = (
    (Scan((), (), ()), "scan over nothing"),
    (Scan((("t", const(1)),), (), ()), "t over a Int, expected a sequence"),
    (Scan((("t", S),), (State("c", const(0), Var("c", INT) + 0.5),), ()), "c used as Int, expected Real"),
    (Scan((("t", S),), (), (Let("v", S),)), "v of type .* inside a scan, expected a scalar"),
    (Scan((("t", S),), (), (Let("v", Var("w", INT)), Let("w", const(1)))), "'w', expected a name defined before"),
    (Scan((("s", S),), (), ()), "'s' twice"),
)


@pytest.mark.parametrize(("scan", "reason"), BAD_SCANS)
def test_ill_formed_scans_are_refused(scan: Scan, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        Program("p", (Input("s", Seq(INT)),), (scan,), ("s",))


def test_names_inside_a_scan_end_with_it() -> None:
    scan = Scan((("t", S),), (), (Let("v", Var("t", INT) + 1),))
    with pytest.raises(UserError, match="'t', expected a name defined"):
        Program("p", (Input("s", Seq(INT)),), (scan, Let("after", Var("t", INT))), ("v",))
    after = Let("after", call("last", Var("v", Seq(INT)), params=(0,)))
    assert Program("p", (Input("s", Seq(INT)),), (scan, after), ("after",))([[1, 2]]).tolist() == [3]


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(UserError) as caught:
        Program("if", (Input("a", Category(0)),), (Let("sum", Var("b", INT)),), ("c",))
    assert str(caught.value).count("; got") >= 3


def test_deep_and_wide_expressions_are_refused_quickly() -> None:
    deep = doubled = Var("a", INT) + 0
    for _ in range(5000):
        deep = deep + 1
    for _ in range(60):
        doubled = doubled + doubled
    for expr in (deep, doubled):
        with pytest.raises(UserError, match="try naming parts"):
            Program("p", (Input("a", INT),), (Let("v", expr),), ("v",))


def test_the_types_seen_from_outside() -> None:
    assert adder().variables == {"total": Seq(INT), "output": Seq(INT), "carry": Seq(INT)}
    assert scalar_of(adder().variables["carry"]) == INT
