"""Sites: the printed form is the site."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.network import Position, Site, Span

numbers = st.integers(-50, 50)
spans = st.builds(Span, st.none() | numbers, st.none() | numbers, st.none() | st.integers(1, 9))
positions = st.builds(Position, st.integers(0, 50))
indices = numbers | spans | st.lists(numbers, min_size=1, max_size=5, unique=True).map(tuple)
names = st.lists(st.text("abcXYZ_09-", min_size=1, max_size=5), min_size=1, max_size=3).map(".".join)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    step, axes = draw(st.none() | numbers | spans), ()
    if step is not None and draw(st.booleans()):
        axes = tuple(draw(st.lists(indices, min_size=1, max_size=3)))
    units = draw(indices)
    if draw(st.booleans()):  # t on one of the axes
        step, units = draw(st.sampled_from([(draw(positions), units), (step, draw(positions))]))
    site = Site(draw(names), step, units, axes=axes)
    if not draw(st.booleans()):
        return site
    k = draw(st.integers(1, 5))
    rows = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(draw(st.integers(1, k)), k))
    readers = np.random.default_rng(draw(st.integers(0, 99))).normal(size=rows.shape)
    if draw(st.booleans()) or np.linalg.cond(readers @ rows.T) > 1e3:
        return site.along(rows * 10.0 ** draw(st.integers(-200, 200)))
    return site.along(rows, readers * 10.0 ** draw(st.integers(-200, 200)))


@settings(max_examples=300)
@given(sites())
def test_the_printed_form_reads_back_as_the_same_site(site: Site):
    assert Site.parse(str(site)) == site
    assert hash(Site.parse(str(site))) == hash(site)


@pytest.mark.parametrize(
    "text",
    [
        "hidden",
        "hidden[:, 0:2]",
        "hidden[3, :]",
        "hidden[-1, 4]",
        "layers.0[0:4]",
        "fc1[[0, 4]]",
        "a[::2]",
        "a[1:, [1, 2]]",
        "blocks.0.attn.softmax[2, :, 0:4]",
        "a[[0, 1], [2, 3], 0, :]",
        "blocks.0.mlp[t+1, 0:4]",
        "blocks.0.attn.softmax[[0, 1], t+2, :]",
        "keys[0, :, t]",
        "sums[t+1]",
    ],
)
def test_forms_that_print_as_they_are_written(text: str):
    assert str(Site.parse(text)) == text


def test_everything_of_a_site_is_the_site():
    assert (
        Site.parse("hidden[:, :]") == Site.parse("hidden") == Site.parse(" hidden[:] ") == Site.parse("hidden[:, :, :]")
    )


def test_directions_are_made_orthonormal_and_then_stay():
    site = Site("fc").along([[3, 4], [1, 0]])
    rows = np.array(site.directions)
    assert np.allclose(rows @ rows.T, np.eye(2)) and np.allclose(rows[0], [0.6, 0.8])
    assert Site("fc").along(site.directions) == site
    assert Site("fc").along([[-2, 0]]).directions == ((-1.0, 0.0),)


def test_readers_read_one_direction_each_and_then_stay():
    site = Site("fc").along([[3, 4, 0], [1, 0, 0]], [[1, 2, 3], [0, 1, -1]])
    assert np.allclose(np.array(site.readers) @ np.array(site.directions).T, np.eye(2))
    assert Site("fc").along(site.directions, site.readers) == site and site.bare == Site("fc")
    assert Site("fc").along([[3, 4]], [[6, 8]]) == Site("fc").along([[3, 4]]), "read by itself"


@pytest.mark.parametrize("readers", [[[0, 0]], [[-4, 3]], [[1]], [[1, 0], [0, 1]], [[np.inf, 1]], [["a", 1]]])
def test_readers_that_do_not_read(readers: list):
    with pytest.raises(UserError, match="expected"):
        Site("fc").along([[3, 4]], readers)


@pytest.mark.parametrize(
    "rows", [[[0, 0]], [[1, 2], [2, 4]], [1, 2], [], [[np.nan, 1]], [["a"]], [[1], [2]], [[1, 2], [1]]]
)
def test_directions_that_span_nothing(rows: list):
    with pytest.raises(UserError, match="expected"):
        Site("fc").along(rows)


def test_directions_are_given_once():
    with pytest.raises(UserError, match="once"):
        Site("fc").along([[1.0]]).along([[1.0]])


@settings(max_examples=400)
@given(st.text(max_size=40) | st.text("abh[]():,.0123 along-", max_size=40))
def test_any_text_is_a_site_or_a_user_error(text: str):
    try:
        site = Site.parse(text)
    except UserError as error:
        assert "expected" in str(error)
    else:
        assert Site.parse(str(site)) == site


NO_SITES = [
    "",
    "h[",
    "h[]",
    "h[1,]",
    "h[1,,3]",
    "h[1][2]",
    "h[x]",
    "h[True]",
    "h[[1, 1]]",
    "h[::0]",
    "h[[1], 2]",
    "h[1.5]",
    "h[t-1]",
    "h[t+1, t]",
    "h[[t, 1]]",
    "h[t*2]",
    "h[t+t]",
]
HOSTILE = ["h[" + "[" * 9000, "h.along([[1]]", "h.along(__import__('os'))", "h[" + "9" * 5000 + "]"]


@pytest.mark.parametrize("text", NO_SITES + HOSTILE)
def test_text_that_is_no_site(text: str):
    with pytest.raises(UserError, match="expected"):
        Site.parse(text)
