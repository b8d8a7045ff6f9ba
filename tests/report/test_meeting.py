"""Where program and circuit meet: sentences that say no more than was measured."""

from __future__ import annotations

from typing import Any

import studies
from examinations import circuit_facts, examination, program_circuit

from scrutable.circuits import Score
from scrutable.explain import Study
from scrutable.hypothesis import Interval
from scrutable.report import render
from scrutable.report._meeting import meeting


def words(**changes: Any) -> str:
    said = meeting(circuit_facts(**changes))
    return " ".join((*said.program, *said.found))


def scores(zero: float, resample: float) -> tuple[Score, ...]:
    values = (("zero", zero), ("resample", resample))
    return tuple(Score("faithfulness", k, v, Interval(v - 0.01, v + 0.01), 64, "a mean") for k, v in values)  # type: ignore[arg-type]


def test_both_circuits_are_counted_and_compared() -> None:
    text = words()
    assert "it needs 4 of the 5 connections" in text and "keeps 4 of the 5 connections" in text
    assert "3 of these 4 are among the program's 4" in text
    assert "1 is a connection that the network needs and the program says nothing of" in text
    fewer = examination(program=None, edges=examination().edges[:1])
    assert "All of these are among the program's 4; the network can spare the other 3" in words(found=fewer)


def test_each_faithfulness_has_its_ablation_and_decides_what_is_concluded() -> None:
    both = words(program=program_circuit(scores=scores(0.95, 0.93)))
    assert "0.950 [0.940, 0.960] with every other connection silenced (zero ablation)" in both
    assert "0.930 [0.920, 0.940] with every other connection carrying what it carries on another input" in both
    assert "are enough" in both and "not enough" not in both
    assert "depends on how the others are replaced" in words(program=program_circuit(scores=scores(0.95, 0.4)))
    assert "not enough" in words(program=program_circuit(scores=scores(0.5, 0.4)))


def test_all_connections_prove_nothing() -> None:
    every = program_circuit(of=4, scores=scores(1.0, 1.0))
    assert "says nothing of the program" in words(program=every) and "are enough" not in words(program=every)


def test_where_there_is_no_circuit_the_reason_stands_alone() -> None:
    why = "no variable of the program has a place"
    facts = circuit_facts(program=None, reason=why, found=None, unfound="not asked")
    said = meeting(facts)
    assert said.program == ("No circuit applies: no variable of the program has a place",)
    assert said.found == () == said.answers == said.edges and said.drawing is None
    page = render(studies.study(circuit=facts))
    assert "No circuit applies: no variable of the program has a place." in page and "not asked" not in page
    assert "The connections of the network were not looked at." in render(studies.study())


def test_what_was_not_searched_or_not_measured_is_said() -> None:
    page = render(studies.study(circuit=circuit_facts(found=None, unfound="it was not asked for")))
    assert "The smallest circuit is not shown: it was not asked for." in page
    assert "Not measured: independence of the program&#39;s circuit under zero ablation: time ran out." in page


def test_the_circuit_is_no_part_of_the_verdict_and_is_kept_with_the_study() -> None:
    met = studies.study(circuit=circuit_facts())
    assert met.best is not None and met.best.verdict is studies.study().best.verdict  # type: ignore[union-attr]
    assert Study.from_data(met.to_data()) == met
    old = met.to_data()
    del old["circuit"]
    assert Study.from_data(old).circuit is None


def test_names_are_text() -> None:
    evil = "<script>alert(1)</script>"
    circuit = program_circuit(places=(), missing=(evil,), starts=(evil,))
    page = render(studies.study(circuit=circuit_facts(program=circuit, found=None, unfound=evil)))
    assert evil not in page
