"""Networks compiled from programs: the edges that the compiler made are those that are found, under either ablation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scrutable.circuits import edge_auc, find
from scrutable.compile import Options, compile  # noqa: A004
from scrutable.program import INT, Seq, read_program

REVERSE = """
def reverse(x):
    n = len(x)
    return pick_first(select(positions(x), [n - 1 - p for p in positions(x)], "=="), x, 9)
"""
FRACTION = """
def fraction(x):
    seen = select(positions(x), positions(x), "<=")
    return aggregate(seen, [t == 1 for t in x], 0.0)
"""


@pytest.mark.parametrize("text", [REVERSE, FRACTION], ids=["reverse", "fraction"])
@pytest.mark.parametrize(
    "options",
    [Options(), pytest.param(Options(rotate=True, dead_heads=1), marks=pytest.mark.slow)],
    ids=["plain", "rotated"],
)
@pytest.mark.parametrize("ablations", [("zero",), ("resample", "resample anywhere")], ids=["zero", "resample"])
def test_every_edge_comes_before_every_other(text: str, options: Options, ablations: tuple[str, ...]):
    network = compile(read_program(text, {"x": Seq(INT)}), "Tokens(2, length=4)", options)
    rng = np.random.default_rng(0)
    inputs = [torch.from_numpy(rng.integers(0, 2, (8, length))) for length in (4, 2)]
    found = find(network.module, inputs, ablations=ablations)
    made = {(e.source, e.target.replace("unembed", "output"), e.port) for e in network.circuit.edges}
    known = np.array([(e.source, e.target, e.port) in made for e in found.edges])
    assert known.sum() == len(made)
    assert edge_auc(found.scores, known) == 1
