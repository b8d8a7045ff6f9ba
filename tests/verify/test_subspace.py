"""Distributed alignment search finds a planted direction, and nothing where there is nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Category, Columns, Network
from scrutable.program import INT, Expr, Input, Let, Program, Var, call
from scrutable.verify import Case, Interchange, Sample, Subspace, find_subspace
from scrutable.work import Clock, generator

WIDTH = 4
MIX = np.linalg.qr(generator(0, "mix").normal(size=(WIDTH, WIDTH)))[0]
"""Orthonormal; the first direction carries a + b, the second c + d, the others what nothing reads."""
A, B, C, D, U = (Var(name, INT) for name in "abcdu")


class Mixed(nn.Module):
    """Two sums, turned together with other combinations of the inputs; the answer is which is larger."""

    def __init__(self) -> None:
        super().__init__()
        parts = np.concatenate([[[1.0, 1, 0, 0], [0, 0, 1, 1]], generator(1, "rest").normal(size=(WIDTH - 2, 4))])
        self.held, self.scores = nn.Linear(4, WIDTH, bias=False), nn.Linear(WIDTH, 2)
        with torch.no_grad():
            self.held.weight.copy_(torch.tensor(MIX @ parts))
            self.scores.weight.copy_(torch.tensor(np.outer([4.0, -4.0], MIX[:, 0] - MIX[:, 1])))
            self.scores.bias.copy_(torch.tensor([4.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(self.held(x))


def program(value: Expr) -> Program:
    """Whether the first sum is smaller, by way of a variable u."""
    answer = call("if", call("lt", U, call("sub", A + B + C + D, value)), 1, 0)
    return Program(
        "p", tuple(Input(name, INT) for name in "abcd"), (Let("u", value), Let("output", answer)), ("output",)
    )


SUM, OTHER = program(A + B), program(A + C)


@cache
def network() -> Network:
    return Network(Mixed(), inputs=Columns(("a", "b", "c", "d"), lo=0, hi=5, integer=True), outputs=Category(2))


def case(said: Program, net: Network | None = None, align: dict[str, str] | None = None) -> Case:
    net = net or network()
    x = generator(0, "rows").integers(0, 5, size=(1000, 4), endpoint=True)
    find, test = (Sample(part, net.predict(part)) for part in (x[::2], x[1::2]))
    return Case(net, Hypothesis(said, Alignment(align or {})), find, test, 0, Clock(600))


@cache
def found(dimensions: int | None) -> Subspace:
    return find_subspace(case(SUM), "u", "held", dimensions=dimensions, steps=100, decoys=0)


def test_the_planted_direction_is_found():
    got = found(1)
    (direction,) = got.site.directions
    assert abs(np.dot(direction, MIX[:, 0])) > 0.97
    assert got.interval.low > 0.9 and got.n > 100 and got.dimension == 1


def test_how_many_directions_there_are_is_found_too():
    got = found(None)
    assert got.dimension <= 3 and got.interval.low > 0.9


def test_without_decoys_nothing_is_claimed():
    assert found(1).p is None and not found(1).passed and "no decoy" in found(1).reason


def test_a_site_found_can_be_tested_like_a_persons_own():
    results = {each.name: each for each in Interchange().apply(case(SUM, align={"u": str(found(1).site)}))}
    assert results["interchange"].passed and results["guard.decoy_variables"].passed


def test_a_variable_that_is_not_there_is_not_found():
    """Programs agree on nothing: the network compares other sums."""
    got = find_subspace(case(OTHER), "u", "held", dimensions=2, steps=60, decoys=0)
    assert got.interval.high < 0.9


@pytest.mark.slow
def test_decoys_are_searched_for_in_the_same_way():
    got = find_subspace(case(SUM), "u", "held", dimensions=1, steps=150)
    assert got.passed and got.p == 0.05 and len(got.nulls) == 19 and max(got.nulls) < 0.8


def test_the_network_is_left_as_it_was():
    net = Network(Mixed(), inputs=network().inputs, outputs=network().outputs)
    before = net.facts.sha256
    find_subspace(case(SUM, net), "u", "held", dimensions=1, steps=2, decoys=1)
    assert Network(net.captured.runner.call, inputs=net.inputs, outputs=net.outputs).facts.sha256 == before
    assert all(weight.grad is None for weight in net.captured.runner.call.parameters())


def test_the_same_seed_finds_the_same():
    one, two = (find_subspace(case(SUM), "u", "held", dimensions=2, steps=3, decoys=1) for _ in range(2))
    assert one == two


def test_mistakes_are_said():
    with pytest.raises(UserError, match="one of the program's"):
        find_subspace(case(SUM), "w", "held")
    with pytest.raises(UserError, match="expected 1 to 4"):
        find_subspace(case(SUM), "u", "held", dimensions=9)
