"""Replaced edges carry what they should, and nothing else changes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from known_circuits import LENGTH, VOCABULARY, Written, patched, reverse, share
from test_wiring import Encoder
from torch import nn

from scrutable.circuits import Edge, wire
from scrutable.circuits._trial import Trial, all_but_one, trials
from scrutable.network.engine import ABLATIONS, Ablation, ablated

X = torch.randint(0, VOCABULARY, (7, LENGTH), generator=torch.Generator().manual_seed(3))


@cache
def trial(kind: str, ablation: Ablation) -> tuple[nn.Module, Trial]:
    torch.manual_seed(0)
    modules = {
        "share": share,
        "encoder": lambda: Encoder(norm_first=True),
        "norm last": lambda: Encoder(norm_first=False),
        "time first": lambda: Encoder(norm_first=True, time_first=True),
        "layers": lambda: nn.Sequential(nn.Linear(LENGTH, 6), nn.Tanh(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)),
    }
    module = modules[kind]().eval()
    x = X.float() if kind == "layers" else X
    return module, trials(wire(module, x), x, ablation, draws=1, seed=0)[0]


KINDS = ["share", "encoder", "norm last", "time first", "layers"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_kept_is_the_network_and_all_resampled_the_partner(kind: str):
    module, found = trial(kind, "resample")
    keep = torch.ones(len(X), len(found.wiring.edges), dtype=torch.bool)
    with torch.no_grad():
        whole, none = (found.patching.run(found.x, k, found.replacement)["output"] for k in (keep, ~keep))
        torch.testing.assert_close(whole, module(found.x), rtol=0, atol=1e-6)
    partner = [
        int((found.known["output"] == row).flatten(1).all(1).nonzero()[0]) for row in found.replacement["output"]
    ]
    torch.testing.assert_close(none, module(found.x[partner]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ablation", ["zero", "resample anywhere"])
def test_what_comes_before_is_not_run_again_and_gradients_see_the_same(kind: str, ablation: str):
    _, found = trial(kind, ablation)
    rng = np.random.default_rng(0)
    for share_kept in (0.3, 0.9):
        keep = torch.from_numpy(rng.random((len(X), len(found.wiring.edges))) < share_kept)
        with torch.no_grad():
            plain = found.patching.run(found.x, keep, found.replacement)["output"]
            short = found.patching.run(found.x, keep, found.replacement, known=found.known)["output"]
        soft = found.patching.run(found.x, keep.float().requires_grad_(), found.replacement)["output"]
        torch.testing.assert_close(short, plain, rtol=0, atol=1e-6)
        torch.testing.assert_close(soft.detach(), plain, rtol=0, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**30), st.sampled_from(["zero", "mean", "resample", "resample anywhere"]))
def test_edges_are_replaced_as_by_hand(seed: int, ablation: str):
    """Any set of edges, head by head."""
    module, found = trial("share", ablation)
    assert isinstance(module, Written)
    wiring, rng = found.wiring, np.random.default_rng(seed)
    keep = rng.random(len(wiring.edges)) < rng.random()
    node = {source.component: source.node.name for source in wiring.sources}
    with torch.no_grad():
        written = {name: found.replacement[at] for name, at in node.items()}
        for number in (0, 1):
            written[f"heads.{number}.0"] = module.heads[number].out(written[f"heads.{number}.0"])  # type: ignore[operator]
        replaced = {e: written[e.source] for e, kept in zip(wiring.edges, keep, strict=True) if not kept}
        expected = patched(module, found.x, replaced)
        rows = torch.from_numpy(keep).expand(len(X), -1)
        got = found.patching.run(found.x, rows, found.replacement, known=found.known)["output"]
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)


def test_replacements_are_what_they_are_called():
    _, found = trial("encoder", "zero")
    rng = np.random.default_rng(1)
    assert all((value == 0).all() for value in ablated("zero", found.known, rng).values())
    for name, value in ablated("mean", found.known, rng).items():
        torch.testing.assert_close(value[3], found.known[name].mean(0))
    drawn = ablated("resample", found.known, rng)
    node = {source.component: source.node.name for source in found.wiring.sources}
    embed, place = node["embed"], node["place"]
    order = [int((found.known[embed] == row).flatten(1).all(1).nonzero()[0]) for row in drawn[embed]]
    assert sorted(order) == list(range(len(X)))
    assert all(partner != row for row, partner in enumerate(order))
    moved = ablated("resample anywhere", found.known, rng)
    places = {tuple(entry) for entry in found.known[place][0].tolist()}
    assert {tuple(entry) for row in moved[place].tolist() for entry in row} == places
    # the token is taken from the same place as the position, on the partner
    for row in range(len(X)):
        at = [found.known[place][0].tolist().index(entry) for entry in moved[place][row].tolist()]
        assert any(torch.equal(found.known[embed][other, at], moved[embed][row]) for other in range(len(X)))


@pytest.mark.parametrize("ablation", list(ABLATIONS))
def test_damage_is_none_where_nothing_is_read_and_whole_where_all_is_replaced(ablation: str):
    wiring = wire(reverse(), X)
    (found, *_) = trials(wiring, X, ablation, draws=1, seed=1)
    damage = found.damage(all_but_one(wiring)).mean(1)
    for edge, value in zip(wiring.edges, damage, strict=True):
        if edge.target in ("heads.1.0", "mlp") or (edge.target, edge.source) == ("output", "token"):
            assert value == 0, str(edge)
    assert damage[wiring.edges.index(Edge("heads.0.0", "output", "input"))] > 0.2
    assert found.damage(np.zeros((1, len(wiring.edges)), dtype=bool)).mean() == pytest.approx(1)
