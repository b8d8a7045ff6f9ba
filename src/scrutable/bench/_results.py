"""The rows of a run as a summary for each family, as a Markdown page, and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from scrutable.bench._base import Row
from scrutable.hypothesis import Interval, plain, wilson
from scrutable.work import write_atomically, write_json

FORMAT, VERSION = "scrutable-bench", 1
PACKAGES = ("scrutable", "numpy", "scipy", "scikit-learn", "torch", "z3-solver", "sympy", "pyoperon", "cvc5")
LONGEST = 160
"""A program longer than this is cut in tables; `rows.json` has it whole."""
HEADER = ("case", "task", "program", "bits", "lookup", "linear", "tree", "agreement", "verdict", "s", "solved", "why")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of `n`, with the 95% Wilson interval."""

    count: int
    n: int
    interval: Interval

    @staticmethod
    def of(outcomes: Sequence[bool]) -> Share:
        """The share of the true ones. At least one outcome is needed."""
        count = sum(outcomes)
        return Share(count, len(outcomes), wilson(count, len(outcomes)))

    def __str__(self) -> str:
        low, high = self.interval.low, self.interval.high
        return f"{self.count} of {self.n} ({self.count / self.n:.0%}, {low:.0%} to {high:.0%})"


@dataclass(frozen=True, slots=True)
class Summary:
    """One family: how many were solved, its further marks, and the seconds that a case took."""

    family: str
    solved: Share
    marks: Mapping[str, Share]
    median_seconds: float
    longest_seconds: float


def summaries(rows: Sequence[Row]) -> tuple[Summary, ...]:
    """A summary for each family, in the order of the rows. Cost: nothing to speak of."""
    found = []
    for family in dict.fromkeys(row.family for row in rows):
        members = [row for row in rows if row.family == family]
        seconds = [row.seconds for row in members]
        names = dict.fromkeys(name for row in members for name in row.marks)
        marks = {name: Share.of([row.marks[name] for row in members if name in row.marks]) for name in names}
        solved = Share.of([row.solved for row in members])
        found.append(Summary(family, solved, marks, round(median(seconds), 2), round(max(seconds), 2)))
    return tuple(found)


def environment() -> dict[str, str]:
    """Versions, processors and the load, which matter when seconds are compared."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    found["cores"] = str(os.cpu_count())
    if hasattr(os, "getloadavg"):
        found["load"] = f"{os.getloadavg()[0]:.1f}"
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """A run: which suite, with which settings, where, and its rows."""

    suite: str
    settings: Mapping[str, Any]
    environment: Mapping[str, str]
    rows: tuple[Row, ...]

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            **plain(self),
            "summary": [plain(summary) for summary in summaries(self.rows)],
        }

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Write `table.md` and `rows.json`; each is whole or not there."""
        table, data = folder / "table.md", folder / "rows.json"
        write_atomically(table, self.markdown())
        write_json(data, self.to_data())
        return table, data

    def markdown(self) -> str:
        """The summary and every row as a Markdown page."""
        where = ", ".join(f"{name} {value}" for name, value in self.environment.items())
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        lines = [f"# scrutable bench {self.suite}", "", f"With {settings}.", "", f"On {where}.", "", "## Summary", ""]
        lines += _markdown(
            ("family", "solved", "also", "median s", "longest s"), map(summary_cells, summaries(self.rows))
        )
        for family in dict.fromkeys(row.family for row in self.rows):
            lines += ["", f"## {family}", ""]
            lines += _markdown(HEADER, (row_cells(row) for row in self.rows if row.family == family))
        return "\n".join(lines) + "\n"


def summary_cells(summary: Summary) -> tuple[str, ...]:
    """One line of the summary."""
    marks = "; ".join(f"{name}: {share}" for name, share in summary.marks.items())
    seconds = (f"{summary.median_seconds:.2f}", f"{summary.longest_seconds:.2f}")
    return (summary.family, str(summary.solved), marks, *seconds)


def row_cells(row: Row) -> tuple[str, ...]:
    """One line of a family's table."""
    nulls = (_bits(row.nulls.get(name)) for name in ("lookup", "linear", "tree"))
    agreement = "" if row.agreement is None else f"{row.agreement:.2%}"
    said = (agreement, row.verdict, f"{row.seconds:.2f}", "yes" if row.solved else "no", row.why)
    return (row.key, row.task, _short(row.program or ""), _bits(row.bits), *nulls, *said)


def _bits(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _markdown(header: Sequence[str], rows: Any) -> list[str]:
    return [_line(header), "|" + "---|" * len(header), *(_line(cells) for cells in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
