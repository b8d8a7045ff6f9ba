"""Progress of long work: a line that moves on a terminal, nothing at all in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrutable.cli._console import clean, errors, in_terminal

if TYPE_CHECKING:
    from scrutable.explain import Attempt

SHOWN = 72


@contextmanager
def progress(title: str, budget: float) -> Iterator[Callable[[Attempt], None]]:
    """A listener for `explain` that shows what was done last and how much of `budget` seconds is used."""
    if not in_terminal():
        yield lambda attempt: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=errors(), transient=True) as live:
        task = live.add_task(f"of {budget:g} s  {clean(title)}"[:SHOWN])

        def heard(attempt: Attempt) -> None:
            text = clean(f"of {budget:g} s  {attempt.step}  {attempt.what}: {attempt.outcome}")
            live.update(task, description=text[:SHOWN])

        yield heard
