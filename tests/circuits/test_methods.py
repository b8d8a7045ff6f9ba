"""Methods find the edges of networks whose circuit is known; attributions are derivatives; spare parts are seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from known_circuits import LENGTH, TRUE, VOCABULARY, previous, reverse, share
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from scrutable.circuits import (
    Ablation,
    Acdc,
    Contexts,
    Edge,
    EdgeAttribution,
    HeadImportance,
    Method,
    SubnetworkProbing,
    completeness,
    edge_auc,
    faithfulness,
    find,
    minimality,
    trials,
    wire,
)
from scrutable.circuits._trial import distance
from scrutable.errors import UserError
from scrutable.work import Clock

X = torch.randint(0, VOCABULARY, (16, LENGTH), generator=torch.Generator().manual_seed(3))
FRESH = torch.randint(0, VOCABULARY, (40, LENGTH), generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("network", [reverse, previous, share])
@pytest.mark.parametrize("ablations", [("zero",), ("resample", "resample anywhere")])
def test_the_circuit_of_a_known_network_is_found_whole(network, ablations: tuple[Ablation, ...]):
    found = find(network(), X, ablations=ablations)
    known = np.array([edge in TRUE for edge in found.edges])
    assert edge_auc(found.scores, known) == 1
    assert set(found.inside) == set(TRUE)


@pytest.mark.parametrize("method", [Contexts(), Acdc(), EdgeAttribution(), SubnetworkProbing()])
def test_a_search_without_time_keeps_what_it_saw_and_says_so(method: Method):
    found = find(reverse(), X, method=method, clock=Clock(0))
    assert np.isfinite(found.scores).all() and found.keep.any()
    cheap = isinstance(method, EdgeAttribution)  # a gradient shows every edge
    assert len(found.missing) == 3 - cheap and ("resample" if cheap else "zero") in found.missing[0]
    assert not find(reverse(), X, ablations=("zero",), method=EdgeAttribution()).missing


@pytest.mark.parametrize(
    "method", [Acdc((0.001, 0.1)), EdgeAttribution(), EdgeAttribution(4), HeadImportance(), SubnetworkProbing(steps=25)]
)
@pytest.mark.parametrize("ablation", ["zero", "resample"])
def test_other_methods_do_better_than_chance_where_a_head_mixes_evenly(method: Method, ablation: Ablation):
    module = share()
    wiring = wire(module, X)
    scores = method.scores(trials(wiring, X, ablation, draws=1, seed=0), seed=0)
    inside, idle = Edge("heads.0.0", "output", "input"), Edge("heads.0.0", "mlp", "input")
    assert scores[wiring.edges.index(inside)] > scores[wiring.edges.index(idle)]
    assert all(weight.grad is None for weight in module.parameters())


@pytest.mark.parametrize("ablation", ["zero", "resample"])
def test_attributions_are_exact_where_the_network_is_linear(ablation: Ablation):
    """Of an edge into the output: what it carries less its replacement, in the direction of what all carry."""
    module = share()
    (trial,) = trials(wire(module, X), X, ablation, draws=1, seed=0)
    found = EdgeAttribution().scores([trial], seed=0)[trial.wiring.edges.index(Edge("heads.0.0", "output", "input"))]
    (source,) = {s.node.name for s in trial.wiring.sources if s.component == "heads.0.0"}
    with torch.no_grad():
        lost = module.unembed(module.heads[0].out(trial.known[source] - trial.replacement[source]))  # type: ignore[operator]
        none = torch.zeros(len(X), len(trial.wiring.edges), dtype=torch.bool)
        gone = trial.known["output"] - trial.patching.run(X, none, trial.replacement)["output"]
    assert found == pytest.approx(abs(float((lost * gone).flatten(1).sum(1).mean())) / trial.scale, rel=1e-4)


class _Spare(nn.Module):
    """Two units that know the same, of which the output needs either: or."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(2, 3), nn.Linear(3, 1), nn.Linear(1, 1)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[4.0, 0], [4, 0], [0, 1]]))
            self.first.bias.zero_()
            self.second.weight.copy_(torch.tensor([[-4.0, -4, 0]]))
            self.second.bias.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.second(self.first(x).relu()).relu())


def test_a_spare_part_is_seen_in_context_and_by_no_single_edge():
    x = torch.randint(0, 2, (16, 2), generator=torch.Generator().manual_seed(0)).float()
    wiring = wire(_Spare(), x)
    made = trials(wiring, x, "zero", draws=1, seed=0)
    spare = [wiring.edges.index(Edge(f"layer 1.{unit}", "layer 2.0", "input")) for unit in (0, 1)]
    idle = wiring.edges.index(Edge("layer 1.2", "layer 2.0", "input"))
    assert EdgeAttribution().scores(made, seed=0)[spare] == pytest.approx([0, 0])
    scores = Contexts().scores(made, seed=0)
    assert scores[spare].min() > 0.1
    assert scores[idle] == 0


class _Threefold(nn.Module):
    """Three units that know the same, of which the output needs any: none is missed while another one is there."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(2, 4), nn.Linear(4, 1), nn.Linear(1, 1)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[4.0, 0], [4, 0], [4, 0], [0, 1]]))
            self.first.bias.zero_()
            self.second.weight.copy_(torch.tensor([[-4.0, -4, -4, 0]]))
            self.second.bias.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.second(self.first(x).relu()).relu())


def test_spare_parts_are_seen_where_all_other_spares_are_missing():
    x = torch.randint(0, 2, (16, 2), generator=torch.Generator().manual_seed(0)).float()
    wiring = wire(_Threefold(), x)
    scores = Contexts().scores(trials(wiring, x, "zero", draws=1, seed=0), seed=0)
    known = np.array([edge.source != "input.1" and edge.target != "layer 1.3" for edge in wiring.edges])
    known &= np.array([edge.source != "layer 1.3" for edge in wiring.edges])
    assert scores[known].min() > 0.9 and scores[~known].max() < 0.1


@pytest.mark.parametrize("method", [Contexts(), Acdc((0.001, 0.1)), SubnetworkProbing(steps=25)])
def test_divergence_of_answers_finds_the_circuit_and_is_blind_to_what_no_answer_depends_on(method: Method):
    wiring = wire(reverse(), X)
    made = trials(wiring, X, "zero", draws=1, seed=0, metric="KL")
    known = np.array([edge in TRUE for edge in wiring.edges])
    assert edge_auc(method.scores(made, seed=0), known) > 0.9


@given(st.integers(0, 2**30))
def test_divergence_is_that_of_probabilities(seed: int):
    generator = torch.Generator().manual_seed(seed)
    found, own = torch.randn(2, 3, 4, 5, generator=generator).double()
    got = distance(found, own + 7.0, "KL")  # scores are the same but for what is added to all
    other, mine = (torch.distributions.Categorical(logits=scores) for scores in (found, own))
    expected = torch.distributions.kl_divergence(mine, other).sum(1)
    torch.testing.assert_close(got, expected)
    assert (got >= 0).all() and (distance(own, own, "KL") == 0).all()


@pytest.mark.parametrize("ablation", ["zero", "resample", "resample anywhere"])
def test_a_circuit_is_faithful_complete_and_minimal_and_half_of_it_is_not(ablation: Ablation):
    wiring = wire(reverse(), FRESH)
    made = trials(wiring, FRESH, ablation, draws=1, seed=1)
    whole = np.array([edge in TRUE for edge in wiring.edges])
    half = whole & np.array([edge.port != "query" for edge in wiring.edges])
    wide = whole | np.array([edge.target == "mlp" for edge in wiring.edges])
    assert faithfulness(made, whole, seed=0).value == pytest.approx(1)
    assert completeness(made, whole, seed=0).value == pytest.approx(0, abs=1e-6)
    assert minimality(made, wide, seed=0).value == pytest.approx(0)
    if ablation != "resample":  # where positions are the same on every input
        found = faithfulness(made, half, seed=0)
        assert found.interval is not None and found.interval.high < 0.9
        assert minimality(made, whole, seed=0).value > 0.1


def test_the_area_under_the_curve_is_the_known_one():
    rng = np.random.default_rng(0)
    for _ in range(20):
        known, scores = rng.random(30) < 0.4, rng.integers(0, 6, 30) / 5
        assert edge_auc(scores, known) == pytest.approx(roc_auc_score(known, scores))


def test_answers_are_the_same_for_the_same_seed():
    first, second = (find(reverse(), X, ablations=("resample anywhere",), seed=3) for _ in range(2))
    assert np.array_equal(first.scores, second.scores)


def test_an_unknown_ablation_is_refused():
    with pytest.raises(UserError, match="expected some of zero"):
        find(reverse(), X, ablations=("nought",))  # type: ignore[arg-type]
