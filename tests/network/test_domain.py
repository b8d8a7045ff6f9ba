"""Domains: sampling, counting, checking, decoding, and their printed form."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.network import (
    Bits,
    Category,
    Columns,
    Domain,
    Image,
    Integers,
    Reals,
    Tokens,
    domain_from_spec,
)

lengths = st.none() | st.integers(1, 12)
channels = st.none() | st.integers(1, 4)
finite = st.floats(-1e6, 1e6)


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy) -> tuple:
    ends = sorted((draw(values), draw(values)))
    return tuple(draw(st.sampled_from([end, None])) for end in ends)


@st.composite
def domains(draw: st.DrawFn) -> Domain:
    kind = draw(st.sampled_from(["Bits", "Integers", "Reals", "Tokens", "Category", "Image", "Columns"]))
    length = draw(lengths)
    if kind == "Bits":
        return Bits(length, draw(channels), threshold=draw(finite))
    if kind == "Integers":
        return Integers(*draw(bounds(st.integers(-(2**62), 2**62))), length=length, channels=draw(channels))
    if kind == "Reals":
        return Reals(*draw(bounds(finite)), length=length, channels=draw(channels))
    if kind in ("Tokens", "Category"):
        labels = draw(st.integers(1, 50) | st.lists(st.text(max_size=5), min_size=1, unique=True))
        return Tokens(labels, length=length) if kind == "Tokens" else Category(labels, length=length)
    if kind == "Image":
        lo, hi = sorted((draw(finite), draw(finite)))
        return Image(*(draw(st.integers(1, 9)) for _ in range(3)), lo=lo, hi=hi)
    names = draw(st.lists(st.text(max_size=6), min_size=1, max_size=4, unique=True))
    ends = [draw(bounds(st.integers(-99, 99))) for _ in names]
    whole = [draw(st.booleans()) for _ in names]
    return Columns(names, lo=[e[0] for e in ends], hi=[e[1] for e in ends], integer=whole)


@given(domains())
def test_the_printed_form_reads_back_as_the_same_domain(domain: Domain):
    again = domain_from_spec(domain.spec)
    assert again == domain and hash(again) == hash(domain)
    assert domain_from_spec(f"  {domain.spec}\n") == domain


def draw_from(domain: Domain, n: int, seed: int = 0) -> np.ndarray | None:
    try:
        return domain.sample(n, np.random.default_rng(seed))
    except UserError as error:
        assert "lo and hi" in str(error)
        assert any(r.lo is None or r.hi is None for r in domain.ranges)
        return None


@given(domains(), st.integers(1, 5))
def test_samples_are_data_of_their_domain(domain: Domain, n: int):
    x = draw_from(domain, n)
    if x is not None:
        assert x.shape == (n, *domain.shape) and x.dtype == domain.dtype
        assert domain.problems(x) == []
        assert np.array_equal(domain.cast(x.tolist()), x)
        assert np.array_equal(x, draw_from(domain, n))


@given(domains())
def test_variables_are_different_python_names(domain: Domain):
    assert all(name.isidentifier() for name in domain.variables)
    assert len(set(domain.variables)) == len(domain.variables)
    columns = 1 if not domain.shape or domain.kind in ("Image", "Tokens", "Category") else domain.shape[-1]
    if domain.kind == "Columns" or getattr(domain, "channels", None):
        assert len(domain.variables) == columns


@pytest.mark.parametrize(
    "domain, size",
    [
        (Bits(length=3, channels=2), 64),
        (Tokens(3, length=4), 81),
        (Integers(-2, 4), 7),
        (Category(["no", "yes"]), 2),
        (Columns(["a", "b"], lo=(0, 5), hi=(2, 6), integer=True), 6),
    ],
)
def test_enumeration_lists_every_item_once(domain: Domain, size: int):
    x = domain.enumerate()
    assert len(x) == domain.size == size
    assert len(np.unique(x.reshape(size, -1), axis=0)) == size
    assert domain.problems(x) == []


@pytest.mark.parametrize(
    "domain, got",
    [
        (Bits(length=40), "1099511627776"),
        (Bits(length=900), r"2\*\*900"),
        (Reals(0, 1), "infinitely"),
        (Integers(0), "inf"),
    ],
)
def test_what_cannot_be_enumerated_names_its_size_and_the_limit(domain: Domain, got: str):
    with pytest.raises(UserError, match=rf"{got}.*at most 4194304"):
        domain.enumerate()


def test_every_reason_is_given_at_once():
    x = np.full((2, 3), 2.5)
    x[0, 0], x[1, 1] = np.nan, np.inf
    reasons = Bits(length=4).problems(x)
    assert [r.split(",")[0] for r in reasons] == [
        "got data of shape (2",
        "got 1 NaN values",
        "got 1 infinite values",
        "got 2.5 in row 0",
    ]
    assert "(n, 4)" in reasons[0]


@pytest.mark.parametrize(
    "domain, x, reason",
    [
        (Tokens(3, length=2), [[0, 3]], "got 3 in row 0, expected whole numbers from 0 to 2"),
        (Tokens(3, length=2), np.zeros((0, 2), int), "got no rows"),
        (Tokens(3, length=2), [[0, 1], [2]], "no array"),
        (Tokens(3, length=2), [["a", "b"]], "expected numbers"),
        (Tokens(3, length=2), np.zeros((4, 2, 1), int), r"try x[..., 0]"),
        (Tokens(3, length=2), np.zeros(2, int), "try x[None]"),
        (Image(1, 2, 2), np.zeros((3, 4)), "try x.reshape(-1, 1, 2, 2)"),
        (Integers(0, 9), [0.5], "got 0.5 in row 0"),
        (Reals(0, 1), [-0.25], "numbers from 0.0 to 1.0"),
        (Reals(0, 1), [1j], "complex"),
        (Columns(["a", "b c"], lo=0, hi=(9, 1), integer=True), [[9, 1], [1, 9]], "got 9 in b_c in row 1"),
    ],
)
def test_a_reason_says_what_was_got_and_expected(domain: Domain, x: object, reason: str):
    reasons = domain.problems(x)
    assert len(reasons) >= 1 and any(reason in r for r in reasons), reasons
    with pytest.raises(UserError):
        domain.cast(x)


def test_whole_numbers_may_come_as_floats_or_bools():
    assert Bits(length=2).problems(np.array([[0.0, 1.0]])) == []
    assert Bits(length=2).cast(np.array([[False, True]])).dtype == np.int64


def test_decoding():
    raw = np.array([[0.2, 1.7], [-3.0, 0.5]])
    assert Category(2).decode(raw).tolist() == [1, 1]
    assert Bits(length=2).decode(raw).tolist() == [[0, 1], [0, 0]]
    assert Bits(length=2, threshold=0).decode(raw).tolist() == [[1, 1], [0, 1]]
    assert Integers(0, 1, length=2).decode(raw).tolist() == [[0, 2], [-3, 0]], "what the network says, not clipped"
    assert Reals(channels=2).decode(raw.astype(np.float32)).dtype == np.float64
    assert Integers().decode(raw[:, :1]).shape == (2,)
    assert Columns(["a", "b"], integer=[True, False]).decode(raw).tolist() == [[0.0, 1.7], [-3.0, 0.5]]
    assert Bits(length=2).decode(np.zeros((3, 9))).shape == (3, 9), "sequences of any length"
    assert Category(4, length=2).decode(np.zeros((3, 9, 4))).shape == (3, 9)


@pytest.mark.parametrize(
    "domain, raw, reason",
    [
        (Category(3, length=2), np.zeros((5, 2), int), "got one number for each item"),
        (Category(3), np.zeros((5, 4)), r"expected \(n, 3\)"),
        (Category(3), np.full((5, 3), np.nan), "NaN or infinite in row 0"),
        (Integers(), np.array([np.inf]), "NaN or infinite"),
        (Integers(), np.array([1e300]), "at most 2"),
        (Integers(length=3, channels=2), np.zeros((5, 3, 4)), "raw outputs of shape"),
        (Bits(), np.array(["x"]), "expected numbers"),
    ],
)
def test_raw_outputs_that_cannot_be_decoded(domain: Domain, raw: np.ndarray, reason: str):
    with pytest.raises(UserError, match=reason):
        domain.decode(raw)


def test_another_length():
    for domain in (
        Bits(length=3),
        Integers(0, 3, length=3),
        Reals(length=3),
        Tokens(2, length=3),
        Category(2, length=3),
    ):
        assert domain.with_length(7).shape == (7,) and domain.with_length(7).with_length(3) == domain
        assert not domain.with_length(None).is_sequence and domain.is_sequence
    for domain in (Image(1, 2, 3), Columns(["a"])):
        assert domain.with_length(None) == domain
        with pytest.raises(UserError, match="can be a sequence"):
            domain.with_length(4)


def test_one_channel_is_no_axis():
    assert Bits(length=4, channels=1) == Bits(length=4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bits(length=0),
        lambda: Bits(length=True),
        lambda: Bits(threshold=float("nan")),
        lambda: Bits(threshold=None),
        lambda: Integers(3, 2),
        lambda: Integers(0.5, 2),
        lambda: Integers(0, 2**70),
        lambda: Reals(0, float("inf")),
        lambda: Tokens(0),
        lambda: Tokens("ab"),
        lambda: Category(["a", "a"]),
        lambda: Category([]),
        lambda: Image(1, None, 2),
        lambda: Image(1, 2, 2, lo=None),
        lambda: Columns([]),
        lambda: Columns(["a", "a"]),
        lambda: Columns(["a"], lo=(1, 2)),
        lambda: Columns(["a"], integer=3),
        lambda: Columns(["a", "b"], lo=(1, 2), hi=0),
    ],
)
def test_domains_that_make_no_sense(make):
    with pytest.raises(UserError, match="cannot make .*expected"):
        make()


@settings(max_examples=300)
@given(st.text(max_size=60) | st.binary(max_size=30).map(lambda b: b.decode("latin1")))
def test_any_text_is_a_domain_or_a_user_error(text: str):
    try:
        domain_from_spec(text)
    except UserError as error:
        assert "expected" in str(error)


names = st.sampled_from(["Bits", "Integers", "Reals", "Tokens", "Category", "Image", "Columns", "print"])
values = st.sampled_from(
    ["1", "-1", "0", "None", "True", "1e999", "'a'", "['a']", "[[1]]", "{1: 2}", "10**9", "9" * 99, "()", "b'x'", "x"]
)
options = st.sampled_from(["", "length=", "channels=", "lo=", "hi=", "integer=", "labels=", "threshold=", "**", "q="])


@settings(max_examples=300)
@given(names, st.lists(st.tuples(options, values), max_size=4))
def test_nearly_right_text_is_a_domain_or_a_user_error(name: str, arguments: list[tuple[str, str]]):
    text = f"{name}({', '.join(a + b for a, b in arguments)})"
    try:
        domain = domain_from_spec(text)
    except UserError:
        return
    assert domain_from_spec(domain.spec) == domain


@pytest.mark.parametrize(
    "text", ["(" * 5000, "Bits(" * 3000, "-" * 90_000 + "1", "x" * 10**6, "Bits(length=__import__('os'))"]
)
def test_hostile_text_is_refused_quickly(text: str):
    start = time.monotonic()
    with pytest.raises(UserError):
        domain_from_spec(text)
    assert time.monotonic() - start < 2


def test_domains_and_sites_need_no_torch():
    code = (
        "import sys, scrutable.network as n; n.Bits(3).enumerate(); n.domain_from_spec('Tokens(2)'); "
        "n.Site.parse('hidden[:, 0]'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
