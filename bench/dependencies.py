"""Measure what the packages we depend on cost: `python bench/dependencies.py` writes docs/_measured/dependencies.md.

Size is that of the package's own files. Import is the best of three fresh interpreters, less an empty one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PACKAGES = {
    "numpy": "numpy",
    "torch": "torch",
    "safetensors": "safetensors",
    "scipy": "scipy.optimize",
    "scikit-learn": "sklearn.tree",
    "z3-solver": "z3",
    "joblib": "joblib",
    "typer": "typer",
    "rich": "rich.console",
    "jinja2": "jinja2",
    "pydantic": "pydantic",
    "pandas": "pandas",
    "sympy": "sympy",
    "pyoperon": "pyoperon",
    "cvc5": "cvc5",
    "egglog": "egglog",
    "selenium": "selenium.webdriver",
}
TARGET = Path(__file__).parents[1] / "docs" / "_measured" / "dependencies.md"


def seconds(code: str) -> float:
    """The best of three runs of a fresh interpreter."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def megabytes(name: str) -> float:
    """The size of a distribution's own files."""
    files = distribution(name).files or []
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file()) / 2**20


def licence(name: str) -> str:
    """The licence in the package's own words, first line."""
    data = distribution(name).metadata
    text = data.get("License-Expression") or data.get("License") or ""
    classifiers = [c.rsplit(" :: ", 1)[1] for c in data.get_all("Classifier") or () if c.startswith("License ::")]
    return (text.splitlines() or classifiers or ["not stated"])[0][:60]


def main() -> None:
    """Measure every installed package and write the table."""
    empty = seconds("pass")
    rows = ["| package | version | licence | size, MB | import, s |", "|---|---|---|---|---|"]
    for name, module in PACKAGES.items():
        try:
            version = distribution(name).version
        except PackageNotFoundError:
            continue
        cost = max(0.0, seconds(f"import {module}") - empty)
        rows.append(f"| {name} | {version} | {licence(name)} | {megabytes(name):.1f} | {cost:.2f} |")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(rows) + "\n")
    print(TARGET.read_text())


if __name__ == "__main__":
    main()
