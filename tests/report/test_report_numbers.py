"""Numbers and names as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.hypothesis import Interval
from scrutable.report import Names, number, plural, seconds
from scrutable.report._numbers import interval, sentence


@given(st.floats(0, 1))
def test_rounding_never_reaches_all_or_nothing(value: float) -> None:
    text = number(value)
    assert (text == "1.000") == (value == 1)
    assert (text == "0.000") == (value == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (0.99996, "0.99996"), (1 - 1e-12, "1 \u2212 1e-12"), (None, "\u2013"), (-2.5, "\u22122.500")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_intervals() -> None:
    assert interval(Interval(0.9, 0.9999)) == "[0.900, 0.9999]"
    assert interval(Interval(1.0, 1.0, 1.0)) == "exact"
    assert interval(None) == "\u2013"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "< 0.1 s"), (1.26, "1.3 s"), (59.2, "59 s"), (200, "3 min 20 s"), (60, "1 min"), (7260, "2 h 1 min")],
)
def test_times(value: float, text: str) -> None:
    assert seconds(value) == text


def test_plurals() -> None:
    assert plural(1, "input") == "1 input"
    assert plural(2000, "input") == "2,000 inputs"
    assert plural(2, "study", "studies") == "2 studies"


def test_sentences_keep_code_names() -> None:
    assert sentence("none differ") == "None differ."
    assert sentence("fidelity.held_out failed") == "fidelity.held_out failed."
    assert sentence("") == ""


def test_each_second_name_is_given_once() -> None:
    names = Names()
    assert names.title("interchange") == "Interchange intervention (activation patching)"
    assert names.title("interchange.carry") == "Interchange intervention: carry"
    assert names.title("guard.random_weights") == "Control: networks with random weights"
    assert names.title("something_new.left_half") == "Something new: left half"
