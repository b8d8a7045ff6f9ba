"""Sums over the entries of an array become products of arrays, and mean the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from scrutable.program import INT, Array, Expr, Input, Let, Program, Var, call
from scrutable.propose._blocks import gathered
from scrutable.work import generator

X = Var("x", Array((6,), INT))
ENTRIES = [call("index", X, params=(i,)) for i in range(6)]


def total(terms: Sequence[Expr]) -> Expr:
    result = terms[0]
    for term in terms[1:]:
        result = call("add", result, term)
    return result


SUM = total(ENTRIES)
CASES = {
    "sum": (SUM, "dot"),
    "weights": (call("add", call("sub", total(ENTRIES[:5]), call("mul", 3, ENTRIES[5])), 7), "dot"),
    "entries twice": (call("add", SUM, call("neg", total(ENTRIES[2:]))), "dot"),
    "conditions": (total([call("eq", entry, 3) for entry in ENTRIES]), "dot"),
    "remainder": (call("mod", total([call("mod", entry, 2) for entry in ENTRIES]), 3), "dot"),
    "all entries": (call("argmax", *ENTRIES), "argmax(x)"),
    "some entries": (call("argmax", *ENTRIES[:3]), "argmax(index"),
    "two functions": (call("add", total(ENTRIES[:3]), total([call("abs", e) for e in ENTRIES[3:]])), "abs(index"),
    "products": (total([call("mul", ENTRIES[i], ENTRIES[i + 1]) for i in range(5)]), "mul(index"),
    "few": (total(ENTRIES[:2]), "add(index"),
}


@pytest.mark.parametrize("case", CASES)
def test_gathering_keeps_the_meaning(case: str) -> None:
    expr, wanted = CASES[case]
    program = Program("program", (Input("x", X.type),), (Let("output", expr),), ("output",))
    new = gathered(program)
    x = generator(0, "blocks").integers(-5, 6, (200, 6))
    assert np.array_equal(new(x), program(x))
    assert new.bits <= program.bits
    assert wanted in str(new.statements[0].expr)  # type: ignore[union-attr]
