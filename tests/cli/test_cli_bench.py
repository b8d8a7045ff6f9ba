"""`scrutable bench`: chooses cases, writes its tables, goes on after a stop, and starts without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RUN = Callable[..., Any]
ONE = ("bench", "synthesis", "--family", "fixed grammar", "--only", "fixed-grammar/00", "--budget", "10s")


def test_a_small_run_writes_its_tables(run: RUN, tmp_path: Path) -> None:
    done = run(*ONE, "--out", "out")
    assert done.code == 0, done.err
    assert "1 of 1" in done.out
    assert "fixed-grammar/00" in (tmp_path / "out" / "table.md").read_text()
    data = json.loads((tmp_path / "out" / "rows.json").read_text())
    assert data["suite"] == "synthesis"
    assert data["rows"][0]["solved"]
    assert data["environment"]["cores"]


def test_json_alone_on_standard_output(run: RUN) -> None:
    done = run(*ONE, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["summary"][0]["solved"]["count"] == 1


def test_a_folder_with_rows_is_resumed_and_never_begun_again_unasked(run: RUN) -> None:
    assert run(*ONE, "--out", "out").code == 0
    refused = run(*ONE, "--out", "out")
    assert refused.code == 2
    assert "--resume" in refused.err
    first = json.loads(run(*ONE, "--out", "out", "--resume", "--json").out)
    again = json.loads(run(*ONE, "--out", "out", "--resume", "--json").out)
    assert first["rows"] == again["rows"]


def test_networks_that_are_not_trained_are_said_to_be_missing(run: RUN, tmp_path: Path) -> None:
    words = ("bench", "recurrent", "--family", "small", "--only", "Bitwise", "--networks", "nowhere", "--out", "out")
    done = run(*words)
    assert done.code == 0, done.err
    assert "not trained: 4" in done.out
    assert "train_recurrent.py Bitwise_Xor" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(("words", "reason"), [
    (("bench", "nonsense"), "synthesis"),
    (("bench", "synthesis", "--family", "nonsense"), "expected one of integer"),
    (("bench", "feedforward", "--only", "nonsense"), "matches no case"),
    (("bench", "recurrent", "--family", "nonsense"), "expected one of small, generous, outside, language"),
    (("bench", "synthesis", "--budget", "soon"), "expected a time"),
    (("bench", "synthesis", "--jobs", "0"), "--jobs"),
    (("bench", "synthesis", "--resume"), "--out"),
])  # fmt: skip
def test_mistakes_are_one_sentence(run: RUN, words: tuple[str, ...], reason: str) -> None:
    done = run(*words)
    assert done.code == 2
    assert reason in done.err
    assert "Traceback" not in done.err


def test_ctrl_c_says_how_to_go_on(run: RUN, monkeypatch: pytest.MonkeyPatch) -> None:
    import scrutable.bench

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scrutable.bench, "run_cases", stop)
    done = run(*ONE, "--out", "some where")
    assert done.code == 130
    assert "scrutable bench synthesis" in done.err
    assert "'some where' --resume" in done.err


def test_help_needs_no_torch() -> None:
    code = (
        "import sys\nfrom scrutable.cli import main\n"
        "try:\n    main(['bench', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'sklearn', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
