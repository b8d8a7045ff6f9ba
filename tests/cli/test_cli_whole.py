"""The commands with nothing replaced, in processes of their own: the demonstration, and stopping and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scrutable as scrutable_package

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(scrutable_package.__file__).parents[1])}
COMMAND = [sys.executable, "-m", "scrutable.cli"]


def scrutable(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300
    )


def test_demo_finds_the_adder(tmp_path: Path) -> None:
    done = scrutable("demo", "--json", "--budget", "60s", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] in ("proved", "supported", "behavioural")
    folder = tmp_path / "scrutable-demo"
    assert "<h1>" in (folder / "report.html").read_text()
    ran = subprocess.run(
        [sys.executable, "-I", str(folder / "program.py")], capture_output=True, text=True, check=False, cwd="/"
    )
    assert ran.returncode == 0, ran.stderr
    again = scrutable("report", "scrutable-demo", "--out", "again.html", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.html").read_text() == (folder / "report.html").read_text()


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_keeps_finished_work_and_resume_takes_it_up(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo", "--budget", "60s"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    work = tmp_path / "scrutable-demo" / ".work"
    deadline = time.monotonic() + 90
    while process.poll() is None and not (work.is_dir() and any(work.glob("*.json"))):
        assert time.monotonic() < deadline, "nothing was finished in time"
        time.sleep(0.05)
    if process.poll() is not None:
        _, said = process.communicate()
        assert process.returncode == 0, said
        pytest.skip("the work was done before it could be stopped")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the finished work is in scrutable-demo" in said and "--resume" in said
    assert "Traceback" not in said
    kept = {path.name: path.read_bytes() for path in work.glob("*.json")}
    assert kept
    done = scrutable("demo", "--resume", "--budget", "60s", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["found"] is True
