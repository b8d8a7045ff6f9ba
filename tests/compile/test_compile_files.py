"""Compiled networks as files: what is written can be loaded again, and files that lie are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import sequence_programs as s
import torch
from safetensors.torch import load_file, save_file

import scrutable as sc
from scrutable.compile import Options, save
from scrutable.network import inspect_file
from scrutable.program import Program

TOKENS = "Tokens(3, length=4)"


@pytest.mark.parametrize("program", [s.SORT, s.FRACTION, s.NEXT_LARGER], ids=lambda p: p.name)
def test_a_saved_network_is_loaded_without_being_told_anything(program: Program, tmp_path: Path) -> None:
    compiled = sc.compile(program, TOKENS, Options(rotate=True, dead_heads=1))
    weights, described = save(compiled, tmp_path / "net.safetensors")
    loaded = sc.load(weights)
    x = sc.Tokens(3, length=4).enumerate()
    assert (loaded.raw(x) == compiled.network.raw(x)).all()
    assert (loaded.inputs, loaded.outputs) == (compiled.inputs, compiled.outputs)
    data = json.loads(described.read_text())
    assert Program.from_data(data["program"]) == program
    assert data["circuit"] == compiled.circuit.to_data()
    assert np.allclose(data["directions"]["x"], compiled.directions["x"])
    assert data["agreement"]["n"] == 120 and data["agreement"]["interval"] is None


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return save(sc.compile(s.HISTOGRAM, TOKENS), tmp_path / "net.safetensors")[0]


@pytest.mark.parametrize(
    "change",
    [
        {"width": 2**16, "blocks": [[2**16, 2**16, 2**16]] * 900},
        {"width": 17},
        {"blocks": [[1, 2]]},
        {"blocks": "many"},
        {"width": -1},
        {"unknown": 1},
    ],
    ids=str,
)
def test_sizes_that_are_not_those_of_the_file(written: Path, change: dict) -> None:
    metadata = dict(inspect_file(written).metadata)
    settings = json.loads(metadata["scrutable.settings"]) | change
    lying = written.with_name("lying.safetensors")
    save_file(load_file(written), lying, metadata=metadata | {"scrutable.settings": json.dumps(settings)})
    with pytest.raises(sc.UserError):
        sc.load(lying)


def test_settings_that_are_no_json(written: Path) -> None:
    metadata = dict(inspect_file(written).metadata) | {"scrutable.settings": "{"}
    broken = written.with_name("broken.safetensors")
    save_file(load_file(written), broken, metadata=metadata)
    with pytest.raises(sc.UserError, match="no sizes of a transformer"):
        sc.load(broken)


def test_a_file_cannot_name_another_function_of_the_room(written: Path) -> None:
    metadata = dict(inspect_file(written).metadata) | {"scrutable.architecture": "scrutable.compile._compile:compile"}
    other = written.with_name("other.safetensors")
    save_file(load_file(written), other, metadata=metadata)
    with pytest.raises(sc.UserError, match="without an architecture"):
        sc.load(other)


def test_the_module_runs_at_every_length() -> None:
    compiled = sc.compile(s.REVERSE, TOKENS)
    with torch.no_grad():
        for length in (1, 2, 3, 4):
            x = torch.zeros(2, length, dtype=torch.long)
            assert compiled.module(x).shape == (2, length, 3)
