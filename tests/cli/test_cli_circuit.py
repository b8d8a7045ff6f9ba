"""`scrutable circuit`: the circuit of a compiled network, its files, and what can be got wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli_mistakes import refused

PROGRAM = '''
def earlier(tokens: list[int]):
    """How many tokens there are up to each position."""
    return widths(select(positions(tokens), positions(tokens), "<="))
'''


@pytest.fixture
def network(run, tmp_path: Path) -> Path:
    """A network compiled from a program."""
    (tmp_path / "earlier.py").write_text(PROGRAM)
    assert run("compile", "earlier.py", "--inputs", "Tokens(2, length=3)", "--dead-heads", 1).code == 0
    return tmp_path / "earlier.safetensors"


def test_the_circuit_is_printed_and_written(run, network: Path, tmp_path: Path) -> None:
    words = ("--budget", "1s", "--ablation", "zero", "--align", "n=blocks.0.attention", "--out", "c", "--json")
    done = run("circuit", network, *words)
    assert (done.code, done.err) == (0, "")
    said, written = json.loads(done.out), json.loads((tmp_path / "c" / "circuit.json").read_text())
    assert said["edges"] == written["edges"] and said["ablations"] == ["zero"] and said["method"] == "contexts"
    kept = [edge for edge in written["edges"] if edge["kept"]]
    assert kept and not any("blocks.0.attention.1" in (edge["source"], edge["target"]) for edge in kept)
    assert {(s["name"], s["ablation"]) for s in written["scores"]} <= {
        (name, kind) for name in ("faithfulness", "completeness", "minimality") for kind in ("zero", "resample")
    }
    assert (tmp_path / "c" / "circuit.html").read_text().startswith("<!doctype html>")
    refused(run("circuit", network, "--out", "c"), "holds a circuit already")


def test_mistakes_are_said_at_once(run, network: Path) -> None:
    refused(
        run("circuit", network, "--budget", "soon", "--seed", -1, "--align", "carry"), "'soon'", "--seed -1", "--align"
    )
    refused(run("circuit", network, "--method", "magic"), "got the method 'magic'", "contexts")
    refused(run("circuit", network, "--ablation", "noise"), "noise", "resample anywhere")
