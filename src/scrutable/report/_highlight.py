"""Python source as HTML with its tokens marked. Reads text only; everything that leaves is escaped."""

from __future__ import annotations

import keyword
import re

from markupsafe import Markup, escape

LONGEST = 100_000
_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<number>\b\d[\w.]*)"
    r"|(?P<word>[^\W\d]\w*)"
)
_BUILT_IN = frozenset(
    ("abs", "bool", "dict", "enumerate", "float", "int", "len", "list", "map")
    + ("max", "min", "print", "range", "round", "set", "sum", "tuple", "zip")
)


def highlight(source: str) -> Markup:
    """`source` with a `<span>` around each token of note.

    Its class is k (keyword), f (name being defined), b (built-in), s (string), n (number) or c (comment).
    """
    if len(source) > LONGEST:
        return escape(source)
    pieces: list[Markup] = []
    end, previous = 0, ""
    for match in _TOKEN.finditer(source):
        pieces.append(escape(source[end : match.start()]))
        text = match.group()
        pieces.append(_span(_class_of(match.lastgroup or "", text, previous), text))
        end, previous = match.end(), text
    pieces.append(escape(source[end:]))
    return Markup("").join(pieces)


def _class_of(group: str, text: str, previous: str) -> str:
    if group != "word":
        return group[0]
    if keyword.iskeyword(text):
        return "k"
    if previous in ("def", "class"):
        return "f"
    return "b" if text in _BUILT_IN else ""


def _span(name: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(name, text) if name else escape(text)
