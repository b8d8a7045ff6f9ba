"""A circuit is judged on inputs that it was not found on; the places of a program's variables induce one as well."""

from __future__ import annotations

import pytest
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, reverse
from torch import nn

from scrutable.circuits import _examination, components_at, examine, induced, wire
from scrutable.errors import UserError
from scrutable.network import Network, Site
from scrutable.work import Clock

X = torch.randint(0, VOCABULARY, (7, LENGTH), generator=torch.Generator().manual_seed(3))


def network() -> Network:
    return Network(reverse(), f"Tokens({VOCABULARY}, length={LENGTH})", f"Category({VOCABULARY}, length={LENGTH})")


def test_a_planted_circuit_is_borne_out_and_is_what_the_programs_variable_induces(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_examination, "NULLS", 2)
    found = examine(network(), ablations=("zero",), sites={"moved": "heads.0"}, clock=Clock(300))
    true = {str(edge) for edge in TRUE}
    assert {str(edge) for edge in found.kept} == true
    assert {str(edge) for edge in found.edges if edge.induced} >= true
    values = {(score.name, score.ablation): score.value for score in found.scores}
    assert values["faithfulness", "zero"] == pytest.approx(1) == values["faithfulness", "resample"]
    assert values["completeness", "zero"] == pytest.approx(0, abs=1e-6) and values["minimality", "zero"] > 0.1
    assert [score.value for score in found.induced] == pytest.approx([1, 1])
    assert [claim.holds for claim in found.claims] == [True] * 8
    assert found.control is not None and len(found.control.chance) == 2 and not found.missing
    assert found.find == 16 and found.test == 64 and all(score.n == 64 for score in found.scores)


def test_the_wrong_place_induces_a_circuit_that_does_not_do_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_examination, "NULLS", 1)
    found = examine(network(), method="eap", ablations=("zero",), sites={"moved": "heads.1"}, clock=Clock(300))
    assert all(score.value < 0.7 for score in found.induced) and len(found.induced) == 2


def test_what_there_was_no_time_for_is_said_and_not_made_up():
    found = examine(network(), method="eap", sites={"moved": "heads.0"}, clock=Clock(0))
    assert found.kept and found.scores == () == found.induced and found.control is None
    assert len(found.missing) == 20 and all(reason.endswith("time ran out") for reason in found.missing)


def test_a_place_belongs_to_the_components_that_it_shows():
    wiring = wire(reverse(), X)
    assert components_at(wiring, Site("heads.0")) == {"heads.0.0"}
    assert components_at(wiring, Site("mlp.0")) == {"mlp"} == components_at(wiring, Site("mlp"))
    assert components_at(wiring, Site("token")) == {"token"}
    layers = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    wiring = wire(layers, torch.randn(5, 4))
    assert components_at(wiring, Site.parse("0[1:3]")) == {"layer 1.1", "layer 1.2"}
    assert components_at(wiring, Site.parse("1[4]")) == {"layer 1.4"}
    edges = [edge for edge, kept in zip(wiring.edges, induced(wiring, [Site.parse("1[4]")]), strict=True) if kept]
    assert {edge.target for edge in edges} == {"layer 1.4", "output"} and len(edges) == 5


def test_mistakes_are_said():
    with pytest.raises(UserError, match="got the method 'magic'"):
        examine(network(), method="magic", clock=Clock(1))
    with pytest.raises(UserError, match="expected at least 6"):
        examine(network(), X[:5].numpy(), clock=Clock(1))
    with pytest.raises(UserError, match="without an edge graph"):
        examine(Network(lambda x: x, "Reals(0, 1, length=3)", "Reals(0, 1, length=3)"), clock=Clock(1))
