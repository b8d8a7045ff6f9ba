"""Running a benchmark suite family by family, each with its own budget, and joining the tables for the docs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs"


def measured(
    suite: str, budgets: Mapping[str, str], *, jobs: int = 2, more: Sequence[str] = (), preface: str = ""
) -> None:
    """Run the families of a suite (finished rows of an earlier run are kept) and write docs/_measured/SUITE.md.

    A family without a run keeps its part of the page as it was.

    Arguments:
        budgets: family to time for each case. Names on the command line choose among them; `page` alone runs none and
            writes the page of the rows that there are.
        more: further words of the command. preface: what comes before the tables.
    """
    chosen = [name for name in budgets if name in sys.argv[1:]] or (list(budgets) if "page" not in sys.argv[1:] else [])
    runs = RUNS / f"bench-{suite}"
    for family in chosen:
        words = ["bench", suite, "--family", family, "--budget", budgets[family], "--jobs", str(jobs)]
        words += ["--out", str(runs / family), "--resume", *more]
        subprocess.run([sys.executable, "-m", "scrutable", *words], check=True, stdout=subprocess.DEVNULL)
    page = ROOT / "docs" / "_measured" / f"{suite}.md"
    tables = parts_of(page.read_text(encoding="utf-8") if page.exists() else "")
    for family, budget in budgets.items():
        table = runs / family / "table.md"
        if table.exists():
            tables[family] = f"### {family}, at most {budget} a case\n\n{table.read_text().strip()}\n"
    parts = [f"{preface.strip()}\n"] if preface else []
    page.write_text("\n".join([*parts, *(tables[family] for family in budgets if family in tables)]))


def parts_of(page: str, end: str = ", at most ") -> dict[str, str]:
    """The parts of a page, by what their headings say up to some words."""
    _, *found = re.split(rf"^(?=### [^\n]*?{re.escape(end)})", page, flags=re.MULTILINE)
    return {part[4:].partition(end)[0]: f"{part.strip()}\n" for part in found}
