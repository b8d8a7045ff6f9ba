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

from scrutable.bench._base import MISSING, Row
from scrutable.bench._text import percent
from scrutable.hypothesis import Interval, plain, wilson
from scrutable.work import write_atomically, write_json

FORMAT, VERSION = "scrutable-bench", 1
PACKAGES = ("scrutable", "numpy", "scipy", "scikit-learn", "torch", "z3-solver", "sympy", "pyoperon", "cvc5")
LONGEST = 160
"""A program longer than this is cut in tables; `rows.json` has it whole."""
FIRST, NULLS = ("case", "task", "program", "bits"), ("lookup", "linear", "tree")
LAST = ("agreement", "verdict", "s", "solved", "why")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of `n`, with the 95% Wilson interval, which is everything when there are none."""

    count: int
    n: int
    interval: Interval

    @staticmethod
    def of(outcomes: Sequence[bool]) -> Share:
        """The share of the true ones."""
        count = sum(outcomes)
        return Share(count, len(outcomes), wilson(count, len(outcomes)) if outcomes else Interval(0.0, 1.0))

    def __str__(self) -> str:
        if not self.n:
            return "0 of 0"
        low, high = self.interval.low, self.interval.high
        return f"{self.count} of {self.n} ({self.count / self.n:.0%}, {low:.0%} to {high:.0%})"


@dataclass(frozen=True, slots=True)
class Summary:
    """One family: how many were solved, its further marks, and the seconds that a case took.

    Cases whose network is not there count in `missing` and nowhere else.
    """

    family: str
    solved: Share
    marks: Mapping[str, Share]
    median_seconds: float
    longest_seconds: float
    missing: int = 0


def summaries(rows: Sequence[Row]) -> tuple[Summary, ...]:
    """A summary for each family, in the order of the rows. Cost: nothing to speak of."""
    found = []
    for family in dict.fromkeys(row.family for row in rows):
        everyone = [row for row in rows if row.family == family]
        members = [row for row in everyone if row.verdict != MISSING]
        seconds = [row.seconds for row in members] or [0.0]
        names = dict.fromkeys(name for row in members for name in row.marks)
        marks = {name: Share.of([row.marks[name] for row in members if name in row.marks]) for name in names}
        solved = Share.of([row.solved for row in members])
        times, missing = (round(median(seconds), 2), round(max(seconds), 2)), len(everyone) - len(members)
        found.append(Summary(family, solved, marks, *times, missing))
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
            lines += _family_table([row for row in self.rows if row.family == family])
        return "\n".join(lines) + "\n"


def summary_cells(summary: Summary) -> tuple[str, ...]:
    """One line of the summary."""
    parts = [f"{name}: {share}" for name, share in summary.marks.items()]
    parts += [f"not trained: {summary.missing}"] * (summary.missing > 0)
    seconds = (f"{summary.median_seconds:.2f}", f"{summary.longest_seconds:.2f}")
    return (summary.family, str(summary.solved), "; ".join(parts), *seconds)


def _family_table(rows: Sequence[Row]) -> list[str]:
    """The columns that every family has, and those between that this one has."""
    nulls = [name for name in NULLS if any(name in row.nulls for row in rows)]
    more = list(dict.fromkeys(name for row in rows for name in row.columns))
    return _markdown((*FIRST, *nulls, *more, *LAST), (row_cells(row, nulls, more) for row in rows))


def row_cells(row: Row, nulls: Sequence[str] = NULLS, more: Sequence[str] = ()) -> tuple[str, ...]:
    """One line of a family's table, with these null explanations and these columns of its own."""
    between = (*(_bits(row.nulls.get(name)) for name in nulls), *(row.columns.get(name, "") for name in more))
    said = (percent(row.agreement), row.verdict, f"{row.seconds:.2f}", "yes" if row.solved else "no", row.why)
    return (row.key, row.task, _short(row.program or ""), _bits(row.bits), *between, *said)


def _bits(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _markdown(header: Sequence[str], rows: Any) -> list[str]:
    return [_line(header), "|" + "---|" * len(header), *(_line(cells) for cells in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
