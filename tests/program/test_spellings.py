"""What operators print as: the fewest parentheses, and helpers that mean what the operators mean."""

from __future__ import annotations

from typing import Any

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_operators import LOGICAL, NAMESPACE

from scrutable.program import HELPERS
from scrutable.program._operators import RESERVED, Spelled, helpers_in, operator


def helper_arguments(name: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments for an operator on sequences: lists of one length, then parameters."""
    numbers = st.integers(-3, 3)

    def of_length(size: int) -> st.SearchStrategy[tuple[Any, ...]]:
        values = st.lists(numbers, min_size=size, max_size=size)
        flags = st.lists(st.booleans(), min_size=size, max_size=size)
        selector = st.lists(flags, min_size=size, max_size=size)
        special: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
            "shift": (values, st.integers(-6, 6), numbers),
            "last": (values, numbers),
            "count": (flags,),
            "counts": (values, st.integers(1, 4)),
            "select": (values, values, st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "true"])),
            "aggregate": (selector, values, numbers),
            "pick": (selector, values, numbers),
            "width": (selector,),
        }
        return st.tuples(*special.get(name, (values,)))

    return st.integers(0, 4).flatmap(of_length)


@pytest.mark.parametrize("name", sorted(oracle.SEQUENCE))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_sequence_spellings_mean_what_they_say(name: str, data: st.DataObject) -> None:
    arguments = data.draw(helper_arguments(name))
    arity = operator(name).arity or 0
    values, params = arguments[:arity], arguments[arity:]
    text = operator(name).spelling([Spelled(f"x{i}") for i in range(arity)], params).text
    got = eval(text, NAMESPACE | {f"x{i}": value for i, value in enumerate(values)})
    expected = oracle.SEQUENCE[name](*values, *params)
    assert got == (list(expected) if isinstance(expected, tuple) else expected)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5))
def test_array_spellings_mean_what_they_say(values: list[float]) -> None:
    scope = NAMESPACE | {"x": values, "y": values[::-1]}
    spelled = [Spelled("x"), Spelled("y")]
    assert eval(operator("dot").spelling(spelled, ()).text, scope) == oracle._dot(values, values[::-1])
    assert eval(operator("argmax").spelling(spelled[:1], ()).text, scope) == oracle._argmax(tuple(values))
    assert eval(operator("stack").spelling(spelled, ()).text, scope) == [values, values[::-1]]
    assert eval(operator("index").spelling(spelled[:1], (0,)).text, scope) == values[0]


@given(
    st.integers(1, 3).flatmap(
        lambda k: st.lists(st.lists(st.lists(st.booleans(), min_size=k, max_size=k)), min_size=2, max_size=2)
    )
)
def test_selector_spellings_mean_what_they_say(selectors: list[list[list[bool]]]) -> None:
    left, right = (s[: min(map(len, selectors))] for s in selectors)
    for name in sorted(LOGICAL):
        arguments = [left] if name == "not" else [left, right]
        spelling = operator(name).selector_spelling
        assert spelling is not None
        text = spelling([Spelled(f"x{i}") for i in range(len(arguments))], ()).text
        got = eval(text, NAMESPACE | {f"x{i}": value for i, value in enumerate(arguments)})
        assert got == oracle._lift(oracle.SCALAR[name], arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (("sub", "a", ("sub", "b", "c")), "a - (b - c)"),
        (("sub", ("sub", "a", "b"), "c"), "a - b - c"),
        (("mul", ("add", "a", "b"), "c"), "(a + b) * c"),
        (("mod", ("floordiv", "a", "2"), "2"), "a // 2 % 2"),
        (("floordiv", "a", "b"), "floor_divide(a, b)"),
        (("floordiv", "a", "0"), "floor_divide(a, 0)"),
        (("neg", ("add", "a", "b")), "-(a + b)"),
        (("not", ("eq", "a", "b")), "not a == b"),
        (("eq", ("lt", "a", "b"), ("not", "c")), "(a < b) == (not c)"),
        (("or", ("and", "a", "b"), ("or", "c", "d")), "a and b or (c or d)"),
        (
            ("if", ("or", "a", "b"), ("if", "c", "d", "e"), ("if", "f", "g", "h")),
            "(d if c else e) if a or b else g if f else h",
        ),
    ],
)
def test_spellings_use_the_fewest_parentheses(text: Any, expected: str) -> None:
    def spell(tree: Any) -> Spelled:
        return Spelled(tree) if isinstance(tree, str) else operator(tree[0]).spelling([spell(t) for t in tree[1:]], ())

    assert spell(text).text == expected


def test_helpers_are_found_and_reserved() -> None:
    assert [h.name for h in helpers_in("floor_divide(x, safe_log(y)) + floor_divides")] == ["floor_divide", "safe_log"]
    assert set(HELPERS) <= RESERVED
    assert {"match", "lambda", "sum"} <= RESERVED
