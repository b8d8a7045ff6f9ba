"""A study as a page for people: one self-contained HTML file, and a short form for notebooks; the page of a circuit."""

from scrutable.report._circuit import circuit_html
from scrutable.report._names import Names
from scrutable.report._numbers import interval, number, plural, seconds
from scrutable.report._render import render, study_html

__all__ = ["Names", "circuit_html", "interval", "number", "plural", "render", "seconds", "study_html"]
