"""The transformer that judges parentheses, its strings, and its training that can be interrupted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scrutable.bench.parens import _training
from scrutable.bench.parens._ladder import CLAIMS, SITES, claim
from scrutable.bench.parens._network import LENGTH
from scrutable.bench.parens._strings import balanced, heights, strings
from scrutable.bench.parens._training import network, share_right, train
from scrutable.work import generator


def is_balanced(row: np.ndarray) -> bool:
    """By taking pairs away until none is left."""
    text = "".join(")("[bit] for bit in row)
    while "()" in text:
        text = text.replace("()", "")
    return not text


def test_labels_are_those_of_taking_pairs_away():
    x = strings(600, generator(0, "labels"))
    assert (balanced(x) == [is_balanced(row) for row in x]).all()
    assert 1 / 3 < balanced(x).mean() < 0.5
    assert (heights(x)[:, -1] == 2 * x.sum(axis=1) - LENGTH).all()


def test_the_network_is_right_on_fresh_strings():
    assert share_right(network(), 2000) > 0.99


def test_its_heads_are_sites_and_claims_name_them():
    graph = network().captured.graph
    assert {site.partition("[")[0] for site in SITES.values()} <= set(graph.names)
    for name in CLAIMS:
        root = claim(name, {"1.0": "count", "2.1": "horizon"})
        deeper = {"2": ("count",), "3": ("horizon",), "a": ("count", "horizon")}.get(name[0], ())
        assert [part.name for part in root.parents if part.parents] == list(deeper)


@pytest.mark.slow
def test_training_goes_on_where_it_was_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Interrupted at the fourth step, it is at its end what it is without."""
    monkeypatch.setattr(_training, "KEEP_EVERY", 2)
    monkeypatch.setattr(_training, "STEPS", 6)
    whole, _ = train(1e9, tmp_path / "whole")
    calls: list[int] = []

    def interrupted(n: int, rng: np.random.Generator) -> np.ndarray:
        calls.append(n)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return strings(n, rng)

    monkeypatch.setattr(_training, "strings", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(1e9, tmp_path / "part")
    again, steps = train(1e9, tmp_path / "part")
    assert steps == 6 and len(calls) == 8
    pairs = zip(whole.parameters(), again.parameters(), strict=True)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in pairs)
