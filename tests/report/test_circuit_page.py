"""The page of a circuit says what was measured, draws what is kept, and says what is missing."""

from __future__ import annotations

import re

from examinations import EDGES, examination

from scrutable.report import circuit_html


def test_every_number_is_on_the_page_and_every_name_is_text():
    page = circuit_html(examination())
    for text in (
        "4 edges of 5",
        "0.988",
        "[0.970, 0.995]",
        "0.012",
        "0.432",
        "p = 0.333",
        "0.750",
        "time ran out",
        "one has 0.321",
        "not tested",
        "&lt;to&gt;",
    ):
        assert text in page, text
    assert "reverse &lt;b&gt;" in page and "reverse <b>" not in page


def test_the_drawing_has_the_kept_edges_and_no_other():
    page = circuit_html(examination())
    drawn = set(re.findall(r"<title>(\S+) reads (\S+)</title>", page))
    assert drawn == {(edge.target, edge.source) for edge in EDGES if edge.kept}


def test_what_was_not_measured_does_not_read_as_a_measurement():
    page = circuit_html(examination(scores=(), claims=(), control=None, program=None, edges=EDGES[-1:]))
    assert (
        "Not tested." in page
        and "Not measured." in page
        and "It was not carried out." in page
        and "No edge is in the circuit." in page
    )
    assert "The circuit that the program induces" not in page
    assert "it was not judged on other inputs" in page.lower()
