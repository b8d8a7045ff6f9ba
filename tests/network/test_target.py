"""A place inside a network as a network of its own: it answers what is read there, and is a network in every way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from networks import CASES, Case, inputs_of
from torch import nn

from scrutable.errors import UserError
from scrutable.network import Bits, Columns, Network, Reals

THREE = Columns(["a", "b", "c"], lo=-2, hi=2)


def network_of(case: Case) -> Network:
    return case.network()


def perceptron(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    module = nn.Sequential()
    for name, part in (("fc1", nn.Linear(3, 6)), ("relu", nn.ReLU()), ("fc2", nn.Linear(6, 1))):
        module.add_module(name, part)
    return Network(module, inputs=THREE, outputs=Reals())


def places(network: Network) -> list[str]:
    """Every place, whole, one unit of it, and at one step where there are steps."""
    found = []
    for name in network.sites:
        if name == "input":
            continue
        try:
            network.site(f"{name}[:, 0]")
        except UserError:
            found += [name, f"{name}[0]"]
        else:
            found += [name, f"{name}[:, 0]", f"{name}[-1, 0]"]
    return found


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_target_answers_what_is_read_there(case: Case) -> None:
    network, x = network_of(case), inputs_of(case, 20)
    for place in places(network):
        target = network.at(place)
        (read,) = network.read(x, place).values()
        assert np.allclose(target.raw(x).reshape(read.shape), read, atol=1e-5), place
        assert target.outputs.kind == "Reals"


def test_units_and_directions() -> None:
    network = perceptron()
    x = THREE.sample(200, np.random.default_rng(0))
    direction = np.array([0.6, 0.0, 0.8, 0.0, 0.0, 0.0])
    for site in (network.site("fc1[1:3]"), network.site("fc1").along(direction[None])):
        (read,) = network.read(x, site).values()
        assert np.allclose(network.at(site).raw(x).reshape(read.shape), read, atol=1e-6)


def test_a_relu_unit_as_a_bit_says_whether_it_is_active() -> None:
    network = perceptron()
    x = THREE.sample(200, np.random.default_rng(0))
    (before,) = network.read(x, "fc1[3]").values()
    active = network.at("relu[3]", Bits(threshold=0.0))
    assert (active.predict(x) == (before[:, 0] > 0)).all()
    assert network.at("relu[3]", "Bits(threshold=0.0)").outputs == active.outputs


def test_what_comes_before_the_target_can_be_read_and_patched_and_the_rest_is_gone() -> None:
    network = perceptron()
    target = network.at("relu[2]")
    assert {"fc1", "relu"} <= set(target.sites) and "fc2" not in target.sites
    x = THREE.sample(10, np.random.default_rng(0))
    for name in ("fc1", "relu"):
        (ours,), (theirs,) = target.read(x, name).values(), network.read(x, name).values()
        assert np.allclose(ours, theirs)
    assert np.allclose(target.patched(x, {"fc1[2]": np.full((10, 1), 7.5)}), 7.5)
    assert network.read(x, "fc2") and target.name.endswith("at relu[2]")


def test_weight_controls_and_layers() -> None:
    network = perceptron()
    target = network.at("fc1[3]")
    x = THREE.sample(10, np.random.default_rng(0))
    for other in (target.reinitialised(1), target.permuted(1)):
        assert other is not None and not np.allclose(other.raw(x), target.raw(x))
    assert target.layers is not None and len(target.layers) == 1
    assert np.allclose(target.raw(x), network.at("fc1[3]").raw(x))


def test_a_target_of_a_target() -> None:
    network = perceptron()
    x = THREE.sample(10, np.random.default_rng(0))
    (read,) = network.read(x, "fc1[2]").values()
    assert np.allclose(network.at("relu").at("fc1[2]").raw(x), read[:, 0])


def test_what_cannot_be_followed_is_stopped_while_it_runs() -> None:
    class Branching(nn.Module):
        """Its forward depends on the values."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.relu(self.first(x))
            return self.second(h if bool((h >= 0).all()) else -h)

    network = Network(Branching(), inputs=THREE, outputs=Reals())
    target = network.at("first[1]")
    x = THREE.sample(10, np.random.default_rng(0))
    (read,) = network.read(x, "first[1]").values()
    assert np.allclose(target.raw(x), read[:, 0]) and "second" not in target.sites
    other = target.reinitialised(0)
    assert other is not None and not np.allclose(other.raw(x), target.raw(x))


def test_mistakes() -> None:
    network = perceptron()
    with pytest.raises(UserError, match="behind the input"):
        network.at("input[0]")
    with pytest.raises(UserError, match="expected one of"):
        network.at("nowhere")
    with pytest.raises(UserError, match="cannot make a network"):
        network.at("fc1", "Bits(channels=4)")


def test_the_command_explains_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import scrutable.cli._work as work
    from scrutable.cli import _explain

    seen: list[tuple[Network, str]] = []
    monkeypatch.setattr(work, "loaded", lambda *_, **__: perceptron())
    monkeypatch.setattr(work, "carry_out", lambda made, _, network, **__: seen.append((network, made.command)))
    from scrutable.examples import example

    model = example("binary_addition").path
    monkeypatch.chdir(tmp_path)
    _explain.explain(model, target="relu[3]", target_outputs="Bits(threshold=0.0)")
    network, command = seen[0]
    assert network.outputs == Bits(threshold=0.0) and "--target 'relu[3]' --target-outputs" in command
    with pytest.raises(UserError, match="without --target"):
        _explain.explain(model, target_outputs="Reals()")
