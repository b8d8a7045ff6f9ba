"""Interventions that ask a program for what no input brings about."""

from __future__ import annotations

import numpy as np

from scrutable.program import INT, Expr, Input, Let, Program, Seq, Setting, Usual, Var, call, varying

X = Var("x", Seq(INT))
KEY = Var("key", Seq(INT))


def counting(output: Expr) -> Program:
    return Program("p", (Input("x", Seq(INT)),), (Let("key", X), Let("output", output)), ("output",))


def equal(keys: Expr, queries: Expr) -> Expr:
    return call("select", keys, queries, params=("eq",))


def test_a_count_that_never_occurs_is_unusual() -> None:
    words = np.random.default_rng(0).integers(0, 3, size=(200, 4))
    usual = Usual.of(counting(call("width", equal(KEY, X))), words)
    base = np.array([[0, 0, 1, 2], [0, 0, 1, 2]])
    put = np.array([[0, 0, 1, 2], [0, 0, 1, 1]])  # at the last position nothing is equal to the token any more
    assert usual.covers(base, {"key": Setting(put)}).tolist() == [True, False]
    assert usual.covers(words, {}).all()


def test_keys_of_different_values_are_unusual_where_inputs_never_select_such() -> None:
    words = np.array([np.random.default_rng(seed).permutation(4) for seed in range(30)])
    first = counting(call("pick", equal(KEY, 0), call("position", X), params=(0,)))
    put = {"key": Setting(np.array([[0, 0, 1, 2], [3, 0, 1, 2], [1, 1, 1, 1]]))}
    assert Usual.of(first, words).covers(words[:3], put).tolist() == [False, True, False]
    anything = np.random.default_rng(0).integers(0, 2, size=(50, 4))
    assert Usual.of(first, anything).covers(words[:3], put).all()


def test_a_position_varies_where_two_inputs_differ_there() -> None:
    words = np.array([[0, 1, 2], [0, 2, 2], [0, 1, 2]])
    assert varying(words).tolist() == [False, True, False]
    assert varying(words[:1]).tolist() == [False, False, False]
    selected = np.zeros((2, 3, 3), bool)
    selected[1, 2, 0] = True
    assert varying(selected).tolist() == [False, False, True]
