"""The README's code runs as it stands, in a fresh interpreter and an empty folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"<!-- runs in the tests -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_readme_has_code_to_run() -> None:
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[0][:40] for block in BLOCKS])
def test_the_readme_runs(block: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if "study.best" in block:
        assert "total = a_t + b_t + carry" in done.stdout
        assert done.stdout.splitlines()[-1] == "11"
        assert (tmp_path / "runs" / "adder" / "report.html").exists()
