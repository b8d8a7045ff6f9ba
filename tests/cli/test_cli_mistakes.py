"""What a user can get wrong: one clear sentence, exit code 2, nothing half-written."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import studies

BITS = "Bits(length=10, channels=2)"


def refused(done, *parts: str) -> None:
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.startswith("error: ") and done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err, done.err


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--budget", "soon"], ["got the budget 'soon'", '"60s"']),
        (["--budget", "0.1s"], ["expected at least 0.5 s"]),
        (["--seed", "-1"], ["got --seed -1, expected at least 0"]),
        (["--jobs", "0"], ["got --jobs 0, expected at least 1"]),
        (["--require", "great"], ["got --require great", "supported"]),
        (["--inputs", "Bits("], ["got 'Bits('", "expected"]),
        (["--outputs", "__import__('os')"], ["expected one of Bits"]),
        (
            ["--data", "none.npz"],
            ["got none.npz, expected inputs as .npz, .npy or .csv; there is no file of that name"],
        ),
        (["--resume"], ["got --resume without --out"]),
        (["--seed", "x"], ["'--seed'", "--help"]),
        (["--nonsense"], ["No such option", "scrutable explain --help"]),
    ],
)
def test_bad_options(run, model: Path, tmp_path: Path, words: list[str], parts: list[str]) -> None:
    refused(run("explain", model, *words), *parts)
    assert everything(tmp_path) == set()


def test_every_reason_is_given_at_once(run, tmp_path: Path) -> None:
    done = run("explain", "no.safetensors", "--data", "no.npy", "--inputs", "Bit()", "--budget", "x", "--require", "y")
    refused(done, "no.safetensors", "no.npy", "'Bit()'", "'x'", "--require y")
    assert everything(tmp_path) == set()


def test_unknown_commands_and_no_command(run) -> None:
    refused(run("explian"), "No such command 'explian'", "try: scrutable --help")
    assert run().code == 2


@pytest.mark.parametrize("command", ["explain", "inspect"])
def test_files_that_are_no_models(run, tmp_path: Path, command: str) -> None:
    refused(run(command, "missing.safetensors"), "there is no file of that name")
    refused(run(command, tmp_path), "got the folder")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    refused(run(command, "empty.safetensors"), "empty.safetensors")


def test_a_model_without_architecture_names_what_is_missing(run, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros((2, 2), np.float32)}, tmp_path / "m.safetensors")
    refused(run("explain", "m.safetensors", "--inputs", BITS, "--outputs", BITS), "architecture")
    refused(run("explain", "m.safetensors"), "inputs", "outputs")
    assert everything(tmp_path) == {"m.safetensors"}


def test_a_folder_that_holds_work_is_not_overwritten(run, pretend, model: Path, tmp_path: Path) -> None:
    pretend(studies.study())
    studies.nothing_found().save(tmp_path / "done")
    before = (tmp_path / "done" / "study.json").read_bytes()
    refused(run("explain", model, "--out", "done"), "holds a study already")
    assert (tmp_path / "done" / "study.json").read_bytes() == before
    (tmp_path / "begun" / ".work").mkdir(parents=True)
    (tmp_path / "begun" / ".work" / "item.json").write_text("{}")
    refused(run("explain", model, "--out", "begun"), "unfinished work", "--resume")
    (tmp_path / "file").write_text("")
    refused(run("explain", model, "--out", "file"), "which is a file")
    assert run("explain", model, "--out", "begun", "--resume").code == 0


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def test_pickled_data_are_refused_and_not_run(run, model: Path, tmp_path: Path) -> None:
    trap = tmp_path / "run"
    objects = np.array([Payload(trap)], dtype=object)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "x.npz", x=objects)
    for name in ("x.npy", "x.npz"):
        refused(run("explain", model, "--data", name), f"got {name}", "Python objects")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("x.npy", b"not numpy", "cannot be read"),
        ("x.npz", b"PK\x03\x04 broken", "cannot be read"),
        ("x.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1125899906842624,), }"
         + b" " * 38 + b"\n", "cannot be read"),
        ("x.csv", b"a,b\n1,2\n3,x\n", "'x' in row 3"),
        ("x.csv", b"1,2\n3\n", "rows of unequal length"),
        ("x.csv", b"", "no rows"),
        ("x.csv", b"\xff\xfe\x00", "cannot be read"),
        ("x.txt", b"1 2", "expected inputs as .npz, .npy or .csv"),
    ],
)  # fmt: skip
def test_damaged_data(run, model, tmp_path, name: str, content: bytes, part: str) -> None:  # noqa: PLR0917
    (tmp_path / name).write_bytes(content)
    refused(run("explain", model, "--data", name), name, part)
    assert everything(tmp_path) == {name}


def test_archives_need_an_array_named_x_or_only_one(run, pretend, model: Path, tmp_path: Path) -> None:
    stand_in = pretend(studies.study())
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    refused(run("explain", model, "--data", "two.npz"), "got two.npz with a, b, expected an array named x")
    np.savez(tmp_path / "x.npz", a=np.zeros(3), x=np.ones((4, 10, 2), int))
    assert run("explain", model, "--data", "x.npz").code == 0
    assert stand_in.asked is not None and stand_in.asked["data"].shape == (4, 10, 2)
    np.savez(tmp_path / "text.npz", x=np.array(["a"]))
    refused(run("explain", model, "--data", "text.npz"), "expected numbers")


def test_archives_that_unpack_to_too_much_are_refused(run, model: Path, tmp_path: Path, monkeypatch) -> None:
    import scrutable.cli._data

    monkeypatch.setattr(scrutable.cli._data, "LARGEST", 10_000)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\0" * 100_000)
    refused(run("explain", model, "--data", "bomb.npz"), "unpacks to more than")


def test_csv_with_and_without_a_header(run, pretend, model: Path, tmp_path: Path) -> None:
    stand_in = pretend(studies.study())
    for text, kind in (("a,b\n1,2\n3,4\n", "i"), ("1,2.5\n3,4\n", "f")):
        (tmp_path / "x.csv").write_text(text)
        assert run("explain", model, "--data", "x.csv").code == 0
        assert stand_in.asked is not None
        data = stand_in.asked["data"]
        assert data.shape == (2, 2) and data.dtype.kind == kind


def test_data_that_do_not_fit_the_domain(run, model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((3, 4), 7))
    refused(run("explain", model, "--data", "x.npy", "--inputs", BITS), "x.npy", "Bits(length=10, channels=2)")


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("mine.py", "expected FILE.PY:FUNCTION"),
        ("none.py:f", "there is no none.py"),
        ("mine.py:g", "there are: f"),
        ("broken.py:f", "is not Python (line 1)"),
        ("no_such_module_here:f", "expected one that can be found"),
    ],
)
def test_bad_hypotheses(run, model: Path, tmp_path: Path, spec: str, part: str) -> None:
    (tmp_path / "mine.py").write_text("def f(a, b):\n    return a\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    refused(run("verify", model, "--hypothesis", spec), part)


def test_a_hypothesis_is_never_run(run, pretend, model: Path, tmp_path: Path) -> None:
    pretend(studies.asked())
    trap = tmp_path / "trap"
    body = f"open({str(trap)!r}, 'w').close()\n"
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text(body)
    source = f"{body}\n\ndef f(a, b):\n    return [(x + y) % 2 for x, y in zip(a, b)]\n"
    (package / "mine.py").write_text(source)
    for spec in ("pack/mine.py:f", "pack.mine:f"):
        done = run("verify", model, "--hypothesis", spec)
        assert done.code == 0, done.err
    assert not trap.exists()
    assert "pack" not in sys.modules


def test_bad_alignments(run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(a, b):\n    return [(x + y) % 2 for x, y in zip(a, b)]\n")
    words = ["verify", model, "--hypothesis", "mine.py:f", "--align"]
    refused(run(*words, "carry"), "got --align 'carry', expected VARIABLE=SITE")
    refused(run(*words, "nothing=hidden"), "nothing")


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        (None, "", "there is nothing of that name"),
        ("other.txt", "x", "study.json"),
        ("study.json", "{", "not JSON"),
        ("study.json", "[]", "not a study"),
        ("study.json", '{"format": "scrutable-study", "version": 99}', "version"),
        ("study.json", '{"format": "scrutable-study", "version": 1}', "hypotheses"),
        ("study.json", '{"format": "scrutable-study", "version": 1, "hypotheses": []}', "damaged"),
    ],
)
def test_folders_that_hold_no_study(run, tmp_path: Path, name: str | None, content: str, part: str) -> None:
    if name is not None:
        (tmp_path / "s").mkdir()
        (tmp_path / "s" / name).write_text(content)
    refused(run("report", "s"), part)
    assert not (tmp_path / "s" / "report.html").exists()


def test_report_does_not_write_over_a_folder(run, tmp_path: Path) -> None:
    studies.study().save(tmp_path / "s")
    refused(run("report", "s", "--out", tmp_path), "which is a folder")


def test_ctrl_c_says_where_the_work_is_and_how_to_go_on(run, pretend, model: Path) -> None:
    pretend(studies.study(), stop=True)
    done = run("explain", model, "--seed", 4)
    assert (done.code, done.out) == (130, "")
    assert "the finished work is in runs/binary_addition" in done.err
    assert f"scrutable explain {model} --budget 60s --seed 4 --out runs/binary_addition --resume" in done.err


def test_faults_of_ours_are_short_unless_debug_is_given(run, pretend, model: Path, monkeypatch) -> None:
    import scrutable.explain

    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("the machine is tired\nand more")

    pretend(studies.study())
    monkeypatch.setitem(vars(scrutable.explain), "explain", broken)
    done = run("explain", model)
    assert done.code == 1
    assert done.err == "unexpected error: RuntimeError: the machine is tired; for the traceback add --debug\n"
    from scrutable.cli import main

    with pytest.raises(RuntimeError, match="tired"):
        main(["explain", str(model), "--debug"])


def test_names_with_control_characters_do_not_reach_the_terminal(run) -> None:
    done = run("inspect", "a\x1b[2Jb.safetensors")
    assert done.code == 2 and "\x1b" not in done.err
