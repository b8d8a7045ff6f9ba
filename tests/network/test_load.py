"""Loading: safe by default, one clear sentence for every mistake, nothing executed."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from scrutable.errors import UserError
from scrutable.network import inspect_file, load

INPUTS, OUTPUTS = "Reals(-1.0, 1.0, channels=2)", "Reals()"


def make_net() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 1))


class Whole(nn.Module):
    """A module that is pickled whole."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


class Payload:
    """Creates a folder when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


ARCHITECTURE = f"{__name__}:make_net"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, Path]:
    module = make_net()
    paths = {end: tmp_path / f"net.{end}" for end in ("safetensors", "pt", "pth")}
    save_file(module.state_dict(), paths["safetensors"])
    torch.save(module.state_dict(), paths["pt"])
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in module.state_dict().items()}}, paths["pth"])
    return paths


def test_every_safe_format_gives_the_same_network(weights: dict[str, Path]):
    networks = [load(path, ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS) for path in weights.values()]
    x = networks[0].inputs.sample(8, np.random.default_rng(0))
    for network, path in zip(networks, weights.values(), strict=True):
        assert np.array_equal(network.predict(x), networks[0].predict(x))
        facts = network.facts
        assert facts.file == path.name and facts.sha256 == inspect_file(path).sha256 and facts.name == "net"
        assert facts.format == ("safetensors" if path.suffix == ".safetensors" else "state dict")
        assert any("own forward" in check for check in facts.checks)
        assert any("fill the architecture exactly" in check for check in facts.checks)


def test_old_style_checkpoints(tmp_path: Path):
    path = tmp_path / "old.pt"
    torch.save(make_net().state_dict(), path, _use_new_zipfile_serialization=False)
    assert load(path, ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS).facts.format == "state dict"


def test_double_precision_stays(tmp_path: Path):
    save_file(make_net().double().state_dict(), tmp_path / "net.safetensors")
    network = load(tmp_path / "net.safetensors", ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS)
    assert network.facts.dtype == "float64"


def test_metadata_give_domains_and_our_own_architectures_only(tmp_path: Path):
    path = tmp_path / "net.safetensors"
    spec = {"scrutable.inputs": INPUTS, "scrutable.outputs": OUTPUTS, "scrutable.architecture": ARCHITECTURE}
    save_file(make_net().state_dict(), path, metadata=spec)
    assert load(path, ARCHITECTURE).inputs.spec == INPUTS
    with pytest.raises(UserError, match="used only if you give it"):
        load(path)
    ours = {
        "scrutable.inputs": "Columns(['a', 'b'], lo=0, hi=15, integer=True)",
        "scrutable.outputs": "Integers()",
        "scrutable.architecture": "scrutable.examples._modules:distance_mlp",
    }
    from scrutable.examples._modules import distance_mlp

    save_file(distance_mlp().state_dict(), path, metadata=ours)
    assert load(path).predict(np.array([[3, 4]])).shape == (1,)
    for bad in (
        "scrutable.examples.train:main",
        "scrutable.examples._modules:torch",
        "scrutable.examples.no:x",
        "os:abort",
    ):
        save_file(distance_mlp().state_dict(), path, metadata={**ours, "scrutable.architecture": bad})
        with pytest.raises(UserError, match="without an architecture|expected"):
            load(path)


@pytest.mark.parametrize(
    "architecture, reason",
    [
        ("no_colon", 'expected "package.module:function"'),
        ("a:b:c", 'expected "package.module:function"'),
        ("no_such_module_here:f", "no module named 'no_such_module_here'"),
        (f"{__name__}:nothing", "no 'nothing' in"),
        (f"{__name__}:INPUTS", "is a str, expected a function"),
        (f"{__name__}:Payload", "expected it to take no arguments"),
        ("collections:OrderedDict", "expected an nn.Module"),
    ],
)
def test_architectures_that_cannot_be_used(weights: dict[str, Path], architecture: str, reason: str):
    with pytest.raises(UserError, match=reason):
        load(weights["safetensors"], architecture, inputs=INPUTS, outputs=OUTPUTS)


def test_architectures_come_from_the_current_directory_too(
    weights: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    layers = "nn.Linear(2, 3), nn.Tanh(), nn.Identity(), nn.Linear(3, 1)"
    text = f"from torch import nn\ndef make():\n    return nn.Sequential({layers})"
    (tmp_path / "nets_of_this_test.py").write_text(text)
    (tmp_path / "broken_of_this_test.py").write_text("import no_such_thing_of_this_test")
    before = list(sys.path)
    load(weights["pt"], "nets_of_this_test:make", inputs=INPUTS, outputs=OUTPUTS)
    assert sys.path == before
    with pytest.raises(UserError, match="no module named 'no_such_thing_of_this_test'; broken_of_this_test imports it"):
        load(weights["pt"], "broken_of_this_test:make", inputs=INPUTS, outputs=OUTPUTS)
    assert sys.path == before


def test_weights_that_do_not_fit_name_every_kind_of_mismatch(tmp_path: Path):
    state = {"0.weight": torch.zeros(3, 9), "0.bias": torch.zeros(3), **{f"extra{i}": torch.zeros(1) for i in range(6)}}
    save_file(state, tmp_path / "net.safetensors")
    with pytest.raises(UserError) as error:
        load(tmp_path / "net.safetensors", ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS)
    text = str(error.value)
    assert "without 3.weight, 3.bias" in text and "extra0, extra1, extra2, extra3 and 2 more" in text
    assert "0.weight (3, 9), not (3, 2)" in text


def test_domains_are_asked_for(weights: dict[str, Path]):
    with pytest.raises(UserError, match="got no inputs and no outputs"):
        load(weights["pt"], ARCHITECTURE)
    with pytest.raises(UserError, match="without an architecture"):
        load(weights["pt"], inputs=INPUTS, outputs=OUTPUTS)


def unsafe(folder: Path) -> dict[str, Path]:
    whole = Whole()
    paths = {
        name: folder / name for name in ("whole.pt", "script.pt", "net.pkl", "net.joblib", "old.pt", "zipped.joblib")
    }
    torch.save(whole, paths["whole.pt"])
    torch.save(whole, paths["old.pt"], _use_new_zipfile_serialization=False)
    with paths["net.pkl"].open("wb") as file:
        pickle.dump(whole, file)
    joblib.dump(whole, paths["net.joblib"])
    joblib.dump(whole, paths["zipped.joblib"], compress=3)
    return {name: path for name, path in paths.items() if path.exists()}


def test_files_that_run_code_are_refused_and_load_on_trust(tmp_path: Path):
    for name, path in unsafe(tmp_path).items():
        facts = inspect_file(path)
        assert not facts.safe
        with pytest.raises(UserError, match=r"can run any code when it is loaded.*--trust \(trust=True\)") as error:
            load(path, inputs=INPUTS, outputs=OUTPUTS)
        assert name == "zipped.joblib" or "Whole" in str(error.value), f"{name}: {error.value}"
        network = load(path, inputs=INPUTS, outputs=OUTPUTS, trust=True)
        assert network.predict(np.zeros((2, 2))).shape == (2,)
        assert any("on trust" in check for check in network.facts.checks)


@pytest.mark.filterwarnings("ignore")
def test_scripted_and_exported_programs_need_trust(tmp_path: Path):
    torch.jit.script(nn.Linear(2, 1)).save(tmp_path / "script.pt")
    batch = torch.export.Dim("batch", min=1, max=4096)
    exported = torch.export.export(nn.Linear(2, 1), (torch.zeros(3, 2),), dynamic_shapes=({0: batch},))
    torch.export.save(exported, tmp_path / "net.pt2")
    for name, what in (("script.pt", "TorchScript"), ("net.pt2", "torch.export")):
        assert inspect_file(tmp_path / name).format == what
        with pytest.raises(UserError, match=f"{what}.*--trust"):
            load(tmp_path / name, inputs=INPUTS, outputs=OUTPUTS)
        network = load(tmp_path / name, inputs=INPUTS, outputs=OUTPUTS, trust=True)
        assert network.predict(np.zeros((2, 2))).shape == (2,)


def test_an_estimator_on_trust(tmp_path: Path):
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    joblib.dump(tree, tmp_path / "tree.joblib")
    network = load(tmp_path / "tree.joblib", inputs="Bits(channels=2)", outputs="Category(2)", trust=True)
    assert network.predict(network.inputs.enumerate()).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("end", ["pt", "pth", "pkl", "joblib", "safetensors", "bin"])
def test_a_payload_is_never_run(tmp_path: Path, end: str):
    mark, path = tmp_path / "executed", tmp_path / f"net.{end}"
    torch.save({"weight": Payload(mark)}, path)
    for attempt in (inspect_file, lambda p: load(p, ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS)):
        try:
            attempt(path)
        except UserError as error:
            assert "expected" in str(error)
    path.write_bytes(pickle.dumps(Payload(mark)))
    for attempt in (inspect_file, lambda p: load(p, ARCHITECTURE, inputs=INPUTS, outputs=OUTPUTS)):
        try:
            attempt(path)
        except UserError as error:
            assert "expected" in str(error)
    assert not mark.exists()
    pickle.loads(path.read_bytes())
    assert mark.exists(), "the payload works, so the test can fail"


def test_the_names_of_a_payload_are_told(tmp_path: Path):
    torch.save({"weight": Payload(tmp_path / "x")}, tmp_path / "net.pt")
    assert "mkdir" in inspect_file(tmp_path / "net.pt").reason


def test_files_that_are_not_there_or_not_models(tmp_path: Path):
    with pytest.raises(UserError, match="no file of that name"):
        inspect_file(tmp_path / "none.pt")
    with pytest.raises(UserError, match="no file of that name"):
        inspect_file(tmp_path)
    (tmp_path / "text.txt").write_text("hello")
    assert inspect_file(tmp_path / "text.txt").format == "unknown"
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(UserError, match="expected a state dict: tensors by name"):
        inspect_file(tmp_path / "list.pt")


def test_inspecting_safetensors_needs_no_torch(weights: dict[str, Path]):
    import subprocess

    code = (
        "import sys; from scrutable.network import inspect_file; f = inspect_file(sys.argv[1]); "
        "assert (f.parameters, f.dtype, f.safe) == (13, 'float32', True), f; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, weights["safetensors"]], check=False).returncode == 0
