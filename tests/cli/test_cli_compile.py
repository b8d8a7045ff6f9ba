"""`scrutable compile`: a file of Python in, weights and a description out."""

from __future__ import annotations

import json
from pathlib import Path

PROGRAM = '''
def histogram(tokens: list[int]):
    """How often each token occurs."""
    same = select(tokens, tokens, "==")
    return widths(same)
'''


def test_compile_writes_what_inspect_reads(run, tmp_path: Path) -> None:
    (tmp_path / "histogram.py").write_text(PROGRAM)
    done = run("compile", "histogram.py", "--inputs", "Tokens(3, length=4)", "--rotate", "--dead-heads", 1)
    assert (done.code, done.err) == (0, "")
    assert "120 of 120 inputs (every input)" in done.out
    assert "blocks.0.attention.0  width  output    same" in done.out
    shown = run("inspect", "histogram.safetensors")
    assert shown.code == 0 and "yes: the file names" in shown.out and "Category(5, length=4)" in shown.out


def test_compile_prints_json(run, tmp_path: Path) -> None:
    (tmp_path / "histogram.py").write_text(PROGRAM)
    done = run(
        "compile",
        "histogram.py",
        "--inputs",
        "Tokens(6, length=9)",
        "--noise",
        0.001,
        "--out",
        "n.safetensors",
        "--json",
    )
    data = json.loads(done.out)
    assert done.code == 0 and data["weights"] == "n.safetensors" and (tmp_path / "n.json").exists()
    assert data["agreement"]["n"] > data["agreement"]["equal"] > 0 or data["agreement"]["counter_example"] is None
    assert not data["agreement"]["exhaustive"] and 0 <= data["agreement"]["interval"]["low"] < 1
    assert data["undisturbed"]["equal"] == data["undisturbed"]["n"]


def test_nothing_in_the_program_is_run(run, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(f"open('ran', 'w').close()\n{PROGRAM}")
    assert run("compile", "bad.py", "--inputs", "Tokens(2, length=3)").code == 0
    assert not (tmp_path / "ran").exists()


def test_every_mistake_at_once(run, tmp_path: Path) -> None:
    done = run("compile", "absent.py", "--inputs", "Tokens(3, length=4)", "--noise", 7, "--out", "x.pt", "--seed", -1)
    assert done.code == 2
    for words in ("absent.py", "noise 7", "x.safetensors", "--seed -1"):
        assert words in done.err


def test_a_printed_program_can_be_compiled(run, tmp_path: Path) -> None:
    from scrutable.program import read_program

    (tmp_path / "printed.py").write_text(read_program(PROGRAM).source)
    assert run("compile", "printed.py", "--inputs", "Tokens(3, length=4)").code == 0


def test_what_was_compiled_can_be_verified_with_the_very_text(run, tmp_path: Path) -> None:
    (tmp_path / "histogram.py").write_text(PROGRAM)
    assert run("compile", "histogram.py", "--inputs", "Tokens(2, length=3)").code == 0
    words = ("--budget", "5s", "--json")
    done = run("verify", "histogram.safetensors", "--hypothesis", "histogram.py:histogram", *words)
    assert json.loads(done.out)["headline"].startswith("Behavioural: equal to the network on its whole domain")
    missing = run("verify", "histogram.safetensors", "--hypothesis", "histogram.py:widths", *words)
    assert missing.code == 2 and "there are: histogram" in missing.err
