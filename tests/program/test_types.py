"""Types join, print and read back; anything else is refused in one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.program import (
    BOOL,
    INT,
    REAL,
    Array,
    Category,
    Selector,
    Seq,
    Type,
    join,
    type_from_text,
    type_to_text,
)

SCALARS = st.one_of(st.sampled_from([BOOL, INT, REAL]), st.integers(1, 20).map(Category))
ARRAYS = st.builds(Array, st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), SCALARS)
TYPES = st.one_of(SCALARS, ARRAYS, st.one_of(SCALARS, ARRAYS).map(Seq), st.just(Selector()))


@given(TYPES)
def test_types_print_and_read_back(type_: Type) -> None:
    assert type_from_text(type_to_text(type_)) == type_


@given(SCALARS, SCALARS, SCALARS)
def test_join_of_scalars_is_a_least_upper_bound(a: Type, b: Type, c: Type) -> None:
    assert join(a, a) == a
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)
    assert join(a, join(a, b)) == join(a, b)


@given(st.text(max_size=40))
def test_reading_a_type_never_fails_otherwise(text: str) -> None:
    try:
        type_from_text(text)
    except UserError as error:
        assert "expected a type" in str(error)


@pytest.mark.parametrize("text", ["int", "Category(1e999)", "Seq()", "Array(3, Int)", "Seq[Int]", "(" * 150, "\0"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="expected a type"):
        type_from_text(text)


@pytest.mark.parametrize(("left", "right"), [(Selector(), INT), (Array((2,), INT), Array((3,), INT))])
def test_types_with_nothing_in_common_do_not_join(left: Type, right: Type) -> None:
    with pytest.raises(UserError, match="expected"):
        join(left, right)
