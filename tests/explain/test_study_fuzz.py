"""A study file from anywhere is read or refused in one sentence, and nothing in it runs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.explain import RunFacts, Study
from scrutable.hypothesis import Evidence, Hypothesis, Interval, Result
from scrutable.network import NetworkFacts
from scrutable.program import trace

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def running_sum(x: list[int]) -> list[int]:
    output = []
    total = 0
    for x_t in x:
        total = total + x_t
        output.append(total)
    return output


def study() -> Study:
    facts = NetworkFacts("n", "Net", 3, "float32", "00", None, None, "Bits(length=4)", "Integers(length=4)", "none")
    run = RunFacts(10, "given", "00", 60.0, 0, 1.5, "scrutable explain x", {"python": "3.11"})
    result = Result("interchange", "causal", "pass", 1.0, 40, Interval(0.9, 1.0), "Wilson", "it follows")
    return Study(facts, run, (Hypothesis(trace(running_sum), evidence=Evidence((result,))),))


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    data = copy.deepcopy(data)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return data


DATA = study().to_data()
PLACES = places(DATA)


def test_the_round_trip() -> None:
    assert Study.from_data(DATA) == study()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_one_thing_replaced_is_read_or_refused(path: tuple[Any, ...], junk: Any) -> None:
    try:
        read = Study.from_data(replaced(DATA, path, junk))
    except UserError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert Study.from_data(read.to_data()) == read


@given(JUNK)
def test_anything_else_is_refused(junk: Any) -> None:
    with pytest.raises(UserError):
        Study.from_data(junk)


def test_code_in_a_study_is_text(tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    code = f"__import__('pathlib').Path({str(bait)!r}).touch()"
    for path in PLACES:
        try:
            Study.from_data(replaced(DATA, path, code)).headline  # noqa: B018 - reading it is the point
        except UserError:
            continue
    assert not bait.exists()
