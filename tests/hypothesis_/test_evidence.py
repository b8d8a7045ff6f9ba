"""The verdict follows from the results by fixed rules, and more bad news never makes it better."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrutable.hypothesis import Evidence, Interval, Result, Verdict

KINDS = ("behaviour", "exhaustive", "counter-example", "causal", "guard", "task")
STATUSES = ("pass", "fail", "not applicable", "unknown")


def result(kind: str, status: str, name: str | None = None) -> Result:
    value = 1.0 if status == "pass" else None
    return Result(name or f"{kind}.{status}", kind, status, value, 10, Interval(0.7, 1.0), "Wilson", "because")  # type: ignore[arg-type]


RESULTS = st.lists(st.builds(result, st.sampled_from(KINDS), st.sampled_from(STATUSES)), max_size=8).map(tuple)


def verdict(**outcomes: str) -> Verdict:
    """Two results for each kind, so that there are enough guards."""
    pairs = itertools.product(outcomes.items(), "ab")
    return Evidence(tuple(result(kind.replace("_", "-"), status, kind + n) for (kind, status), n in pairs)).verdict


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, Verdict.INCONCLUSIVE),
        ({"behaviour": "pass"}, Verdict.BEHAVIOURAL),
        ({"behaviour": "pass", "causal": "pass"}, Verdict.BEHAVIOURAL),
        ({"behaviour": "pass", "causal": "pass", "guard": "pass"}, Verdict.SUPPORTED),
        ({"behaviour": "pass", "causal": "pass", "guard": "pass", "exhaustive": "pass"}, Verdict.PROVED),
        ({"behaviour": "pass", "causal": "pass", "guard": "unknown", "exhaustive": "pass"}, Verdict.BEHAVIOURAL),
        ({"behaviour": "pass", "causal": "fail", "guard": "pass"}, Verdict.BEHAVIOURAL),
        ({"behaviour": "pass", "causal": "pass", "guard": "fail"}, Verdict.FRIVOLOUS),
        ({"behaviour": "fail", "causal": "pass", "guard": "pass"}, Verdict.REFUTED),
        ({"behaviour": "pass", "counter_example": "fail", "guard": "fail"}, Verdict.REFUTED),
        ({"exhaustive": "pass", "causal": "pass", "guard": "pass"}, Verdict.PROVED),
        ({"task": "fail", "behaviour": "pass"}, Verdict.BEHAVIOURAL),
    ],
)
def test_the_rules(outcomes: dict[str, str], expected: Verdict) -> None:
    assert verdict(**outcomes) is expected


def test_rare_inputs_left_open_keep_a_hypothesis_behavioural_and_longer_ones_do_not() -> None:
    passed = tuple(result(kind, "pass", f"{kind}.{n}") for kind in ("behaviour", "causal", "guard") for n in "ab")
    assert Evidence(passed).verdict is Verdict.SUPPORTED
    rare, longer = (result("behaviour", "unknown", name) for name in ("fidelity.shifted", "fidelity.longer"))
    assert Evidence(passed).with_results(rare).verdict is Verdict.BEHAVIOURAL
    assert Evidence(passed).with_results(longer).verdict is Verdict.SUPPORTED


def test_one_guard_alone_supports_nothing() -> None:
    evidence = Evidence(tuple(result(kind, "pass") for kind in ("behaviour", "causal", "guard")))
    assert evidence.verdict is Verdict.BEHAVIOURAL


def test_one_guard_is_enough_where_every_input_was_compared() -> None:
    evidence = Evidence(tuple(result(kind, "pass") for kind in ("behaviour", "exhaustive", "causal", "guard")))
    assert evidence.verdict is Verdict.PROVED
    assert evidence.with_results(result("guard", "unknown", "another")).verdict is Verdict.BEHAVIOURAL
    assert Evidence(tuple(r for r in evidence if r.kind != "guard")).verdict is Verdict.BEHAVIOURAL


@given(RESULTS, st.sampled_from(KINDS))
def test_a_failure_never_improves_the_verdict(results: tuple[Result, ...], kind: str) -> None:
    before = Evidence(results).verdict
    after = Evidence(results).with_results(result(kind, "fail", "one more")).verdict
    if kind == "task":
        assert after is before
    elif before is not Verdict.INCONCLUSIVE:
        assert after.rank >= min(before.rank, Verdict.REFUTED.rank)


@given(RESULTS)
def test_labels_of_a_person_do_not_change_the_verdict(results: tuple[Result, ...]) -> None:
    without = tuple(r for r in results if r.kind != "task")
    assert Evidence(results).verdict is Evidence(without).verdict


def test_lookup_by_name_and_replacement() -> None:
    evidence = Evidence((result("causal", "fail", "interchange"),))
    assert evidence["interchange"].status == "fail"
    replaced = evidence.with_results(result("causal", "pass", "interchange"))
    assert evidence.named("never run") is None
    assert len(replaced) == 1 and replaced["interchange"].passed
    with pytest.raises(KeyError, match="there are: interchange"):
        evidence["scrubbing"]


def test_every_verdict_has_a_rank_and_a_meaning() -> None:
    assert [v.rank for v in Verdict] == list(range(6))
    assert all(a is not b and a.meaning != b.meaning for a, b in itertools.combinations(Verdict, 2))
