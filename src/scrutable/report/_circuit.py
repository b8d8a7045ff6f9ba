"""From the examination of a circuit to HTML, as `_render.py` does for studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrutable.report._meeting import found_drawing
from scrutable.report._numbers import number, plural
from scrutable.report._render import page

if TYPE_CHECKING:
    from scrutable.circuits import Examination


def circuit_html(found: Examination) -> str:
    """The page of a circuit: one HTML file that works offline and asks for nothing."""
    return page(
        "circuit.html.j2",
        found=found,
        headline=_headline(found),
        drawing=found_drawing(found),
        shared=sum(edge.kept and edge.induced for edge in found.edges),
        missing=(*(found.program.missing if found.program else ()), *found.missing),
    )


def _headline(found: Examination) -> str:
    faithful = [score for score in found.scores if score.name == "faithfulness"]
    if not faithful:
        return f"found by {found.method}; it was not judged on other inputs"
    parts = [f"{number(score.value)} under {score.ablation} ablation" for score in faithful]
    return f"faithfulness on {plural(found.test, 'other input')}: {' and '.join(parts)}"
