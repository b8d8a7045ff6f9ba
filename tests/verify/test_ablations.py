"""Ablations do what their kind says, and say what they did."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from planted_sums import data, network

from scrutable.errors import UserError
from scrutable.network.engine import ABLATIONS, ablated
from scrutable.verify import ablate
from scrutable.work import generator


@given(st.integers(2, 30), st.integers(0, 1000))
def test_every_row_gets_another_ones_value(n: int, seed: int):
    natural = torch.arange(n).double()[:, None]
    got = ablated("resample", {"site": natural}, generator(seed, "rows"))["site"]
    assert (got != natural).all() and sorted(got[:, 0].tolist()) == list(range(n))


def test_zero_and_mean_are_what_they_say():
    natural = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert (ablated("zero", {"site": natural}, generator(0, "z"))["site"] == 0).all()
    assert (ablated("mean", {"site": natural}, generator(0, "m"))["site"] == torch.tensor([2.0, 4.0])).all()


@pytest.mark.parametrize("kind", ABLATIONS)
def test_a_site_that_matters_changes_answers_and_one_that_does_not_changes_none(kind):
    x = data()
    got, idle = (ablate(network("remainder"), site, x, kind=kind) for site in ("left", "idle"))
    assert got.changed > 0.3 and got.interval.low < got.changed < got.interval.high and got.n == len(x)
    assert idle.changed == 0.0
    assert str(got).startswith(f"{kind} ablation of left")


def test_values_that_never_occur_are_told_from_those_that_do():
    """Sums of inputs from 20 to 23 are never zero; what another input gives is natural."""
    x = data()
    net = network("remainder")
    assert ablate(net, "left", x, kind="resample").unlike < 0.1
    shifted = x + 20
    assert ablate(net, "left", shifted, kind="zero").unlike == 1.0


def test_mistakes_are_said():
    with pytest.raises(UserError, match="expected one of zero, mean, resample, resample anywhere"):
        ablate(network("remainder"), "left", data(), kind="noise")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="at least 2"):
        ablate(network("remainder"), "left", data()[:1], kind="resample")
    assert np.isfinite(ablate(network("remainder"), "left[0]", data(), kind="mean").changed)
