"""Causal scrubbing of variables with a value at each position: exchanged position by position."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrutable.compile import Options
from scrutable.compile import compile as compiled
from scrutable.hypothesis import Alignment, Hypothesis, Result
from scrutable.network import Integers, Network, Site, Tokens
from scrutable.program import read_program
from scrutable.verify import Case, Part, Said, Sample, Scrubbing, scrub
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


def case(network: Network, text: str, site: str, *, name: str = "same", n: int = 600) -> Case:
    x = network.inputs.enumerate()[np.random.default_rng(0).permutation(4**5)[:n]]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    said = Hypothesis(read_program(text), Alignment({name: site}))
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


MASKED = """
def masked(x: list[int]):
    same = select(x, x, "==")
    n = widths(same)
    return [n if p < 3 else 0 for n, p in zip(n, positions(x))]
"""
CLAIMED = """
def claimed(x: list[int]):
    same = select(x, x, "==")
    n = widths(same)
    m = widths(select(x, x, "=="))
    return [n if p < 3 else {} for n, m, p in zip(n, m, positions(x))]
"""
"""Answers as MASKED does on every input, but from what stands at every position of `same`."""
MOVED = """
def moved(x: list[int]):
    moved = [t + 0 for t in x]
    here = select(positions(x), {}, "==")
    return pick_first(here, moved, 0)
"""


@pytest.fixture(scope="module")
def masked() -> Network:
    return compiled(read_program(MASKED), "Tokens(4, length=5)").network


def idle(result: Result) -> dict[str, str]:
    return {name: status for name, status, _ in dict(result.details)["positions on which nothing rests"]}


@pytest.mark.parametrize("apart", [False, True])
def test_a_position_on_which_nothing_can_rest_is_no_fault(apart: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Of what came before, the first position never knows anything."""
    made = compiled(read_program(EARLIER), "Tokens(4, length=5)")
    result = scrubbed(case(made.network, EARLIER, HEAD.format(0)), apart=apart)
    assert result.passed, result.reason
    assert idle(result) == {"same at 0": "pass"}
    assert "nothing rests on same at 0, as the program says" in result.reason


@pytest.mark.parametrize("apart", [False, True])
def test_positions_that_the_program_does_not_use_are_named(masked: Network, apart: bool) -> None:  # noqa: FBT001
    result = scrubbed(case(masked, MASKED, HEAD.format(0)), apart=apart)
    assert result.passed, result.reason
    assert idle(result) == {"same at 3": "pass", "same at 4": "pass"}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("text", [CLAIMED.format("n - m"), COUNTS.format("==")])
def test_a_place_for_every_position_is_no_claim_about_some(masked: Network, text: str, apart: bool) -> None:  # noqa: FBT001
    """The network uses three of five, and the program would answer otherwise with the others exchanged."""
    result = scrubbed(case(masked, text, HEAD.format(0)), apart=apart)
    assert result.status == "fail" and "same at 3" in result.reason, result.reason
    assert idle(result) == {"same at 3": "fail", "same at 4": "fail"}


def test_what_too_few_inputs_tell_is_unknown(masked: Network) -> None:
    """Counts of four are rare: exchanging them would move few answers of the program, and of few inputs."""
    rare = CLAIMED.format("(1 if n > 3 and m < 4 else 0)")
    result = scrubbed(case(masked, rare, HEAD.format(0), n=80), apart=True)
    assert result.status == "unknown" and "too few inputs" in result.reason, result.reason


@pytest.mark.parametrize(
    ("read", "unread"),
    [("[p - 1 for p in positions(x)]", {4}), ("[len(x) - 1 - p for p in positions(x)]", set()), ("0", {1, 2, 3, 4})],
)
def test_moved_values_rest_on_what_is_read(read: str, unread: set[int]) -> None:
    """Shifted by one, reversed, and the first one everywhere."""
    text = MOVED.format(read)
    made = compiled(read_program(text), "Tokens(4, length=5)")
    (head,) = {role.component for role in made.circuit.roles if role.work == "pick"}
    site = f"{head.rpartition('.')[0]}.value[t+1, :]"
    result = scrubbed(case(made.network, text, site, name="moved"), apart=True)
    assert result.passed, result.reason
    assert idle(result) == {f"moved at {t}": "pass" for t in unread}


def test_a_position_of_a_tree_that_says_nothing_must_break(masked: Network) -> None:
    x, said = masked.inputs.enumerate(), read_program(MASKED)

    def part(t: int, *, told: bool) -> Part:
        feature = lambda x: said.run(x)["same"][:, t]  # noqa: E731
        alike = lambda x, others: Said(said(x), np.ones(len(x), bool))  # noqa: E731
        site = f"blocks.0.attention.softmax[0, {t + 1}, :]"
        return Part(f"same at {t}", site, feature, whole="same", said=alike if told else None)

    for told in (True, False):
        root = Part("answer", "output", None, tuple(part(t, told=told) for t in range(5)))
        assert scrub(masked, root, x, references=64).status == ("pass" if told else "fail")


class Beside(nn.Module):
    """Holds the token before and the token itself in one place, along directions that are not orthogonal; adds both,
    and the token once more."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(2, 3, bias=False)
        self.mixed.weight.data = torch.tensor([[1.0, 0.0], [0.9, 1.0], [0.2, 0.7]])
        self.reads = torch.linalg.pinv(self.mixed.weight.data).sum(0)

    def forward(self, x: Tensor) -> Tensor:
        before = nn.functional.pad(x, (1, 0))[:, :-1]
        return (self.mixed(torch.stack([before, x], dim=-1).float()) @ self.reads).round() + x


BEFORE = """
def program(x: list[int]):
    before = pick_first(select(positions(x), [p - {} for p in positions(x)], "=="), x, 0)
    return [{} for b, t in zip(before, x)]
"""


def beside(text: str) -> Result:
    network = Network(Beside(), inputs=Tokens(3, length=6), outputs=Integers(0, 8, length=6))
    x = network.inputs.enumerate()[np.random.default_rng(0).permutation(3**6)]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    said = Hypothesis(read_program(text), Alignment({"before": "mixed[t, :]"}))
    (result,) = Scrubbing().apply(Case(network, said, find, test, 0, Clock(600)))
    return result


def test_of_a_place_at_each_position_the_subspace_that_carries_the_variable_is_exchanged() -> None:
    result = beside(BEFORE.format(1, "b + 2 * t"))
    assert result.passed and "1 dimensions of mixed[t, :]" in result.reason, result.reason
    assert beside(BEFORE.format(2, "b + 2 * t")).status == "fail"
