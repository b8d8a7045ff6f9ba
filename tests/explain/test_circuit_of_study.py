"""What a study says of the connections of the network: measured where it can be, and else why not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from scrutable import examples
from scrutable.circuits import Contexts, _examination, _find, _subject, wire
from scrutable.compile import Options
from scrutable.compile import compile as compiled
from scrutable.explain import Study, verify
from scrutable.explain._circuit import circuit_of
from scrutable.explain._run import Run, prepare_data
from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Network
from scrutable.program import read_program
from scrutable.work import Clock, Journal, executor

COUNTS = """
def counts(x: list[int]):
    same = select(x, x, "==")
    return widths(same)
"""
PLACES = {"same": "blocks.0.attention.softmax[0, t+1, :]"}


def run_on(network: Network, *, seconds: float = 30.0, reserved: float = 0.0) -> Run:
    journal = Journal(None, "test")
    data, clock = prepare_data(network, None, None, 0), Clock(seconds)
    return Run(network, data, clock, 0, journal, executor(1), lambda _: None, reserved=reserved)


def placed(text: str, sites: dict[str, str]) -> Hypothesis:
    return Hypothesis(read_program(text), Alignment(sites))


@pytest.fixture(scope="module")
def counting() -> Network:
    return compiled(read_program(COUNTS), "Tokens(3, length=4)", Options(dead_heads=1)).network


def test_the_places_of_a_planted_program_do_the_work_and_those_of_a_dead_head_do_not(counting: Network) -> None:
    run = run_on(counting)
    found = circuit_of(run, placed(COUNTS, PLACES))
    assert found.program is not None and found.found is None and found.reason == "" and "not asked" in found.unfound
    assert {score.ablation for score in found.program.scores} == {"zero", "resample"}
    assert all(score.value > 0.99 for score in found.program.scores)
    assert 0 < len(found.program.edges) < found.program.of
    assert [attempt.step for attempt in run.attempts] == ["circuit"]
    dead = circuit_of(run, placed(COUNTS, {"same": "blocks.0.attention.softmax[1, t+1, :]"}))
    assert dead.program is not None and all(score.value < 0.5 for score in dead.program.scores)


def test_the_smallest_circuit_is_beside_it_when_asked_for(counting: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_examination, "NULLS", 1)
    found = circuit_of(run_on(counting, seconds=60.0, reserved=20.0), placed(COUNTS, PLACES))
    assert found.program is not None and found.found is not None and found.unfound == ""
    assert {str(edge) for edge in found.found.kept} <= {str(edge) for edge in found.program.edges}
    monkeypatch.setattr(Contexts, "least_runs", lambda self, edges: 10**9)
    late = circuit_of(run_on(counting, seconds=3.0, reserved=1.0), placed(COUNTS, PLACES))
    assert late.found is None and "expected at least about" in late.unfound


def test_the_network_is_wired_up_once_for_both(counting: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    wired = []
    monkeypatch.setattr(_subject, "wire", lambda *given: wired.append(given) or wire(*given))
    monkeypatch.setattr(_find, "wire", lambda *given: wired.append(given) or wire(*given))
    monkeypatch.setattr(_examination, "NULLS", 0)
    found = circuit_of(run_on(counting, seconds=3.0, reserved=1.0), placed(COUNTS, PLACES))
    assert found.program is not None and found.found is not None and len(wired) == 1


@pytest.mark.parametrize(
    ("network", "sites", "why"),
    [
        (lambda: examples.load("binary_addition"), {"same": "hidden"}, "state from step to step"),
        (lambda: Network(lambda x: x, "Integers(0, 99)", "Integers(0, 99)"), {"same": "input"}, "edge graph"),
        (lambda: mixer(), {"same": "a"}, "chain of layers"),
    ],
    ids=["recurrent", "function", "neither stream nor chain"],
)
def test_where_no_circuit_applies_there_is_a_reason_and_no_number(network, sites: dict[str, str], why: str) -> None:
    run = run_on(network(), seconds=2.0, reserved=1.0)
    found = circuit_of(run, placed(COUNTS, sites))
    assert found.program is None and found.found is None and why in found.reason and run.attempts == []


def test_without_places_there_is_a_reason(counting: Network) -> None:
    assert "no variable" in circuit_of(run_on(counting), Hypothesis(read_program(COUNTS))).reason


def test_it_is_kept_with_the_study_and_its_time_is_part_of_the_budget(counting: Network, tmp_path) -> None:
    study = verify(counting, placed(COUNTS, PLACES), budget="4s", circuit=True, out=tmp_path / "study")
    assert study.circuit is not None and study.circuit.program is not None and study.run.budget_s == 4.0
    assert Study.load(tmp_path / "study") == study
    assert "faithful" in (tmp_path / "study" / "report.html").read_text()


def mixer() -> Network:
    """A network that multiplies two of its own values: no sum to read from, and no chain."""

    class Mixer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.a(x) * self.b(x)).sum(-1)

    return Network(Mixer(), "Reals(0, 1, channels=3)", "Reals()")
