"""A circuit is judged on inputs that it was not found on; the places of a program's variables induce one as well."""

from __future__ import annotations

import pytest
import torch
from known_circuits import LENGTH, TRUE, VOCABULARY, reverse
from torch import nn

from scrutable.circuits import (
    Contexts,
    Places,
    Subject,
    _examination,
    _judging,
    components_at,
    examine,
    induced,
    judge_program,
    wire,
)
from scrutable.compile import Options
from scrutable.compile import compile as compiled
from scrutable.errors import UserError
from scrutable.network import Network, Site
from scrutable.program import read_program
from scrutable.work import Clock

X = torch.randint(0, VOCABULARY, (7, LENGTH), generator=torch.Generator().manual_seed(3))

COUNTS = "def counts(tokens: list[int]):\n    return widths(select(tokens, tokens, '=='))"


def network() -> Network:
    return Network(reverse(), f"Tokens({VOCABULARY}, length={LENGTH})", f"Category({VOCABULARY}, length={LENGTH})")


def subject() -> Subject:
    return Subject.of(network())


def test_a_planted_circuit_is_borne_out_and_is_what_the_programs_variable_induces(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_examination, "NULLS", 2)
    found = examine(subject(), ablations=("zero",), places=Places.alone({"moved": Site("heads.0")}), clock=Clock(300))
    true = {str(edge) for edge in TRUE}
    assert {str(edge) for edge in found.kept} == true
    assert {str(edge) for edge in found.edges if edge.induced} >= true
    values = {(score.name, score.ablation): score.value for score in found.scores}
    assert values["faithfulness", "zero"] == pytest.approx(1) == values["faithfulness", "resample"]
    assert values["completeness", "zero"] == pytest.approx(0, abs=1e-6) and values["minimality", "zero"] > 0.1
    assert found.program is not None and [score.value for score in found.program.scores] == pytest.approx([1, 1])
    assert [claim.holds for claim in found.claims] == [True] * 8
    assert found.control is not None and len(found.control.chance) == 2 and not found.missing
    assert found.find == 16 and found.test == 64 and all(score.n == 64 for score in found.scores)


def test_the_wrong_place_induces_a_circuit_that_does_not_do_it():
    found = judge_program(subject(), Places.alone({"moved": Site("heads.1")}), clock=Clock(300))
    assert all(score.value < 0.7 for score in found.scores) and len(found.scores) == 2


def test_what_there_was_no_time_for_is_said_and_not_made_up():
    found = examine(subject(), method="eap", places=Places.alone({"moved": Site("heads.0")}), clock=Clock(0))
    assert found.kept and found.scores == () == found.claims and found.control is None
    assert found.program is not None and len(found.program.scores) == 2 and found.program.claims == ()
    missing = (*found.missing, *found.program.missing)
    assert len(missing) == 25 and all(reason.endswith("time ran out") for reason in missing)


def test_a_place_belongs_to_the_components_that_it_shows():
    wiring = wire(reverse(), X)
    assert components_at(wiring, Site("heads.0")) == {"heads.0.0"}
    assert components_at(wiring, Site("mlp.0")) == {"mlp"} == components_at(wiring, Site("mlp"))
    assert components_at(wiring, Site("token")) == {"token"}
    layers = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    wiring = wire(layers, torch.randn(5, 4))
    assert components_at(wiring, Site.parse("0[1:3]")) == {"layer 1.1", "layer 1.2"}
    assert components_at(wiring, Site.parse("1[4]")) == {"layer 1.4"}
    kept = induced(wiring, Places.alone({"unit": Site.parse("1[4]")}))
    edges = [edge for edge, inside in zip(wiring.edges, kept, strict=True) if inside]
    assert {edge.target for edge in edges} == {"layer 1.4", "output"} and len(edges) == 5


def test_a_circuit_follows_what_the_program_reads():
    """Of two units that it names, the first is computed from the input and the second from the first alone; the output
    from the second, or from both. Units in between pass on what they are given."""
    wiring = wire(
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)), torch.randn(5, 2)
    )
    sites = {"a": Site.parse("1[0]"), "b": Site.parse("3[2]")}

    def edges(text: str) -> set[str]:
        kept = induced(wiring, Places.of(read_program(text), sites))
        return {str(edge) for edge, inside in zip(wiring.edges, kept, strict=True) if inside}

    into_a = {"input.0 -> layer 1.0", "input.1 -> layer 1.0"}
    chain = "def f(x: int, y: int):\n    a = x + y\n    b = a * 3\n    return "
    last = {"layer 1.0 -> layer 2.2", "layer 2.2 -> output"}
    assert edges(chain + "b + 1") == into_a | last
    around = {f"layer 1.0 -> layer 2.{at}" for at in (0, 1)} | {f"layer 2.{at} -> output" for at in (0, 1)}
    assert edges(chain + "b + a") == into_a | last | around
    assert len(edges(chain + "b + x")) == 14 and "layer 1.1 -> layer 2.2" not in edges(chain + "b + x")


def test_one_head_of_several_in_one_tensor_is_told_apart():
    made = compiled(read_program(COUNTS), "Tokens(3, length=4)", Options(dead_heads=1))
    wiring = wire(made.module, torch.randint(0, 3, (6, 4)))
    for head in (0, 1):
        for name in ("softmax", "bmm#2"):
            site = Site.parse(f"blocks.0.attention.{name}[{head}, t+1, :]")
            assert components_at(wiring, site) == {f"blocks.0.attention.{head}"}


def test_a_measure_that_would_take_too_long_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(_judging.RUNS, "sufficiency", lambda kept, components: 10**9)
    found = judge_program(subject(), Places.alone({"moved": Site("heads.0")}), clock=Clock(300))
    assert not any(claim.name == "sufficient" for claim in found.claims) and len(found.claims) == 6
    assert len(found.missing) == 2 and all(
        "sufficiency" in reason and "it would take" in reason for reason in found.missing
    )


def test_a_budget_in_which_not_every_edge_can_be_scored_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Contexts, "least_runs", lambda self, edges: 10**9)
    with pytest.raises(UserError, match="got 5 s to find the circuit in, expected at least about"):
        examine(subject(), clock=Clock(5))


def test_mistakes_are_said():
    with pytest.raises(UserError, match="got the method 'magic'"):
        examine(subject(), method="magic", clock=Clock(1))
    with pytest.raises(UserError, match="expected at least 6"):
        Subject.of(network(), X[:5].numpy())
    with pytest.raises(UserError, match="without an edge graph"):
        Subject.of(Network(lambda x: x, "Reals(0, 1, length=3)", "Reals(0, 1, length=3)"))
