"""From a study to HTML. No torch, no network, and nothing in a study is trusted: every value is escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scrutable.hypothesis import Verdict, confirmed
from scrutable.report import _numbers, _view
from scrutable.report._highlight import highlight
from scrutable.report._limits import limits
from scrutable.report._meeting import meeting
from scrutable.report._names import Names
from scrutable.report._strip import TICKS

if TYPE_CHECKING:
    from scrutable.explain import Study

TEMPLATES = Path(__file__).parent / "templates"


def render(study: Study) -> str:
    """The report of a study: one HTML file that works offline and asks for nothing.

    The page says what was found, by which evidence, what was tried besides, and what was not tested. When there is no
    answer it says so first; a program that was rejected is shown only among the rejected.
    """
    best = study.subject
    return page(
        "report.html.j2",
        study=study,
        best=best,
        answered=_view.is_answer(best),
        asked=_view.is_asked(best),
        verdicts=tuple(Verdict),
        headline=_view.headline(study, best),
        groups=() if best is None else _view.groups(best.evidence, Names()),
        ticks=TICKS,
        cases=() if best is None else _view.cases(best),
        drawing=None if best is None else _view.drawing(study, best),
        confirmed=best is not None and confirmed(best),
        meeting=None if study.circuit is None else meeting(study.circuit),
        others=_view.candidates(study, best),
        limits=limits(study, best),
    )


def page(template: str, **values: Any) -> str:
    """A whole page, with its style and script."""
    style, script = _text("report.css"), _text("report.js")
    text = (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),
            script=Markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
            **values,
        )
    )
    return _encodable(text)


def study_html(study: Study) -> str:
    """A short form of the report for notebooks: verdict, program and evidence, without any script."""
    best = study.subject
    text = (
        _environment()
        .get_template("notebook.html.j2")
        .render(
            study=study,
            best=best,
            answered=_view.is_answer(best),
            asked=_view.is_asked(best),
            headline=_view.headline(study, best),
            groups=() if best is None else _view.groups(best.evidence, Names()),
            others=_view.candidates(study, best),
        )
    )
    return _encodable(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "highlight": highlight,
        "data_uri": _data_uri,
        "bits": _numbers.bits,
        "count": _numbers.count,
        "seconds": _numbers.seconds,
        "plural": _numbers.plural,
        "sentence": _numbers.sentence,
        "number": _numbers.number,
        "interval": _numbers.interval,
    }
    environment.filters.update(filters)
    return environment


@cache
def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source expression that lets exactly this inline text run under the page's content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data_uri(source: str) -> str:
    return "data:text/x-python;charset=utf-8;base64," + base64.b64encode(_encodable(source).encode()).decode()


def _encodable(text: str) -> str:
    """`text` with what UTF-8 cannot hold (lone surrogates, which JSON can) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
