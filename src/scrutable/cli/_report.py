"""`scrutable report`: writes the report of a study again. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrutable.cli import _options as o

Folder = Annotated[Path, typer.Argument(metavar="STUDY", help="The folder that explain or verify wrote.")]
Target = Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; report.html in the folder if left out.")]


def report(study: Folder, *, out: Target = None, json: o.Json = False) -> None:
    """Write the HTML report of a finished study."""
    from scrutable.cli._console import clean, output, print_json
    from scrutable.errors import UserError
    from scrutable.explain import Study

    if out is not None and out.is_dir():
        raise UserError(f"got --out {out}, which is a folder, expected a file such as {out / 'report.html'}")
    if not study.exists():
        raise UserError(f"got {study}, expected the folder of a study; there is nothing of that name")
    found = Study.load(study)
    folder = study if study.is_dir() else study.parent
    target = found.report(out or folder / "report.html")
    best = found.best
    if json:
        verdict = None if best is None else best.verdict.value
        print_json({"report": str(target), "verdict": verdict, "headline": found.headline})
        return
    console = output()
    console.print(clean(found.headline), soft_wrap=True)
    console.print(f"wrote    {clean(target)}", soft_wrap=True)
