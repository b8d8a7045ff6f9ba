"""Asking a worker script in a process of its own, with a time limit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
GRACE = 5.0
"""Seconds for the interpreter to start and to stop, on top of what the worker may use."""


def missing(package: str) -> str | None:
    """Why a back end cannot be used: its package is not installed. None when it is."""
    try:
        there = find_spec(package) is not None
    except (ImportError, ValueError):
        there = False
    return None if there else f"{package} is not installed; try pip install scrutable[{_extra(package)}]"


def _extra(package: str) -> str:
    return package.removeprefix("py")


def answers(worker: str, question: Mapping[str, Any], *, seconds: float) -> list[Any]:
    """What a worker script of this folder printed, one JSON value a line, until it ended or was stopped.

    The script reads the question as JSON and imports nothing of this library. Lines printed before a crash or the
    time limit count; a line cut short does not.
    """
    command = [sys.executable, "-P", str(FOLDER / f"{worker}.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            printed, _ = process.communicate(json.dumps(question), timeout=max(0.0, seconds) + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            printed, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    return [value for line in printed.splitlines() if (value := _read(line)) is not None]


def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
