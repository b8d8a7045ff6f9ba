"""Commands that work: what they print, what they write, which exit code they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import studies

HELP = ["--help"], ["explain", "--help"], ["demo", "-h"], ["--version"]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom scrutable.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'jinja2', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "scrutable" in done.stdout


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrutable.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("scrutable ") and done.stderr == ""


def test_help_lists_every_command(run) -> None:
    done = run("--help")
    assert done.code == 0
    for name in ("demo", "inspect", "explain", "verify", "report", "doctor"):
        assert name in done.out


def test_explain_prints_and_writes_the_study(run, pretend, model: Path, tmp_path: Path) -> None:
    stand_in = pretend(studies.study())
    done = run("explain", model, "--budget", "5m", "--seed", 3, "--jobs", 2)
    assert (done.code, done.err) == (0, "")
    assert "VERDICT  supported  every causal test and every control passed" in done.out
    assert "carry = total // 2" in done.out
    assert "interchange.carry" in done.out and "[0.962, 0.992]" in done.out
    folder = tmp_path / "runs" / "binary_addition"
    for name in ("report.html", "program.py", "study.json"):
        assert (folder / name).exists()
        assert str(Path("runs/binary_addition") / name) in done.out
    assert stand_in.asked is not None
    assert (stand_in.asked["budget"], stand_in.asked["seed"], stand_in.asked["jobs"]) == (300.0, 3, 2)
    assert stand_in.asked["command"] == f"scrutable explain {model} --budget 5m --seed 3"
    assert stand_in.asked["data"] is None


def test_each_run_gets_a_folder_of_its_own(run, pretend, model: Path, tmp_path: Path) -> None:
    pretend(studies.study())
    for name in ("binary_addition", "binary_addition-2", "binary_addition-3"):
        assert run("explain", model).code == 0
        assert (tmp_path / "runs" / name / "study.json").exists()


def test_the_command_is_repeated_as_it_was_given(run, pretend, model: Path) -> None:
    stand_in = pretend(studies.study())
    spec = "Bits(length=10, channels=2)"
    assert run("explain", model, "--inputs", spec, "--architecture", "nets:make", "--trust", "--out", "x").code == 0
    assert stand_in.asked is not None
    assert stand_in.asked["command"] == (
        f"scrutable explain {model} --architecture nets:make --inputs '{spec}' --trust --budget 60s --seed 0"
    )


def test_what_is_undecided_is_said(run, pretend, model: Path) -> None:
    open_ = studies.result("guard.lookup", "guard", "unknown", value=None, interval=None)
    open_ = replace(open_, reason="time ran out before this test")
    best = replace(studies.study().hypotheses[0], evidence=studies.evidence().with_results(open_))
    pretend(studies.study(hypotheses=(best,)))
    assert "undecided guard.lookup; a longer --budget may settle it" in run("explain", model).out


def test_json_is_the_only_thing_on_standard_output(run, pretend, model: Path) -> None:
    pretend(studies.study())
    done = run("explain", model, "--json")
    found = json.loads(done.out)
    assert done.err == ""
    assert found["verdict"] == "supported" and found["found"] is True
    assert found["program"] == studies.study().best.program.source
    assert [item["name"] for item in found["evidence"]] == [r.name for r in studies.evidence()]
    assert set(found["files"]) == {"report.html", "program.py", "study.json"}


def test_no_short_program_is_a_result(run, pretend, model: Path) -> None:
    pretend(studies.nothing_found())
    done = run("explain", model)
    assert (done.code, done.err) == (0, "")
    assert "VERDICT  no short program found" in done.out
    assert "def " not in done.out and "program.py" not in done.out
    found = json.loads(run("explain", model, "--json").out)
    assert (found["verdict"], found["program"], found["found"]) == (None, None, False)


@pytest.mark.parametrize(
    ("study", "required", "code"),
    [
        (studies.study, "supported", 0),
        (studies.study, "behavioural", 0),
        (studies.study, "proved", 3),
        (studies.nothing_found, "behavioural", 3),
        (studies.nothing_found, None, 0),
    ],
)
def test_a_required_verdict_decides_the_exit_code(run, pretend, model: Path, study, required, code) -> None:  # noqa: PLR0917
    pretend(study())
    assert run("explain", model, *(["--require", required] if required else [])).code == code


def test_demo_writes_its_folder_again_and_again(run, pretend, tmp_path: Path) -> None:
    stand_in = pretend(studies.study())
    for _ in range(2):
        done = run("demo")
        assert done.code == 0
        assert (tmp_path / "scrutable-demo" / "report.html").exists()
    assert stand_in.asked is not None and stand_in.asked["command"] == "scrutable demo --budget 60s --seed 0"


def test_verify_shows_a_refuted_hypothesis_as_no_answer(run, pretend, model: Path, tmp_path: Path) -> None:
    stand_in = pretend(studies.asked())
    (tmp_path / "mine.py").write_text("def mine(a, b):\n    return [(x + y) % 2 for x, y in zip(a, b)]\n")
    done = run("verify", model, "--hypothesis", "mine.py:mine")
    assert done.code == 0
    assert "VERDICT  refuted" in done.out
    assert "hypothesis (not an answer)" in done.out
    assert stand_in.hypothesis.provenance.proposer == "person"
    assert run("verify", model, "--hypothesis", "mine.py:mine", "--require", "behavioural").code == 3


def test_report_is_written_from_the_study_alone(run, tmp_path: Path) -> None:
    studies.study().save(tmp_path / "old")
    done = run("report", "old")
    assert done.code == 0 and "wrote    old/report.html" in done.out
    assert "Supported" in (tmp_path / "old" / "report.html").read_text()
    found = json.loads(run("report", tmp_path / "old" / "study.json", "--out", "new/page.html", "--json").out)
    assert found["verdict"] == "supported"
    assert (tmp_path / "new" / "page.html").exists()


def test_report_needs_no_torch(tmp_path: Path) -> None:
    studies.study().save(tmp_path)
    code = (
        "import sys\nfrom scrutable.cli import main\n"
        f"try:\n    main(['report', {str(tmp_path)!r}])\nexcept SystemExit as left:\n    assert not left.code\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_inspect_reads_the_header_alone(run, model: Path) -> None:
    done = run("inspect", model)
    assert done.code == 0
    assert "safetensors, safe to load" in done.out and "sha256" in done.out
    assert "f.0.weight" in done.out and "32 x 10" in done.out
    found = json.loads(run("inspect", model, "--json").out)
    assert found["parameters"] > 0 and found["format"] == "safetensors" and "network" not in found


def test_inspect_with_the_architecture_shows_sites_and_recurrence(run, model: Path) -> None:
    words = ["--architecture", "scrutable.examples._modules:relu_rnn"]
    words += ["--inputs", "Bits(length=10, channels=2)", "--outputs", "Bits(length=10)"]
    done = run("inspect", model, *words)
    assert done.code == 0, done.err
    assert "a state of 8 numbers" in done.out and "hidden" in done.out
    assert "yes: outputs, and the state at every step" in done.out
    assert "hidden" in json.loads(run("inspect", model, *words, "--json").out)["network"]["sites"]


def test_doctor(run) -> None:
    done = run("doctor", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert set(found) == {"system", "packages", "import", "optional"}
    assert found["import"]["numpy"].endswith(" s")


def test_no_colour_in_pipes_and_no_control_characters(run, pretend, model: Path) -> None:
    pretend(studies.hostile())
    assert "\x1b" not in run("explain", model).out
    evil = studies.study(attempts=(studies.Attempt("a\x1b[2J", "b\x07", "[bold]c[/bold]", 1.0),))
    pretend(evil)
    done = run("explain", model)
    assert "\x1b" not in done.out and "\x07" not in done.out
    assert "[bold]c[/bold]" in done.out


def test_colours_are_switched_off_by_no_color(pretend, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scrutable.cli._console import output

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    console = output()
    with console.capture() as got:
        console.print("x", style="bold red")
    assert "31" not in got.get()


def test_labels_go_with_the_data(run, pretend, model: Path, tmp_path: Path) -> None:
    stand_in = pretend(studies.study())
    np.save(tmp_path / "x.npy", np.zeros((20, 10, 2)))
    np.save(tmp_path / "y.npy", np.ones((20, 10)))
    np.save(tmp_path / "few.npy", np.ones((3, 10)))
    assert run("explain", model, "--data", tmp_path / "x.npy", "--labels", tmp_path / "y.npy").code == 0
    assert stand_in.asked is not None and (stand_in.asked["labels"] == 1).all()
    done = run("explain", model, "--data", tmp_path / "x.npy", "--labels", tmp_path / "few.npy")
    assert done.code == 2 and "got 3 labels for 20 rows" in done.err
