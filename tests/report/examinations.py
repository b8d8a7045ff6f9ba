"""Examinations of circuits made by hand."""

from __future__ import annotations

from typing import Any

from scrutable.circuits import Claim, Control, Edge, Examination, Placed, ProgramCircuit, Score, ScoredEdge
from scrutable.explain import CircuitFacts
from scrutable.hypothesis import Interval

EDGES = (
    ScoredEdge("token", "blocks.0.attention.0", "value", 1.0, kept=True, induced=True),
    ScoredEdge("position", "blocks.0.attention.0", "query", 0.9, kept=True, induced=True),
    ScoredEdge("position", "blocks.0.attention.0", "key", 0.9, kept=True),
    ScoredEdge("blocks.0.attention.0", "output", "input", 0.5, kept=True, induced=True),
    ScoredEdge("token", "output", "input", 0.0004, kept=False, induced=True),
)


def program_circuit(**changes: Any) -> ProgramCircuit:
    """The circuit of a program with one variable: three of the kept edges, and one that is idle."""
    settings: dict[str, Any] = {
        "places": (Placed("moved", "blocks.0.attention[:, 0:3]", ("blocks.0.attention.0",)),),
        "edges": tuple(Edge(edge.source, edge.target, edge.port) for edge in EDGES if edge.induced),
        "starts": ("token", "position"),
        "components": 4,
        "of": 5,
        "test": 64,
        "scores": (
            Score("faithfulness", "zero", 0.75, Interval(0.7, 0.8), 64, "a mean over inputs"),
            Score("faithfulness", "resample", 0.5432, Interval(0.5, 0.6), 64, "a mean over inputs"),
        ),
        "claims": (
            Claim("sufficient", "zero", False, 0.75, 0.4, 64, "beside random circuits", "the best one has 0.876"),
            Claim("minimal", "resample", False, 1.0, 0.001, 64, "idle edges", "idle: token -> output"),
        ),
        "missing": ("independence of the program's circuit under zero ablation: time ran out",),
    }
    return ProgramCircuit(**settings | changes)


def circuit_facts(**changes: Any) -> CircuitFacts:
    """A program's circuit beside a searched one, which has an edge that the program's has not."""
    settings: dict[str, Any] = {
        "program": program_circuit(),
        "reason": "",
        "found": examination(program=None),
        "unfound": "",
        "seconds": 7.5,
    }
    return CircuitFacts(**settings | changes)


def examination(**changes: Any) -> Examination:
    """A circuit of four edges, judged under both ablations."""
    settings: dict[str, Any] = {
        "network": "reverse <b>",
        "method": "contexts",
        "ablations": ("zero", "resample"),
        "find": 16,
        "test": 64,
        "edges": EDGES,
        "scores": tuple(
            Score(name, kind, value, interval, 64, "a mean over inputs")
            for kind in ("zero", "resample")
            for name, value, interval in (
                ("faithfulness", 0.9876, Interval(0.97, 0.995)),
                ("completeness", 0.0123, Interval(0.01, 0.02)),
                ("minimality", 0.5, None),
            )
        ),
        "claims": (
            Claim(
                "sufficient", "zero", True, 0.98, 0.01, 64, "beside random circuits", "the best random one has 0.321"
            ),
            Claim("minimal", "zero", None, 0.0, 1.0, 64, "idle edges", "nothing <to> compare"),
        ),
        "control": Control("likeness to the network", 0.9876, (0.1, 0.4321), 1 / 3, 64, "the same search"),
        "program": program_circuit(),
        "missing": ("17 of 19 networks with shuffled weights: time ran out",),
        "seed": 0,
    }
    return Examination(**settings | changes)
