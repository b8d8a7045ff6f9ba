"""Examinations of circuits made by hand."""

from __future__ import annotations

from typing import Any

from scrutable.circuits import Claim, Control, Examination, Score, ScoredEdge
from scrutable.hypothesis import Interval

EDGES = (
    ScoredEdge("token", "blocks.0.attention.0", "value", 1.0, kept=True, induced=True),
    ScoredEdge("position", "blocks.0.attention.0", "query", 0.9, kept=True, induced=True),
    ScoredEdge("position", "blocks.0.attention.0", "key", 0.9, kept=True),
    ScoredEdge("blocks.0.attention.0", "output", "input", 0.5, kept=True, induced=True),
    ScoredEdge("token", "output", "input", 0.0004, kept=False, induced=True),
)


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
        "sites": (("moved", "blocks.0.attention[:, 0:3]"),),
        "induced": (Score("faithfulness", "zero", 0.75, Interval(0.7, 0.8), 64, "a mean over inputs"),),
        "missing": ("17 of 19 networks with shuffled weights: time ran out",),
        "seed": 0,
    }
    return Examination(**settings | changes)
