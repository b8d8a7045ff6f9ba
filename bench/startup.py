"""Measure what starting costs: `python bench/startup.py` writes docs/_measured/startup.md.

Wall time of fresh processes, best and median of seven; modules are those loaded when the process leaves.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 7
TARGET = Path(__file__).parents[1] / "docs" / "_measured" / "startup.md"
CASES = {
    "python, nothing else": "pass",
    "import scrutable": "import scrutable",
    "scrutable --version": "from scrutable.cli import main; main(['--version'])",
    "scrutable --help": "from scrutable.cli import main; main(['--help'])",
    "scrutable explain --help": "from scrutable.cli import main; main(['explain', '--help'])",
    "import scrutable.report": "import scrutable.report",
    "import scrutable.network.Network (loads torch)": "from scrutable.network import Network",
}
LOADED = (
    "import sys, atexit; atexit.register(lambda: print(len(sys.modules), 'torch' in sys.modules, file=sys.stderr))\n"
)


def measured(code: str) -> tuple[float, float, int, bool]:
    """Best and median seconds, how many modules were loaded, and whether torch was one of them."""
    times, said = [], ""
    for _ in range(RUNS):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", LOADED + code], capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - started)
        said = done.stderr
    modules, torch = said.split()[-2:]
    return min(times), statistics.median(times), int(modules), torch == "True"


def main() -> None:
    """Measure every case and write the table."""
    rows = ["| what | best, s | median, s | modules | torch |", "|---|---|---|---|---|"]
    for name, code in CASES.items():
        best, median, modules, torch = measured(code)
        rows.append(f"| {name} | {best:.2f} | {median:.2f} | {modules} | {'yes' if torch else 'no'} |")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(rows) + "\n")
    print(TARGET.read_text())


if __name__ == "__main__":
    main()
