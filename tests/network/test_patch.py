"""Reading and replacing values inside a network: what is set is what is computed with, and nothing stays behind."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from networks import CASES, LAYERED, RECURRENT, Attention, Case, ReluCell, cell, cnn, inputs_of, mlp
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network import Bits, Category, Image, Network, Reals, Recurrent, Site, Tokens
from scrutable.network._insides import Hooked

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


def traces(network: Network) -> list:
    module = network._runner.module
    if module is None:
        return []
    hooks = [(dict(m._forward_hooks), dict(m._forward_pre_hooks), m.training) for m in module.modules()]
    return [hooks, {key: value.clone() for key, value in module.state_dict().items()}]


def unchanged(before: list, network: Network) -> bool:
    after = traces(network)
    if not before:
        return not after
    return before[0] == after[0] and all(torch.equal(v, after[1][k]) for k, v in before[1].items())


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_putting_back_what_was_read_changes_nothing(case: Case):
    network, x = case.network(), inputs_of(case, 6)
    before, y = traces(network), network.raw(x)
    for name in network.sites:
        values = network.read(x, name)
        assert [str(site) for site in values] == [name]
        assert np.allclose(network.patched_raw(x, values), y, atol=1e-5)
    assert unchanged(before, network) and np.array_equal(network.raw(x), y)


@pytest.mark.parametrize("case", LAYERED, ids=lambda c: c.name)
def test_putting_another_rows_value_gives_that_rows_answer(case: Case):
    """Interchange of the whole input, or of everything the output is computed from."""
    network, x, other = case.network(), inputs_of(case, 6), inputs_of(case, 6, seed=4)
    for name in ("input", "output"):
        patched = network.patched_raw(x, {name: network.read(other, [name])[Site(name)]})
        assert np.allclose(patched, network.raw(other), atol=1e-5)


@pytest.mark.parametrize("case", RECURRENT, ids=lambda c: c.name)
def test_a_replaced_state_is_what_later_steps_see(case: Case):
    """After a swap of whole states, outputs up to the step are the base's; later ones are those of a restart."""
    network, x, other = case.network(), inputs_of(case, 6), inputs_of(case, 6, seed=4)
    recurrence = network.recurrence
    assert recurrence is not None
    step = 1
    value = network.read(other, "hidden[1, :]")
    assert next(iter(value.values())).shape == (6, case.state)
    got = network.patched(x, value)
    _, base = recurrence.run(x[:, : step + 1])
    _, rest = recurrence.run(x[:, step + 1 :], next(iter(value.values())))
    expected = np.concatenate([base, rest], axis=1)
    assert np.array_equal(got, expected if network.each_step else expected[:, -1])


def test_steps_before_the_patch_are_run_once(monkeypatch: pytest.MonkeyPatch):
    network = next(c for c in RECURRENT if c.name == "gru").network()
    x, recurrence = network.inputs.sample(4, np.random.default_rng(0)), network.recurrence
    assert recurrence is not None
    taken, plain = [], type(recurrence.stepper).step
    monkeypatch.setattr(type(recurrence.stepper), "step", lambda self, *a: taken.append(1) or plain(self, *a))
    network.patched(x, {"hidden[3, :]": np.zeros((4, 5))})
    assert len(taken) == 6  # of 6
    network.patched(x, {"hidden[3, :]": np.ones((4, 5))})
    network.patched(x, {"hidden[1, :]": np.ones((4, 5))})
    assert len(taken) == 6 + 2 + 4
    network.read(x, "hidden")
    assert len(taken) == 12 + 2


@pytest.mark.parametrize("case", RECURRENT, ids=lambda c: c.name)
def test_one_step_for_each_row(case: Case):
    network, x, other = case.network(), inputs_of(case, 6), inputs_of(case, 6, seed=4)
    length = x.shape[1]
    steps = np.arange(6) % length
    values = network.read(other, "hidden")[Site("hidden")]
    together = network.patched_raw(x, {"hidden": values}, steps=steps)
    short = network.patched_raw(x, {"hidden": values[np.arange(6), steps]}, steps=steps)
    assert np.array_equal(together, short)
    for row, step in enumerate(steps):
        alone = network.patched_raw(x[row : row + 1], {f"hidden[{step}, :]": values[row : row + 1, step]})
        assert np.allclose(together[row], alone[0], atol=1e-5)


def test_parts_and_units_of_a_state():
    network = next(c for c in RECURRENT if c.name == "lstm").network()
    x = network.inputs.sample(4, np.random.default_rng(0))
    whole = network.read(x, "hidden")[Site("hidden")]
    values = network.read(x, ["layer1.cell[:, 1:3]", "hidden[2:4, [0, -1]]", "hidden[-1, 3]"])
    got = {str(site): value for site, value in values.items()}
    assert np.array_equal(got["layer1.cell[:, 1:3]"], whole[:, :, 13:15])
    assert np.array_equal(got["hidden[2:4, [0, -1]]"], whole[:, 2:4][..., [0, 15]])
    assert np.array_equal(got["hidden[-1, 3]"], whole[:, -1, 3:4])


def own_states(module: ReluCell, x: np.ndarray, patch) -> np.ndarray:
    """A plain loop over the cell, as a person would write it, with a patch after each step."""
    state, outputs = torch.zeros(len(x), 5), []
    with torch.no_grad():
        for t in range(x.shape[1]):
            state, y = module(state, torch.tensor(x[:, t], dtype=torch.float32))
            state = patch(t, state)
            outputs.append(y[:, 0])
    return torch.stack(outputs, 1).numpy()


def test_units_and_subspaces_against_a_plain_loop():
    module = cell()
    network = Network(module, inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    x = network.inputs.sample(5, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    rows = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
    site, new = network.site(Site("hidden").along(rows)), rng.normal(size=(5, 8, 2)).astype(np.float32)
    projection = torch.tensor(rows.T @ rows, dtype=torch.float32)

    def subspace(t: int, h: Tensor) -> Tensor:
        return h + (torch.tensor(new[:, t] @ rows, dtype=torch.float32) - h) @ projection

    assert np.allclose(network.patched_raw(x, {site: new}), own_states(module.cell, x, subspace), atol=1e-4)

    def units(t: int, h: Tensor) -> Tensor:
        return torch.cat([h[:, :1], torch.tensor(new[:, t]), h[:, 3:]], 1) if t in (2, 3) else h

    assert np.allclose(
        network.patched_raw(x, {"hidden[2:4, 1:3]": new[:, 2:4]}), own_states(module.cell, x, units), atol=1e-5
    )


def test_what_is_set_along_directions_is_what_is_read_there():
    """Reading a patched layer gives the values set; what is orthogonal to the directions is untouched."""
    network = Network(mlp(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    x = network.inputs.sample(5, np.random.default_rng(0))
    rows = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 3)))[0].T
    site = network.site(Site("0").along(rows))
    new = np.random.default_rng(2).normal(size=(5, 3))
    held = network.read(x, "0")[Site("0")]
    blended = held + (new - held @ rows.T) @ rows
    assert np.allclose(network.patched_raw(x, {site: new}), network.patched_raw(x, {"0": blended}), atol=1e-5)
    coordinates = network.read(x, [site])[site]
    assert coordinates.shape == (5, 3) and np.allclose(coordinates, held @ rows.T, atol=1e-5)


def test_what_readers_do_not_see_stays():
    """An oblique projection: directions say what moves, readers what it is read off by."""
    network = Network(mlp(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    x = network.inputs.sample(5, np.random.default_rng(0))
    site = network.site(Site("0").along(*np.random.default_rng(1).normal(size=(2, 3, 8))))
    new = np.random.default_rng(2).normal(size=(5, 3))
    held = network.read(x, "0")[Site("0")]
    directions, readers = np.array(site.directions), np.array(site.readers)
    blended = held + (new - held @ readers.T) @ directions
    assert np.allclose(blended @ readers.T, new)
    assert np.allclose(network.patched_raw(x, {site: new}), network.patched_raw(x, {"0": blended}), atol=1e-5)
    assert np.allclose(network.read(x, [site])[site], held @ readers.T, atol=1e-5)
    assert np.allclose(network.at(site).predict(x), held @ readers.T, atol=1e-5)


def test_values_are_read_before_later_layers_write_over_them():
    network = Network(mlp(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    x = network.inputs.sample(9, np.random.default_rng(0))
    values = network.read(x, ["0", "1"])
    assert (values[Site("0")] < 0).any() and (values[Site("1")] >= 0).all()


def test_layers_of_a_sequence_have_positions():
    network = Network(Attention(), inputs=Tokens(4, length=5), outputs=Category(4, length=5))
    x, other = (network.inputs.sample(6, np.random.default_rng(seed)) for seed in (0, 1))
    assert network.sites == ("input", "embedding", "mix", "head", "output")
    source = network.read(other, "embedding[2, 0:4]")
    mixed = x.copy()
    mixed[:, 2] = other[:, 2]
    whole = network.read(other, "embedding")[Site("embedding")]
    assert np.allclose(network.patched_raw(x, {"embedding[2, :]": whole[:, 2]}), network.raw(mixed), atol=1e-5)
    assert next(iter(source.values())).shape == (6, 4)
    steps = np.array([0, 1, 2, 3, 4, 0])
    mixed = x.copy()
    mixed[np.arange(6), steps] = other[np.arange(6), steps]
    assert np.allclose(network.patched_raw(x, {"embedding": whole}, steps=steps), network.raw(mixed), atol=1e-5)


def test_images_are_patched_by_units():
    network = Network(cnn(), inputs=Image(2, 4, 4), outputs=Category(4))
    assert network.width("0") == 12 and network.width("input") == 32
    x = network.inputs.sample(3, np.random.default_rng(0))
    assert network.patched(x, {"0[4:8]": np.zeros((3, 4))}).shape == (3,)


class Fragile(nn.Module):
    """Fails when a value inside is large."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 3), nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        if bool((h > 100).any()):
            raise RuntimeError("too large")
        return self.second(h)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_graph_and_plain_hooks_give_the_same(case: Case):
    """Values inside, and outputs with part of them replaced, in networks that have a graph."""
    network = case.network()
    if network.recurrence is not None or network._runner.module is None:
        return
    x, other, hooks = inputs_of(case, 5), inputs_of(case, 5, seed=4), case.network()
    hooks._inside = Hooked(hooks._runner)
    for name in network.sites[1:-1]:
        values = network.read(other, name)
        for site, value in values.items():
            assert np.array_equal(value, hooks.read(other, name)[site])
        assert np.array_equal(network.patched_raw(x, values), hooks.patched_raw(x, values))
        for _ in range(2):  # afresh, and with what was kept
            (units,) = network.read(other, f"{name}[:, 0]" if values[Site(name)].ndim == 3 else f"{name}[0]").items()
            got = network.patched_raw(x, dict([units]))
            assert np.allclose(got, hooks.patched_raw(x, dict([units])), atol=1e-6)
    assert network.no_graph == ""


def test_attention_patterns_are_read_and_patched():
    network = Network(Attention(), inputs=Tokens(4, length=5), outputs=Category(4, length=5))
    x, other = (network.inputs.sample(6, np.random.default_rng(seed)) for seed in (0, 1))
    (whole,) = network.read(x, "mix.softmax").values()
    (head,) = network.read(x, "mix.softmax[1, :, 0:4]").values()
    pattern = whole.reshape(6, 2, 5, 5)
    assert np.allclose(pattern.sum(-1), 1, atol=1e-5) and np.array_equal(head, pattern[:, 1, :, :4].reshape(6, -1))
    assert np.allclose(network.patched_raw(x, network.read(x, "mix.softmax[1, :, :]")), network.raw(x), atol=1e-6)
    assert not np.allclose(network.patched_raw(x, network.read(other, "mix.softmax[1, :, :]")), network.raw(x))
    with pytest.raises(UserError, match="expected 3 indices"):
        network.site("mix.softmax[1, :]")
    with pytest.raises(UserError, match="got the site 'mix.nothing', expected one of input, embedding"):
        network.site("mix.nothing")


def test_what_has_no_graph_is_reached_by_hooks():
    network = Network(Fragile(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    x = network.inputs.sample(4, np.random.default_rng(0))
    values = network.read(x, "first")
    assert np.array_equal(network.patched_raw(x, values), network.raw(x))
    assert "depends on a computed number" in network.no_graph
    assert np.array_equal(pickle.loads(pickle.dumps(network)).read(x, "first")[Site("first")], values[Site("first")])


def test_nothing_stays_behind_when_the_forward_raises():
    network = Network(Fragile(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    x = network.inputs.sample(4, np.random.default_rng(0))
    before, y = traces(network), network.raw(x)
    with pytest.raises(UserError, match="RuntimeError from the network.*too large"):
        network.patched(x, {"first": np.full((4, 3), 1e3)})
    assert unchanged(before, network) and np.array_equal(network.raw(x), y)


@pytest.mark.parametrize(
    "site, values, reason",
    [
        ("nowhere", 0, "expected one of hidden"),
        ("hidden[0:2]", 0, "without a step"),
        ("hidden[:, 0:9]", 0, "units from 0 to 4"),
        ("hidden[:, [0, -5]]", 0, "different units"),
        ("hidden[:, 7]", 0, "units from 0 to 4"),
        ("hidden[9, :]", 0, "a step below 8"),
        ("hidden[9:, :]", 0, "at least one step"),
        ("hidden.along([[1.0, 0.0]])", 0, "directions of 2 units, expected 5"),
        ("hidden[:, 0:2]", np.zeros((4, 8, 3)), r"expected \(4, 8, 2\)"),
        ("hidden[:, 0:2]", np.full((4, 8, 2), np.nan), "NaN"),
    ],
)
def test_sites_and_values_that_do_not_fit(site: str, values: object, reason: str):
    network = Network(cell(), inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    with pytest.raises(UserError, match=reason):
        network.patched(np.zeros((4, 8, 2), int), {site: np.asarray(values)})


@pytest.mark.parametrize(
    "site, steps, reason",
    [
        ("hidden[2, :]", np.zeros(4, int), "expected a site with all steps"),
        ("hidden", np.zeros(3, int), r"expected \(4,\) whole numbers"),
        ("hidden", np.zeros(4), "whole numbers"),
        ("hidden", np.full(4, 8), "expected 0 to 7"),
    ],
)
def test_steps_that_do_not_fit(site: str, steps: np.ndarray, reason: str):
    network = Network(cell(), inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    with pytest.raises(UserError, match=reason):
        network.patched(np.zeros((4, 8, 2), int), {site: np.zeros((4, 8, 5))}, steps=steps)


def test_sites_without_steps_take_none():
    network = Network(mlp(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    with pytest.raises(UserError, match="it has no steps"):
        network.site("0[:, 1]")
    with pytest.raises(UserError, match="expected a site with all steps"):
        network.patched(np.zeros((1, 2)), {"0": np.zeros((1, 8))}, steps=np.zeros(1, int))


def test_one_unit_may_come_without_its_axis():
    network = Network(cell(), inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    x = network.inputs.sample(3, np.random.default_rng(0))
    assert np.array_equal(
        network.patched_raw(x, {"hidden[:, 1]": np.ones((3, 8))}),
        network.patched_raw(x, {"hidden[:, 1]": np.ones((3, 8, 1))}),
    )


def test_a_shared_layer_is_no_site():
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = nn.Linear(2, 2), nn.Linear(2, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.layer(torch.relu(self.layer(x))))

    network = Network(Shared(), inputs=Reals(-1, 1, channels=2), outputs=Reals())
    assert network.sites == ("input", "head", "output")


def test_an_empty_batch_is_answered_with_nothing():
    network = Network(Recurrent(ReluCell(), torch.zeros(5)), inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    x = np.zeros((0, 8, 2), int)
    assert network.patched(x, {"hidden": np.zeros((0, 8, 5))}).shape == (0, 8)
    assert network.read(x, "hidden[:, 0:2]")[Site.parse("hidden[:, 0:2]")].shape == (0, 8, 2)
