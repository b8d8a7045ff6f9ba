"""Interchange in the layers of small networks: few inputs, values that are the output by another name, refitting."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from scrutable.hypothesis import Hypothesis
from scrutable.network import Category, Columns, Integers, Network
from scrutable.program import BOOL, INT, Const, Expr, Input, Let, Program, Var, call
from scrutable.verify import Case, Interchange, Sample
from scrutable.verify._clusters import split
from scrutable.verify._places import Pairs, Place, best_of, scored
from scrutable.verify._regression import Codes
from scrutable.work import Clock, generator

A, B = Var("a", INT), Var("b", INT)


def program(*lets: tuple[str, Expr]) -> Program:
    return Program("p", (Input("a", INT), Input("b", INT)), tuple(Let(*each) for each in lets), (lets[-1][0],))


def columns(hi: int) -> Columns:
    return Columns(("a", "b"), lo=0, hi=hi, integer=True)


def trial(network: Network, said: Program) -> Case:
    x = network.inputs.enumerate()[generator(0, "rows").permutation(network.inputs.size)]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    return Case(network, Hypothesis(said), find, test, 0, Clock(60))


class Total(nn.Module):
    """A layer that holds a + b (and a - b, which nothing reads), then the parity of the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.mix.weight.copy_(torch.tensor([[1.0, 1.0], [1.0, -1.0]]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.round(self.mix(x)[:, :1]) % 2


TOTAL = program(("total", A + B), ("output", Var("total", INT) % 2))


def total_network(hi: int) -> Network:
    return Network(Total(), inputs=columns(hi), outputs=Integers(0, 1))


def results(case: Case) -> dict:
    return {each.name: each for each in Interchange().apply(case)}


def test_a_small_domain_is_tested_with_every_pair_and_says_so() -> None:
    case = trial(total_network(7), TOTAL)
    find, test = (part.inputs.sum(1) for part in (case.find, case.test))
    got = results(case)["interchange"]
    assert got.passed and got.value == 1.0 and got.n == np.isin(test, find).sum() > 25
    assert "re-used pool" in got.method and 0.9 <= got.interval.low < 1.0


def test_a_wrong_reading_of_a_small_domain_still_fails() -> None:
    wrong = program(("total", A - B), ("output", call("mod", Var("total", INT) + 2 * B, Const(2, INT))))
    assert results(trial(total_network(7), wrong))["interchange"].status in ("fail", "unknown")


@pytest.mark.parametrize("hi", [1, 3])
def test_a_tiny_domain_is_unknown_and_never_a_crash(hi: int) -> None:
    assert results(trial(total_network(hi), TOTAL))["interchange"].status == "unknown"


def test_the_output_by_another_name_is_no_intermediate_value() -> None:
    class AtLeast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gap = nn.Linear(2, 1, bias=False)
            with torch.no_grad():
                self.gap.weight.copy_(torch.tensor([[1.0, -1.0]]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            right = (self.gap(x) >= 0).float()
            return torch.cat([1 - right, right], dim=1)

    network = Network(AtLeast(), inputs=columns(15), outputs=Category(2))
    flipped = program(("is_less", call("lt", A, B)), ("output", call("sub", Const(1, INT), Var("is_less", BOOL))))
    got = results(trial(network, flipped))["interchange"]
    assert got.status == "not applicable" and "output" in got.reason


def test_an_encoding_fitted_again_is_as_good_as_the_one_chosen() -> None:
    """More rows bring a large difference between class means that the network does not read."""
    rng = generator(0, "again")
    values = rng.integers(0, 2, size=600)
    activations = np.stack([values + 0.01 * rng.normal(size=600), 0.01 * rng.normal(size=600)], axis=1)
    activations[400:, 1] += 1000.0 * values[400:]
    own, others = activations[:200], activations[rng.permutation(200)]
    read = (others[:, 0] > 0.5).astype(int)
    none = np.zeros(200, int)
    pairs = Pairs(
        base=none,
        outputs=(own[:, 0] > 0.5).astype(int),
        steps=none,
        predicted=read,
        changed=read != (own[:, 0] > 0.5),
        own=own,
        others=others,
        codes=Codes(read[:, None].astype(float), np.zeros((200, 0)), none),
    )
    codes = Codes(values[:, None].astype(float), np.zeros((600, 0)), np.zeros(600, int))

    def run(_: Pairs, h: np.ndarray, said: np.ndarray) -> np.ndarray:
        return (h[:, 0] > 0.5).astype(int) == said

    place = Place("layer", np.eye(2), activations, codes, 400, pairs, pairs, run)
    found = best_of([place], rng, alone=True)
    assert found is not None
    assert scored(place, found.encoding, pairs, rng, alone=True).worst == 1.0


@pytest.mark.parametrize("seed", range(12))
def test_clusters_far_apart_are_found_whatever_the_seed(seed: int) -> None:
    rng = generator(seed, "clusters")
    true = rng.integers(0, 4, size=3000)
    centres = np.array([[0.0, 0.0], [1.0, 0.0], [8.0, 0.0], [8.0, 1.0]])
    found = split(centres[true] + 0.05 * rng.normal(size=(3000, 2)), np.zeros(3000, int), 4, rng)
    assert len({tuple(pair) for pair in zip(true.tolist(), found.tolist(), strict=True)}) == 4


class Bypassed(nn.Module):
    """A layer that holds a + b, of which a share is read; the rest of the sum comes from the inputs by another way."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.copy, self.share = nn.Linear(2, 1, bias=False), share
        with torch.no_grad():
            self.copy.weight.fill_(1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = torch.where(x.sum(1, keepdim=True) % 5 < 5 * self.share, self.copy(x), x.sum(1, keepdim=True))
        return torch.round(total) % 2


@pytest.mark.parametrize(("share", "status"), [(1.0, "pass"), (0.6, "fail"), (0.0, "fail")])
def test_a_site_that_is_not_needed_is_told(share: float, status: str) -> None:
    network = Network(Bypassed(share), inputs=columns(39), outputs=Integers(0, 1))
    got = results(trial(network, TOTAL))["necessity"]
    assert got.status == status and got.kind == "causal"
    assert got.value is not None and abs(got.value - share) < 0.12
    assert ("not needed" in got.reason) is (status == "fail")
    assert dict(got.details)["changes, unchanged"] == 0.0
