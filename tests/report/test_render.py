"""The page: what it says, in which order, and what it never does."""

from __future__ import annotations

import ast
import base64
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import studies

from scrutable.hypothesis import Evidence, Hypothesis, Interval, Provenance, Verdict
from scrutable.report import render, study_html

VOID = {"meta", "link", "br", "img", "hr", "input"}
SECTIONS = [
    "The program",
    "The evidence",
    "Counter-examples",
    "How it works, and where",
    "Which connections do the work",
    "Other hypotheses",
    "What was tried",
    "The network",
    "What this does not show",
    "How to reproduce it",
]


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains about tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.pieces: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.feed(html)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.pieces.append(data)
        if self.open and re.fullmatch(r"h[1-6]", self.open[-1]):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.pieces))


STUDIES = {
    "found": studies.study,
    "nothing": studies.nothing_found,
    "hostile": studies.hostile,
    "asked": studies.asked,
    "empty": lambda: studies.study(hypotheses=(), attempts=()),
    "untested": lambda: studies.asked(Hypothesis(studies.adder())),
}


@pytest.fixture(params=STUDIES, scope="module")
def study(request: pytest.FixtureRequest):
    return STUDIES[request.param]()


def test_pages_are_well_formed_and_ask_for_nothing(study) -> None:
    html = render(study)
    page = Page(html)
    assert html.startswith("<!doctype html>")
    for tag, attrs in page.tags:
        assert tag not in {"iframe", "object", "embed", "base", "form", "img"}
        for name in ("src", "href", "action", "srcset", "xlink:href"):
            assert attrs.get(name, "#").startswith(("#", "data:")), (tag, attrs)
        assert not any(name.startswith("on") for name in attrs)
        assert "style" not in attrs
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html.split("<body>")[0])


def test_ids_are_unique_and_references_lead_somewhere(study) -> None:
    page = Page(render(study))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        wanted = [attrs["href"][1:]] if attrs.get("href", "").startswith("#") else []
        wanted += attrs.get("aria-labelledby", "").split()
        wanted += [attrs["data-copy"]] if "data-copy" in attrs else []
        assert set(wanted) <= set(ids)


def test_headings_go_in_order(study) -> None:
    levels = [level for level, _ in Page(render(study)).headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))


def test_the_verdict_comes_first_and_sections_keep_their_order() -> None:
    page = Page(render(studies.study()))
    assert [text for _, text in page.headings] == ["Supported", *SECTIONS]
    assert page.text.index(Verdict.SUPPORTED.meaning.capitalize()) < page.text.index("The program")


def test_the_policy_forbids_the_network_and_every_script_but_ours() -> None:
    html = render(studies.study())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-") and "unsafe" not in policy[1]
    assert "connect-src" not in rules  # so default-src holds


def test_nothing_in_a_study_reaches_the_page_as_markup() -> None:
    for html in (render(studies.hostile()), study_html(studies.hostile())):
        page = Page(html)
        assert not any(tag in {"img"} for tag, _ in page.tags)
        assert sum(tag == "script" for tag, _ in page.tags) == html.count("<script>") <= 1
        assert "document.title='owned'" in page.text  # shown, as text
        assert "{{ 7*7 }}" in page.text
    assert "<script" not in study_html(studies.hostile())


def test_text_that_utf8_cannot_hold_is_replaced() -> None:
    study = studies.study(facts=studies.facts(name="lone \ud800 surrogate"))
    render(study).encode()
    study_html(study).encode()


def test_the_download_is_the_program() -> None:
    study = studies.study()
    link = next(attrs for tag, attrs in Page(render(study)).tags if tag == "a" and "download" in attrs)
    kind, _, data = link["href"].partition(",")
    assert kind == "data:text/x-python;charset=utf-8;base64"
    assert base64.b64decode(data).decode() == study.best.program.source


def test_no_answer_is_said_first_and_no_program_is_offered() -> None:
    study = studies.nothing_found()
    html = render(study)
    page = Page(html)
    titles = [text for _, text in page.headings]
    assert titles[:3] == ["No short program found", "What was tried", "The best rejected candidates"]
    assert "The program" not in titles
    assert not any("download" in attrs for _, attrs in page.tags)
    assert "Not the answer (refuted): without_carry" in page.text
    assert "31% of the inputs have equal outputs" in page.text
    assert "without_carry" not in study_html(study).split("rejected")[0]


@pytest.mark.parametrize("kind", ["behaviour", "guard"])
def test_a_study_that_calls_a_wrong_program_its_best_is_not_believed(kind: str) -> None:
    failed = studies.evidence().with_results(studies.result("bad", kind, "fail"))
    liar = studies.study()
    claimed = replace(liar.hypotheses[0], evidence=failed)
    object.__setattr__(liar, "hypotheses", (claimed,))
    page = Page(render(liar))
    assert page.headings[0] == (1, "No short program found")


def test_a_persons_hypothesis_is_shown_with_its_evidence_but_not_as_the_answer() -> None:
    page = Page(render(studies.asked()))
    assert page.headings[0] == (1, "Refuted")
    assert page.headings[1] == (2, "The hypothesis that was tested")
    assert not any("download" in attrs for _, attrs in page.tags)
    assert "Not the answer (refuted)" in page.text
    assert "The evidence" in [text for _, text in page.headings]


def test_every_result_is_in_the_table_with_status_in_words() -> None:
    study = studies.study()
    page = Page(render(study))
    for result in study.best.evidence:
        assert result.name in page.text
        assert result.reason[1:] in page.text
    for word in ("passed", "not applicable"):
        assert word in page.text
    assert "Interchange intervention (activation patching)" in page.text
    assert page.text.count("activation patching") == 1
    assert "[0.962, 0.992]" in page.text and "1,900" in page.text


def test_kinds_without_results_say_that_nothing_was_run() -> None:
    only = Evidence((studies.result("fidelity.held_out", "behaviour"),))
    study = studies.study(hypotheses=(Hypothesis(studies.adder(), evidence=only, provenance=Provenance("machine")),))
    text = Page(render(study)).text
    assert text.count("not run") == 4
    assert "No control was run" in text
    assert "insides were not tested" in text


def test_undecided_controls_are_counted() -> None:
    open_ = studies.result("guard.lookup", "guard", "unknown", value=None, interval=None)
    best = replace(studies.study().hypotheses[0], evidence=studies.evidence().with_results(open_))
    page = Page(render(studies.study(hypotheses=(best,))))
    assert page.headings[0] == (1, "Behavioural")
    assert "2 of 3 controls passed (1 undecided)" in page.text


def test_labels_are_reported_apart() -> None:
    missed = studies.result("task.network", "task", "fail", reason="the network gives the labels on 4 of 5 inputs")
    best = replace(studies.study().hypotheses[0], evidence=studies.evidence().with_results(missed))
    page = Page(render(studies.study(hypotheses=(best,))))
    assert page.headings[0] == (1, "Supported")
    assert "No part of the verdict" in page.text and "Same as the labels: the network" in page.text
    assert "No part of the verdict" not in Page(render(studies.study())).text


def test_null_scores_are_drawn_beside_the_score_found() -> None:
    html = render(studies.study())
    assert html.count('class="null"') == 2 * len(studies.NULLS)
    assert html.count('class="found"') == 2
    assert "19 controls from 0.410 to 0.660" in html


def test_intervals_of_other_levels_say_so() -> None:
    def row(level: float) -> str:
        only = studies.result("exhaustive", "exhaustive", interval=Interval(0.5, 0.5, level))
        best = replace(studies.study().hypotheses[0], evidence=Evidence((only,)), provenance=Provenance("person"))
        return Page(render(studies.asked(best))).text

    assert "the interval is one of 99%" in row(0.99)
    assert "exact" in row(1.0) and "interval is one of" not in row(1.0)


def test_a_lookup_table_is_drawn_beside_the_program() -> None:
    lookup = studies.result("guard.lookup", "guard", value=0.41, interval=None, details=(("program", 1.0),))
    best = replace(studies.study().hypotheses[0], evidence=Evidence((lookup,)), provenance=Provenance("person"))
    html = render(studies.asked(best))
    assert html.count('class="null"') == html.count('class="found"') == 1
    assert "1 control from 0.410 to 0.410" in html


def test_null_scores_below_zero_stay_in_the_picture() -> None:
    control = studies.result("guard.x", "guard", value=0.05, details=(("found", 0.9), ("nulls", (-0.2, 0.1))))
    assert render(studies.asked(Hypothesis(studies.adder(), evidence=Evidence((control,))))).count('class="null"') == 2


def test_counter_examples_mark_the_difference() -> None:
    page = render(studies.asked())
    assert page.count("<mark>") == 6  # three of four elements, in both outputs
    assert '<span class="muted">a</span> <code>1 1 0 0</code>' in page


def test_the_runner_up_is_ranked_with_its_reason() -> None:
    text = Page(render(studies.study())).text
    assert "refuted 5," in text
    assert "fidelity.held_out failed: 31% of the inputs have equal outputs." in text


def test_limits_name_what_was_not_tested() -> None:
    text = Page(render(studies.study())).text.split("What this does not show")[1]
    assert "exhaustive: not applicable, because the domain has 1,048,576 inputs" in text
    assert "Bits(length=10, channels=2)" in text
    assert "Another training run" in text


def test_notebook_form_is_short_and_safe(study) -> None:
    html = study_html(study)
    Page(html)
    assert "<script" not in html and "<link" not in html and "http" not in html
    assert len(html) < len(render(study)) / 2


def test_rendering_needs_no_torch() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(studies.__file__).rsplit('/', 1)[0]!r}); import studies;"
        "from scrutable.report import render; render(studies.study()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_shown_program_is_the_source() -> None:
    study = studies.study()
    html = render(study)
    shown = re.search(r'<code id="source">(.*?)</code>', html, re.S)
    assert shown is not None
    text = Page(f"<p>{shown[1]}</p>")
    assert "".join(text.pieces) == study.best.program.source
    ast.parse("".join(text.pieces))


@pytest.mark.parametrize(
    ("status", "said"), [("fail", "does not predict"), ("pass", "predicts"), ("unknown", "may or may not predict")]
)
def test_whether_the_insides_follow_is_said_as_it_was_measured(status: str, said: str) -> None:
    insides = studies.result("interchange", "causal", status, value=0.107, interval=Interval(0.083, 0.136), n=523)
    kept = studies.result("fidelity.held_out", "behaviour", value=1.0, interval=Interval(0.998, 1.0), n=1900)
    best = replace(studies.study().hypotheses[0], evidence=Evidence((kept, insides)))
    text = Page(render(studies.study(hypotheses=(best,)))).text
    assert f"{said} what happens when the network's insides are changed" in text
    assert ("trials, and predicts what" in text.replace(")", "")) == (status == "pass")
