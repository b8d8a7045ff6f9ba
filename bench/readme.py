"""Run the demo and put what it printed into README.md: `python bench/readme.py`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- output of `scrutable demo` -->\n```\n).*?(```)", re.DOTALL)


def main() -> None:
    """Replace the block; the examples inside the printed program are left out for length."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scrutable", "demo"]
        environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    text = re.sub(r"if __name__ == .*?agree\"\)\n\n", "...\n\n", done.stdout, flags=re.DOTALL)
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    README.write_text(BLOCK.sub(lambda match: match[1] + lines + "\n" + match[2], README.read_text()))


if __name__ == "__main__":
    main()
