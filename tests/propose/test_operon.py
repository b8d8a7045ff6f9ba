"""The pyoperon back end: models are read faithfully, formulas come out short, and trouble costs only the answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.network import Category, Columns, Integers, Network, Reals
from scrutable.program import REAL, Const, Expr, Var, call, const, walk
from scrutable.propose import Problem
from scrutable.propose._backends import _process
from scrutable.propose._backends._gathered import gathered
from scrutable.propose._backends._operon_tree import expression
from scrutable.propose._optional import BACKENDS, optional
from scrutable.propose.operon import Operon
from scrutable.synthesis import values
from scrutable.work import Clock, generator

U, V = Var("u", REAL), Var("v", REAL)
REALS = Columns(["u", "v"], lo=1.0, hi=5.0)
PRODUCT = Network(lambda x: 2.5 * x[:, 0] * x[:, 1], inputs=REALS, outputs=Reals())


def problem(network: Network, seconds: float = 60.0) -> Problem:
    x = network.inputs.sample(200, generator(0, "operon test"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed=0, clock=Clock(seconds))


def columns(low: float = 0.5, high: float = 3.0) -> dict[str, np.ndarray]:
    rng = generator(0, "operon columns")
    return {name: rng.uniform(low, high, 60) for name in "uv"}


def test_postfix_lists_are_read_in_their_order():
    nodes = [["Variable", 0, 2.0, 1], ["Variable", 0, 1.0, 0], ["Sub", 2, 1.0, -1]]
    assert expression(nodes, (U, V)) == call("sub", U, call("mul", 2.0, V))
    nodes = [["Constant", 0, 3.0, -1], ["Variable", 0, 1.0, 0], ["Div", 2, 1.0, -1], ["Square", 1, 1.0, -1]]
    quotient = call("div", U, 3.0)
    assert expression(nodes, (U, V)) == call("mul", quotient, quotient)
    nodes = [["Variable", 0, 1.0, 0], ["Sub", 1, 1.0, -1]]
    assert expression(nodes, (U, V)) == call("neg", U)


@pytest.mark.parametrize(
    "nodes",
    [
        None,
        [],
        "x",
        [["Variable", 0, 1.0, 7]],
        [["Variable", 0, 1.0, -2]],
        [["Add", 2, 1.0, -1]],
        [["Mystery", 0, 1.0, -1]],
        [["Constant", 0, float("nan"), -1]],
        [["Constant", 0, 1.0, -1], ["Constant", 0, 1.0, -1]],
        [["Constant", 0]],
    ],
)
def test_what_is_no_model_is_no_expression(nodes):
    assert expression(nodes, (U, V)) is None


def formulas() -> st.SearchStrategy[Expr]:
    leaf = st.one_of(st.sampled_from([U, V]), st.sampled_from([-2.0, 0.5, 1.0, 3.0]).map(const))

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.builds(lambda op, a, b: call(op, a, b), st.sampled_from(["add", "sub", "mul", "div"]), inner, inner)
        ones = st.builds(lambda op, a: call(op, a), st.sampled_from(["neg", "sin", "exp", "sqrt"]), inner)
        return st.one_of(pairs, ones)

    return st.recursive(leaf, grown, max_leaves=6)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(formulas())
def test_gathering_numbers_changes_no_value(expr: Expr):
    data = columns()
    with np.errstate(all="ignore"):
        before, after = values(expr, data), values(gathered(expr), data)
    usual = np.isfinite(before) & (np.abs(before) < 1e9)
    assert np.allclose(before[usual], after[usual], rtol=1e-6, atol=1e-6)


def test_gathering_leaves_one_number_for_each_product():
    scattered = call("mul", call("mul", 2.0, U), call("mul", call("neg", 3.0), call("add", V, call("mul", 0.0, U))))
    found = gathered(scattered)
    assert [node.value for node in walk(found) if isinstance(node, Const)] == [-6.0]


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Network(lambda x: x[:, 0], inputs=REALS, outputs=Integers(0, 5)), "real numbers"),
        (Network(lambda x: x, inputs=REALS, outputs=Category(2)), "real numbers"),
        (Network(lambda x: x, inputs=REALS, outputs=Reals(channels=2)), "more than one output"),
        (Network(lambda x: x[:, 0], inputs=Columns([f"c{i}" for i in range(9)], lo=0, hi=1), outputs=Reals()), "more"),
    ],
)
def test_what_does_not_suit_is_said(network: Network, reason: str):
    assert reason in (Operon().unsuitable(problem(network)) or "")


def test_a_missing_package_is_said_with_the_remedy(monkeypatch):
    monkeypatch.setattr(_process, "find_spec", lambda name: None)
    assert Operon().unsuitable(problem(PRODUCT)) == "pyoperon is not installed; try pip install scrutable[operon]"


def test_a_crash_or_a_hang_costs_only_the_answer(monkeypatch, tmp_path):
    for body in ("import os; print('[1]', flush=True); os.abort()", "print('[1]', flush=True)\nwhile True: pass"):
        (tmp_path / "worker.py").write_text(body)
        monkeypatch.setattr(_process, "FOLDER", tmp_path)
        monkeypatch.setattr(_process, "GRACE", 1.0)
        assert _process.answers("worker", {}, seconds=0.5) == [[1]]


def test_a_killed_clock_starts_nothing():
    work = problem(PRODUCT, seconds=0.0)
    assert not list(Operon().propose(work)) and work.clock.used < 1.0


def test_further_proposers_are_named_or_given():
    assert optional("operon") == (BACKENDS["operon"],)
    assert [each.name for each in optional(["cvc5", Operon("mine")])] == ["cvc5", "mine"]
    for wrong in (["nobody"], [3], ["operon", "operon"]):
        with pytest.raises(UserError, match="further proposer"):
            optional(wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    "function",
    [lambda x: 2.5 * x[:, 0] * x[:, 1], lambda x: x[:, 0] ** 2 / (x[:, 1] + 1), lambda x: np.sin(x[:, 0]) + x[:, 1]],
    ids=["product", "quotient", "sine"],
)
def test_formulas_are_found_and_short(function):
    pytest.importorskip("pyoperon")
    network = Network(function, inputs=REALS, outputs=Reals())
    found = list(Operon().propose(problem(network, seconds=120.0)))
    assert found
    best = min(found, key=lambda each: each.within if each.within is not None else np.inf)
    fresh = network.inputs.sample(500, generator(9, "fresh"))
    assert np.allclose(best.program(fresh), network.predict(fresh), atol=1e-6)
    assert min(each.program.bits for each in found) < 80
