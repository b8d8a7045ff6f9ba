"""Causal scrubbing of programs whose variables live at sites: what is read from the program, and the test."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_sums import data, network
from torch import Tensor, nn

from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Network
from scrutable.program import INT, Expr, Input, Let, Program, Var, call
from scrutable.verify import Case, Part, Sample, Scrubbing, verify_all
from scrutable.verify.scrubbing._reading import interpretation
from scrutable.work import Clock

A, B, C, D, E = (Var(name, INT) for name in "abcde")
U, V, W = (Var(name, INT) for name in "uvw")


def program(*lets: tuple[str, Expr]) -> Program:
    inputs = tuple(Input(name, INT) for name in "abcde")
    return Program("p", inputs, tuple(Let(*each) for each in lets), (lets[-1][0],))


SUMS = program(("u", A + B), ("v", C + D), ("output", call("mod", U + V, 3)))
SWAPPED = program(("u", A + C), ("v", B + D), ("output", call("mod", U + V, 3)))
PARTLY = program(("u", A + B), ("output", call("mod", U + C + D, 3)))
CHAIN = program(("u", A + B), ("w", call("mod", U, 3)), ("output", call("mod", W + C + D, 3)))


def case(said: Program, align: dict[str, str], net: Network | None = None, n: int = 800) -> Case:
    net = net or network("remainder")
    x = data(n)
    find, test = (Sample(part, net.predict(part)) for part in (x[::2], x[1::2]))
    return Case(net, Hypothesis(said, Alignment(align)), find, test, 0, Clock(600))


def said(root: Part) -> object:
    """An interpretation as nested tuples of names and sites."""
    return (root.name, root.site, *map(said, root.parents))


def read(program: Program, align: dict[str, str]) -> object:
    return said(interpretation(Hypothesis(program, Alignment(align)), network("remainder").captured.graph))


def test_variables_are_read_off_the_program():
    assert read(SUMS, {"u": "left[0]", "v": "right"}) == (
        "output",
        "output",
        ("u", "left[0]"),
        ("v", "right"),
    )
    assert read(PARTLY, {"u": "left[0]"}) == ("output", "output", ("c, d", "input"), ("u", "left[0]"))
    assert read(CHAIN, {"u": "left[0]", "w": "total[0]"}) == (
        "output",
        "output",
        ("c, d", "input"),
        ("w", "total[0]", ("u", "left[0]")),
    )


def test_what_lives_at_one_site_goes_together():
    assert read(SUMS, {"u": "left", "v": "left"}) == ("output", "output", ("u, v", "left"))


def test_what_everything_must_pass_carries_what_else_is_needed():
    """All of the answer passes the last value, so that it must carry more than one of two sums."""
    assert read(SUMS, {"u": "left[0]", "v": "last"}) == (
        "output",
        "output",
        ("u, v", "last", ("c, d", "input"), ("u", "left[0]")),
    )


@pytest.mark.parametrize(
    ("said", "align"),
    [
        (SUMS, {"u": "left[0]", "v": "right[0]"}),
        (SUMS, {"u": "left", "v": "right"}),
        (PARTLY, {"u": "left[0]"}),
        (CHAIN, {"u": "left[0]", "w": "total[0]"}),
    ],
)
def test_a_program_with_the_right_sites_passes(said: Program, align: dict[str, str]):
    (result,) = Scrubbing().apply(case(said, align))
    assert result.passed, result.reason
    assert result.value == 1.0 and result.interval is not None


@pytest.mark.parametrize(
    ("said", "align"),
    [
        (SWAPPED, {"u": "left[0]", "v": "right[0]"}),
        (SUMS, {"u": "right[0]", "v": "left[0]"}),
        (SUMS, {"u": "left[1]", "v": "right[0]"}),
        (SUMS, {"u": "idle", "v": "right[0]"}),
        (CHAIN, {"u": "total[0]", "w": "left[0]"}),
    ],
)
def test_wrong_programs_and_wrong_sites_fail(said: Program, align: dict[str, str]):
    assert Scrubbing().apply(case(said, align))[0].status == "fail"


def test_it_does_not_apply_without_sites_values_to_share_or_inputs():
    assert Scrubbing().apply(case(SUMS, {}))[0].status == "not applicable"
    unlike = program(("u", call("mul", A + 5 * B + 25 * C, 125) + D + 5 * E), ("output", call("mod", U, 3)))
    assert Scrubbing().apply(case(unlike, {"u": "left[0]"}, n=80))[0].status == "not applicable"
    assert "kept back" in Scrubbing().apply(case(SUMS, {"u": "left[0]"}, n=20))[0].reason


def test_it_is_one_of_the_tests():
    evidence = verify_all(case(SUMS, {"u": "left[0]", "v": "right[0]"}), (Scrubbing(),))
    assert evidence["scrubbing"].passed
    assert np.isclose(dict(evidence["scrubbing"].details)["loss when scrubbed"], 0.0)


class Mixed(nn.Module):
    """Holds a + b and c + d in one place, along directions that are not orthogonal, and adds e beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(5, 3, bias=False)
        held = torch.tensor([[1.0, 1, 0, 0, 0], [0, 0, 1, 1, 0]])
        along = torch.tensor([[1.0, 0.9, 0.2], [0.0, 1.0, 0.7]])
        self.mixed.weight.data = along.T @ held
        self.reads = torch.linalg.pinv(along).sum(1)

    def forward(self, x: Tensor) -> Tensor:
        return ((self.mixed(x.float()) @ self.reads).round() + x[:, 4]).remainder(3)


def mixed(said: Program) -> Case:
    planted = network("remainder")
    return case(said, {"u": "mixed"}, Network(Mixed(), inputs=planted.inputs, outputs=planted.outputs))


def test_a_place_that_holds_more_is_exchanged_where_it_holds_the_variable():
    (result,) = Scrubbing().apply(mixed(program(("u", A + B), ("output", call("mod", U + C + D + E, 3)))))
    assert result.passed and "within" in result.reason and "mixed" in result.reason, result.reason
    assert dict(result.details)["dimensions of the subspaces"] == (("mixed", 1),)


@pytest.mark.parametrize("wrong", [A + C, A + D, B + C, A, D])
def test_another_variable_has_no_part_of_the_place(wrong: Expr):
    rest = call("mod", A + B + C + D + E, 3)
    said = program(("u", wrong), ("output", call("mod", U + rest + 2 * wrong, 3)))
    assert Scrubbing().apply(mixed(said))[0].status == "fail"
