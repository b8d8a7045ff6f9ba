"""Causal scrubbing of variables with a value at each position: exchanged position by position."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.compile import Options
from scrutable.compile import compile as compiled
from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Network, Site
from scrutable.program import read_program
from scrutable.verify import Case, Sample
from scrutable.verify.scrubbing._reading import interpretation
from scrutable.verify.scrubbing._test import _result as scrubbed
from scrutable.work import Clock

COUNTS = "def counts(x: list[int]):\n    same = select(x, x, '{}')\n    return widths(same)"
EARLIER = """
def earlier(x: list[int]):
    same = select_and(select(x, x, "=="), select(positions(x), positions(x), "<"))
    return widths(same)
"""
HEAD = "blocks.0.attention.softmax[{}, t+1, :]"


@pytest.fixture(scope="module")
def counting() -> Network:
    return compiled(read_program(COUNTS.format("==")), "Tokens(4, length=5)", Options(dead_heads=1)).network


def case(network: Network, text: str, site: str) -> Case:
    x = network.inputs.enumerate()[np.random.default_rng(0).permutation(4**5)[:600]]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    said = Hypothesis(read_program(text), Alignment({"same": site}))
    return Case(network, said, find, test, 0, Clock(600))


def test_a_site_at_one_position_is_the_entry_that_belongs_to_it() -> None:
    assert str(Site.parse("block[t+1, 0:4]").at(2)) == "block[3, 0:4]"
    assert Site.parse(HEAD.format(0)).at(0) == Site.parse("blocks.0.attention.softmax[0, 1, :]")
    assert Site.parse("block[0:4]").at(7) == Site.parse("block[0:4]")


def test_each_position_is_a_part_of_its_own(counting: Network) -> None:
    root = interpretation(
        case(counting, COUNTS.format("=="), HEAD.format(0)).hypothesis, counting.captured.graph, apart=True
    )
    assert [part.name for part in root.parents] == [f"same at {t}" for t in range(5)]
    assert root.parents[2].site == "blocks.0.attention.softmax[0, 3, :]"
    x = np.array([[0, 1, 0, 2, 0]])
    assert root.parents[2].feature is not None and root.parents[2].feature(x).tolist() == [[1, 0, 1, 0, 1]]


def test_the_truth_passes_position_by_position(counting: Network) -> None:
    result = scrubbed(case(counting, COUNTS.format("=="), HEAD.format(0)), apart=True)
    assert result.passed and result.value is not None and result.value > 0.99, result.reason


@pytest.mark.parametrize(("relation", "head"), [("==", 1), ("<", 0), ("<=", 0)])
def test_a_dead_head_and_another_relation_fail(counting: Network, relation: str, head: int) -> None:
    result = scrubbed(case(counting, COUNTS.format(relation), HEAD.format(head)), apart=True)
    assert result.status == "fail", result.reason


def test_a_position_on_which_nothing_can_rest_is_no_fault() -> None:
    """Of what came before, the first position never knows anything."""
    made = compiled(read_program(EARLIER), "Tokens(4, length=5)")
    result = scrubbed(case(made.network, EARLIER, HEAD.format(0)), apart=True)
    assert result.passed, result.reason
