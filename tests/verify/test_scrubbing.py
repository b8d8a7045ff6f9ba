"""Causal scrubbing: true interpretations of planted networks pass; wrong, cancelling and vacuous ones never do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_sums import HIGH, RULES, Feature, data, network, u, v
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network import Bits, Columns, Integers, Network, Reals, Tokens
from scrutable.verify import Part, Scrubbed, loss_recovered, scrub
from scrutable.verify.scrubbing._classes import Classes
from scrutable.verify.scrubbing._spots import Spot
from scrutable.work import generator


def tree(left: Feature, right: Feature, *, at: tuple[str, str] = ("left[0]", "right[0]")) -> Part:
    return Part("answer", "output", None, (Part("u", at[0], left), Part("v", at[1], right)))


def scrubbed(rule: str, root: Part, **options: object) -> Scrubbed:
    return scrub(network(rule), root, data(), references=128, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", RULES)
def test_a_true_interpretation_passes_exactly(rule: str):
    got = scrubbed(rule, tree(u, v))
    assert got.passed, got.reason
    assert got.recovered.share == pytest.approx(1.0) and got.loss_change == pytest.approx(0.0, abs=1e-6)
    assert all(swap.share == 0.0 for swap in got.swaps) and not got.counter_examples
    assert got.worst is not None and 0 < got.worst < 0.1
    assert {name for name, _ in got.testable} == {"u", "v"} and all(share > 0.9 for _, share in got.testable)


@pytest.mark.parametrize("rule", RULES)
def test_a_deeper_true_interpretation_passes(rule: str):
    """The output by way of the last value, which is by way of the two sums; other paths are said not to matter."""
    last = Part("both", "last", lambda x: np.stack([u(x), v(x)], axis=1), tree(u, v).parents)
    assert scrub(network(rule), Part("answer", "output", None, (last,)), data(2000), references=128).passed


WRONG: dict[str, Feature] = {
    "difference": lambda x: x[:, 0] - x[:, 1],
    "one of two": lambda x: x[:, 0],
    "another": lambda x: x[:, 4],
    "too coarse": lambda x: u(x) // 3,
    "all alike": lambda x: np.zeros(len(x)),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_feature_fails_with_what_gave_it_away(rule: str, wrong: str):
    got = scrubbed(rule, tree(WRONG[wrong], v))
    assert got.status == "fail"
    assert got.counter_examples
    example = got.counter_examples[0]
    assert example.expected != example.got and "u from" in example.where


def test_the_loss_recovered_is_one_for_the_truth_and_about_none_for_nothing():
    nothing = Part("answer", "output", None, (Part("last", "last", None),))
    got = scrub(network("larger"), nothing, data(), references=256)
    assert got.recovered.share == pytest.approx(0.0, abs=0.2)
    assert got.recovered.interval is not None and got.recovered.interval.low < 0 < got.recovered.interval.high


def _cancelling(seed: int) -> tuple[Scrubbed, float]:
    """Labels that the network gets right in one group of inputs and wrong in another, and an interpretation that
    drops what both rest on there: losses rise in one group as much as they fall in the other."""
    rng = generator(seed, "cancelling")
    x = data(1200, seed)
    group = np.where(x[:, 4] == 0, 0, np.where(x[:, 4] == 1, 1, 2))
    answers = network("parity").predict(x)
    labels = np.where(group == 1, 1 - answers, answers)
    drop = rng.permutation(2)[0]
    kept = [u, v][drop]

    def half_blind(x: np.ndarray) -> np.ndarray:
        seen = x[:, 4] >= 2
        return np.stack([np.where(seen, kept(x) + 1, 0), np.where(seen, 2, x[:, 4])], axis=1)

    features: list[Feature] = [u, v]
    features[drop] = half_blind
    got = scrub(network("parity"), tree(*features), x, labels=labels, references=512, seed=seed)
    return got, 0.0 if got.recovered.share is None else got.recovered.share


@pytest.mark.parametrize("seed", range(6))
def test_changes_that_cancel_in_the_mean_are_still_seen(seed: int):
    got, recovered = _cancelling(seed)
    assert recovered > 0.8
    assert got.status == "fail" and got.flips is not None and got.flips > 0.1


VACUOUS: dict[str, Callable[[np.ndarray], Part]] = {
    "nothing named": lambda x: Part("answer", "output", None),
    "only the input": lambda x: Part("answer", "output", None, (Part("x", "input", lambda x: x),)),
    "every input alone": lambda x: tree(lambda x: x, lambda x: x),
    "numbers of rows": lambda x: tree(lambda x: np.arange(len(x)), v),
    "a value nothing reads": lambda x: Part(
        "answer", "output", None, (*tree(u, v).parents, Part("idle", "idle[0]", lambda x: x[:, 4]))
    ),
    "units nothing reads": lambda x: tree(u, v, at=("left[1]", "right[0]")),
    "the wrong way round": lambda x: tree(u, v, at=("right[0]", "left[0]")),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", VACUOUS)
def test_what_could_not_break_does_not_pass(rule: str, kind: str):
    x = data()
    assert not scrub(network(rule), VACUOUS[kind](x), x, references=128).passed


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(RULES)), st.integers(2, 5))
def test_random_features_never_pass(seed: int, rule: str, values: int):
    """A feature of the right number of values, handed out by a random table of the inputs that matter."""
    table = generator(seed, "table").integers(0, values, size=(HIGH + 1, HIGH + 1))
    root = tree(lambda x: table[x[:, 0], x[:, 1]], v)
    assert not scrub(network(rule), root, data(seed=seed % 7), references=64, seed=seed).passed


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(RULES)))
def test_finer_features_than_needed_pass(seed: int, rule: str):
    """Agreement on more than the value depends on exchanges less, and breaks nothing."""
    finer = generator(seed, "finer").integers(0, 2, size=HIGH + 1)
    root = tree(lambda x: np.stack([u(x), finer[x[:, 4]]], axis=1), v)
    assert scrub(network(rule), root, data(seed=seed % 7), references=64, seed=seed).passed


def test_the_share_of_exchanges_that_are_any_is_reported():
    got = scrub(network("parity"), tree(lambda x: np.arange(len(x)) // 2 * (np.arange(len(x)) < 100), v), data())
    assert dict(got.testable)["u"] == pytest.approx(1.0, abs=0.01)
    alone = scrub(network("parity"), tree(lambda x: np.arange(len(x)), v), data())
    assert dict(alone.testable)["u"] == 0.0 and alone.status == "not applicable"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 1000))
def test_draws_agree_and_are_others(labels: list[int], seed: int):
    classes, rows = Classes.of(np.array(labels)), np.arange(len(labels))
    drawn = classes.drawn(rows, generator(seed, "draws"))
    values = np.array(labels)
    assert (values[drawn] == values).all()
    alone = np.array([labels.count(label) == 1 for label in labels])
    assert ((drawn == rows) == alone).all()
    assert (classes.fresh(Classes.of(rows)) == ~alone).all()
    assert sorted(classes.permuted(generator(seed, "p")).size) == sorted(classes.size)


def test_all_members_are_drawn_alike():
    classes = Classes.of(np.array([0, 1, 0, 0, 1, 0]))
    drawn = classes.drawn(np.zeros(6000, int), generator(0, "even"))
    counts = np.bincount(drawn, minlength=6)
    assert counts[[0, 1, 4]].sum() == 0 and np.abs(counts[[2, 3, 5]] - 2000).max() < 200


def test_paths_that_are_not_named_are_not_exchanged():
    """A part affects the answer along every path, but for those that parts beside it cut off."""

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.base, self.loop = nn.Identity(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            h = self.base(x)
            return h[:, 0] + 10 * self.loop(h)[:, 0]

    x = generator(0, "two").integers(0, 2, size=(300, 3))
    two = Network(Two(), inputs=Columns(("a", "b", "c"), lo=0, hi=1, integer=True), outputs=Integers(0, 11))
    seen: Feature = lambda x: x[:, 0]  # noqa: E731
    none = Part("answer", "output", None, (Part("a", "base", seen), Part("loop", "loop", None)))
    assert scrub(two, none, x).status == "fail"
    both = Part("answer", "output", None, (Part("a", "base", seen), Part("loop", "loop", seen)))
    got = scrub(two, both, x)
    assert not got.counter_examples and got.recovered.share == 1.0
    assert scrub(two, Part("answer", "output", None, (Part("a", "base", seen),)), x).recovered.share == 1.0


def test_parts_of_sequences_are_steps_and_units():
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.code = nn.Linear(2, 3, bias=False)
            with torch.no_grad():
                self.code.weight.copy_(torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))

        def forward(self, x: Tensor) -> Tensor:
            h = self.code(x)
            return h[:, 0, 0] * 3 + h[:, 2, 1]

    x = generator(0, "steps").integers(0, 2, size=(600, 4, 2))
    steps = Network(Steps(), inputs=Bits(4, 2), outputs=Integers(0, 10))
    parts = (
        Part("first", "code[0, 0]", lambda x: x[:, 0].sum(axis=1)),
        Part("third", "code[2, 1:3]", lambda x: x[:, 2, 0]),
    )
    assert scrub(steps, Part("answer", "output", None, parts), x).passed
    wrong = (parts[0], Part("third", "code[2, 1:3]", lambda x: x[:, 2, 1]))
    assert scrub(steps, Part("answer", "output", None, wrong), x).status == "fail"


def test_the_loss_recovered_by_itself_is_the_same():
    root, x = tree(lambda x: x[:, 0], v), data()
    alone, whole = loss_recovered(network("larger"), root, x, seed=3), scrub(network("larger"), root, x, seed=3)
    assert alone.interval is not None and whole.recovered.share is not None
    assert alone.interval.low < whole.recovered.share < alone.interval.high
    assert alone.model == whole.recovered.model


def test_mistakes_are_said():
    with pytest.raises(UserError, match="expected the output"):
        scrub(network("parity"), Part("u", "left", u), data())
    with pytest.raises(UserError, match="several features"):
        scrub(network("parity"), Part("answer", "output", None, (Part("u", "left", u), Part("u", "right", v))), data())
    with pytest.raises(UserError, match="at least 8"):
        scrub(network("parity"), tree(u, v), data(), resamples=2)
    with pytest.raises(UserError, match=r"expected \(400,\)"):
        scrub(network("parity"), tree(lambda x: x[:3, 0], v), data())
    with pytest.raises(UserError, match="expected a value of the network"):
        scrub(network("parity"), tree(u, v, at=("nowhere", "right")), data())


def test_the_outcome_is_a_result_with_everything_in_it():
    result = scrubbed("larger", tree(u, v)).result()
    details = dict(result.details)
    assert result.passed and result.n == 128 and result.value == pytest.approx(1.0)
    assert details["answers that flip"] == 0.0 and details["divergence of scores"] == pytest.approx(0.0, abs=1e-9)
    assert "cluster bootstrap" in result.method and "cross-entropy" in result.method


def test_a_spot_at_each_position_is_read_and_put_back():
    """With axes and t among the indices, numbers are those that the network's own sites give."""

    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(4, 6)

        def forward(self, x: Tensor) -> Tensor:
            e = nn.functional.pad(self.embedding(x), (0, 0, 1, 0))
            heads = e.view(len(x), -1, 2, 3).transpose(1, 2).exp()
            return heads.sum(1)[:, 1:]

    network = Network(Shifted().eval(), inputs=Tokens(4, length=5), outputs=Reals(length=5, channels=3))
    x = network.inputs.sample(6, np.random.default_rng(0))
    graph = network.captured.graph
    site = network.site("exp[1, t+1, 0:3]").along(np.eye(3)[1:])
    spot = Spot.of(graph, site)
    value = graph.evaluate(["exp"], {"input": network.captured.tensor(x)})["exp"].detach()
    held = spot.read(value)
    assert np.allclose(held, network.read(x, site)[site], atol=1e-6)
    assert torch.allclose(spot.put(value, held), value)
    moved = spot.put(value, held + 1)
    assert torch.allclose(spot.read(moved), held + 1)
    assert int((moved != value).sum()) == held.numel()


def test_a_spot_with_readers_is_that_of_the_network():
    network = Network(
        nn.Sequential(nn.Embedding(4, 6), nn.Linear(6, 3)), inputs=Tokens(4, length=5), outputs=Tokens(3, length=5)
    )
    x = network.inputs.sample(6, np.random.default_rng(0))
    graph = network.captured.graph
    site = network.site("0").along(*np.random.default_rng(1).normal(size=(2, 2, 6)))
    spot = Spot.of(graph, site)
    value = graph.evaluate(["0"], {"input": network.captured.tensor(x)})["0"].detach()
    held = spot.read(value)
    assert held.shape == (6, 5, 2) and np.allclose(held, network.read(x, site)[site], atol=1e-5)
    moved = spot.put(value, held + 1)
    assert torch.allclose(moved - value, torch.tensor(site.directions).float().sum(0), atol=1e-5)
