"""What is printed where: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 140


def clean(text: Any) -> str:
    """`text` without control characters, which a file could use to rewrite what a terminal shows."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in str(text))


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(data, indent=2, allow_nan=False))


def output() -> Console:
    """Standard output: colours only in a terminal that wants them, no markup read from texts."""
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False)
    return console if console.is_terminal else Console(markup=False, highlight=False, emoji=False, width=PIPE_WIDTH)


def errors() -> Console:
    """Standard error."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table without lines; the columns named in `right` are numbers."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(columns))
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def row(made: Table, *cells: Any) -> None:
    """Add a row of untrusted texts."""
    made.add_row(*(clean(cell) for cell in cells))


def in_terminal() -> bool:
    """Whether standard error is looked at by a person."""
    return sys.stderr.isatty()
