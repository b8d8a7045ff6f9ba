"""Programs read off compiled transformers: right on every input of every length, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.bench.trained._store import kept, network_of
from scrutable.bench.transformers._catalogue import TASKS, compiled
from scrutable.compile import Compiled, Options, compile  # noqa: A004
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.program import Setting
from scrutable.propose import AttentionProposer, Problem
from scrutable.propose._attention_graph import NotRead
from scrutable.propose.attention import decompiled
from scrutable.testing import check_proposer
from scrutable.work import Clock


def task(name: str):
    return next(each for each in TASKS if each.name == name)


def proposed(network: Network) -> list[Hypothesis]:
    x = network.inputs.sample(20, np.random.default_rng(0))
    y = network.predict(x)
    problem = Problem(network, x, y, x[:0], y[:0], seed=0, clock=Clock(60))
    assert AttentionProposer().unsuitable(problem) is None
    return list(AttentionProposer().propose(problem))


def right_everywhere(hypothesis: Hypothesis, made: Compiled) -> bool:
    longest = made.inputs.shape[0]
    for length in range(1, longest + 1):
        x = made.inputs.with_length(length).enumerate()
        said, answers = np.asarray(hypothesis.program(x)), made.network.predict(x)
        if not np.allclose(said.astype(float), answers.astype(float), atol=1e-3):
            return False
    return True


@pytest.mark.parametrize("version", ["plain", "dressed"])
@pytest.mark.parametrize("name", ["histogram", "share_of_ones", "mean_of_larger"])
def test_heads_are_read_in_every_layout(name: str, version: str) -> None:
    made = compiled(task(name), version)
    (found,) = proposed(made.network)
    assert right_everywhere(found, made)
    assert found.program.bits < 1.5 * task(name).program().bits + 64


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sorted_tokens", "ranks", "most_frequent", "induction", "mostly_ones"])
def test_several_layers_are_read(name: str) -> None:
    made = compiled(task(name), "dressed")
    (found,) = proposed(made.network)
    assert right_everywhere(found, made)


def test_what_is_counted_is_found_at_the_head_that_counts() -> None:
    made = compiled(task("histogram"), "plain")
    (found,) = proposed(made.network)
    counting = [role.component for role in made.circuit.roles if role.work == "width"]
    assert set(found.provenance.settings["components"].values()) == set(counting)


@pytest.mark.parametrize("name", ["histogram", "depth", "induction"])
def test_what_is_set_where_a_variable_lives_sets_that_variable(name: str) -> None:
    """The network with its numbers at a site taken from another input answers as the program with the variable set."""
    made = compiled(task(name), "dressed")
    (found,) = proposed(made.network)
    x, other = (made.inputs.sample(200, np.random.default_rng(seed)) for seed in (0, 1))
    held = found.program.run(other)
    mask = np.arange(x.shape[1]) == np.random.default_rng(2).integers(0, x.shape[1], size=len(x))[:, None]
    tested = [each for each in found.alignment.sites if each not in found.program.outputs]
    assert tested
    for variable in tested:
        site = found.alignment.sites[variable]
        own, new = (made.network.read(words, site)[made.network.site(site)] for words in (x, other))
        said = made.network.patched(x, {site: np.where(mask[..., None], new, own)})
        shape = (*mask.shape, *(1,) * (held[variable].ndim - 2))
        run = found.program.run(x, set={variable: Setting(held[variable], mask.reshape(shape))})
        assert (run[found.program.outputs[0]] == said).all(1).mean() > 0.99
        assert (said != made.network.predict(x)).any()


def test_what_follows_from_values_that_no_word_brings_together_is_read_as_well() -> None:
    """A bracket is missing wherever fewer are open than closed, also where there are more of both than positions."""
    made = compiled(task("sound_so_far"), "plain")
    (found,) = proposed(made.network)
    opened, closed, below = [name for name in found.program.variables if name in found.alignment.sites][:3]
    counts = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), axis=-1).reshape(-1, 1, 2)
    values = {name: Setting(np.repeat(counts[..., at], 7, axis=1)) for at, name in enumerate((opened, closed))}
    run = found.program.run(np.zeros((len(counts), 7), dtype=int), set=values)
    assert np.array_equal(run[below][:, 0] != run[below][0, 0], counts[:, 0, 0] < counts[:, 0, 1])


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        pytest.param("sound_so_far", 2, marks=pytest.mark.slow),
        ("highest_count", 2),
        ("highest_count", 3),
        ("least_frequent", 2),
        ("least_frequent", 3),
        pytest.param("least_frequent", 6, marks=pytest.mark.slow),
    ],
)
def test_scores_blurred_by_noise_are_read_where_the_network_still_does_its_task(name: str, seed: int) -> None:
    """Nothing that is seen depends on which key wins, or on how much more it weighs, where they all say the same; nor
    on how much less other sorts of keys weigh than one that always wins."""
    made = compiled(task(name), "noisy", seed=seed)
    assert made.agreement.exact
    (found,) = proposed(made.network)
    assert right_everywhere(found, made)


@pytest.mark.parametrize(("name", "within"), [("where_on_average", 0.01), ("parity", 0.0)])
def test_keys_that_weigh_more_for_noise_are_said_to_weigh_more(name: str, within: float) -> None:
    """The network makes mistakes: the program makes the same ones."""
    made = compiled(task(name), "noisy", seed=2)
    (found,) = proposed(made.network)
    x = made.inputs.enumerate()
    said, answers, meant = (np.asarray(each(x), float) for each in (found.program, made.network.predict, made.program))
    assert np.abs(said - answers).max() <= within < np.abs(meant - answers).max()


def test_soft_attention_is_no_program() -> None:
    """Weights that are neither a choice nor a mean nor a count give no hypothesis, rather than a wrong one."""
    made = compile(task("histogram").program(), task("histogram").inputs, Options(), seed=0)
    for name, weights in made.module.named_parameters():
        if "attention.query" in name:
            weights.data *= 0.02
    network = Network(made.module, inputs=made.inputs, outputs=made.outputs)
    for found in proposed(network):
        x = made.inputs.enumerate()
        assert np.array_equal(found.program(x), network.predict(x))


def test_the_proposer_keeps_its_promises() -> None:
    check_proposer(AttentionProposer())


@pytest.mark.parametrize("name", ["reversed_tokens.post.0", "histogram.post.0"])
def test_norms_after_the_sums_are_refused_with_a_reason(name: str) -> None:
    network = network_of(next(facts for facts in kept() if facts.name == name))
    with pytest.raises(NotRead, match="not one row"):
        decompiled(network, network.inputs.sample(32, np.random.default_rng(0)), seed=0, clock=Clock(60))
