"""From the examination of a circuit to HTML, as `_render.py` does for studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrutable.report._diagram import Diagram, graph
from scrutable.report._numbers import number, plural
from scrutable.report._render import page

if TYPE_CHECKING:
    from scrutable.circuits import Examination


def circuit_html(found: Examination) -> str:
    """The page of a circuit: one HTML file that works offline and asks for nothing."""
    claimed = [edge for edge in found.edges if edge.induced]
    return page(
        "circuit.html.j2",
        found=found,
        headline=_headline(found),
        drawing=_drawing(found),
        claimed=claimed,
        shared=sum(edge.kept for edge in claimed),
    )


def _headline(found: Examination) -> str:
    faithful = [score for score in found.scores if score.name == "faithfulness"]
    if not faithful:
        return f"found by {found.method}; it was not judged on other inputs"
    parts = [f"{number(score.value)} under {score.ablation} ablation" for score in faithful]
    return f"faithfulness on {plural(found.test, 'other input')}: {' and '.join(parts)}"


def _drawing(found: Examination) -> Diagram | None:
    """The components of the circuit; those that read nothing, and the output, as ends."""
    sources, readers = ({getattr(edge, end) for edge in found.edges} for end in ("source", "target"))
    return graph([(edge.source, edge.target) for edge in found.kept], sources - readers)
