"""`scrutable circuit`: which parts of a network do the work, and how well that is borne out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrutable.cli import _options as o

if TYPE_CHECKING:
    from scrutable.circuits import Examination, Score

SHOWN = 30
FILES = ("circuit.html", "circuit.json")

Method = Annotated[
    str, typer.Option(metavar="NAME", help="How edges are scored: contexts, acdc, eap, eap-ig, hisp or sp.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--ablation",
        metavar="KIND",
        help="How edges are replaced in the search: zero, mean, resample or 'resample anywhere'; repeatable.",
    ),
]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where circuit.html and circuit.json go.")]


def circuit(
    file: o.ModelFile,
    *,
    architecture: o.Architecture = None,
    data: o.DataFile = None,
    inputs: o.Inputs = None,
    outputs: o.Outputs = None,
    method: Method = "contexts",
    ablation: Kinds = None,
    align: o.Align = None,
    budget: o.Budget = "60s",
    seed: o.Seed = 0,
    out: Out = None,
    trust: o.Trust = False,
    json: o.Json = False,
) -> None:
    """Find the circuit of a network: the connections that do its work, tested on other inputs and against chance."""
    from scrutable.cli._checks import Reasons, at_least, check_model, default_folder, read_sites
    from scrutable.cli._console import print_json
    from scrutable.cli._work import loaded
    from scrutable.hypothesis import plain
    from scrutable.report import circuit_html
    from scrutable.work import Clock, parse_budget, write_atomically, write_json

    reasons = Reasons()
    array = check_model(reasons, file, inputs=inputs, outputs=outputs, data=data)
    seconds = reasons.check(lambda: parse_budget(budget))
    reasons.check(lambda: at_least(seed, 0, "--seed"))
    folder = out or default_folder(file.with_name(f"{file.stem}-circuit"))
    reasons.check(lambda: _free(folder))
    sites = read_sites(reasons, align or [])
    reasons.settle()
    assert seconds is not None
    network = loaded(file, architecture=architecture, inputs=inputs, outputs=outputs, trust=trust)

    from scrutable.circuits import Places, Subject, examine
    from scrutable.circuits._find import BOTH

    kinds: Any = tuple(ablation) if ablation else BOTH
    places = Places.alone({name: network.site(text) for name, text in sites.items()}) if sites else None
    clock = Clock(seconds)
    subject = Subject.of(network, array, seed=seed)
    found = examine(subject, method=method, ablations=kinds, places=places, clock=clock)
    write_json(folder / "circuit.json", plain(found))
    write_atomically(folder / "circuit.html", circuit_html(found))
    if json:
        print_json(plain(found) | {"files": {name: str(folder / name) for name in FILES}})
    else:
        _show(found, folder)


def _free(folder: Path) -> None:
    from scrutable.errors import UserError

    if folder.exists() and not folder.is_dir():
        raise UserError(f"got --out {folder}, which is a file, expected a folder")
    if any((folder / name).exists() for name in FILES):
        raise UserError(f"got --out {folder}, which holds a circuit already, expected a new folder")


def _show(found: Examination, folder: Path) -> None:
    from scrutable.cli._console import clean, output, row, table
    from scrutable.report import number

    console = output()
    edges = table("edge", "score", right=("score",))
    for edge in found.kept[:SHOWN]:
        row(edges, str(edge), number(edge.score))
    console.print(edges)
    more = f"; {len(found.kept) - SHOWN} more are in circuit.json" if len(found.kept) > SHOWN else ""
    kinds = ", ".join(found.ablations)
    console.print(
        f"{len(found.kept)} of {len(found.edges)} edges kept ({found.method}; {kinds} ablation){more}", soft_wrap=True
    )
    console.print()
    scores = table("score", "ablation", "value", "interval", "n", "how", right=("value", "n"))
    for score in found.scores:
        row(scores, score.name, *_cells(score))
    for score in found.program.scores if found.program else ():
        row(scores, "faithfulness, the program's", *_cells(score))
    console.print(scores)
    console.print()
    if found.claims:
        claims = table("the circuit is", "ablation", "holds", "p", "n", "why", right=("p", "n"))
        for claim in found.claims:
            row(claims, claim.name, claim.ablation, claim.answer, number(claim.p), str(claim.n), claim.reason)
        console.print(claims)
        console.print()
    if found.control is not None:
        best = f"the best has {max(found.control.chance):.3f}"
        console.print(
            f"guard    {found.control.name} {found.control.value:.3f}, p = {found.control.p:.3f}: "
            f"{found.control.method}; {best}",
            soft_wrap=True,
        )
    for reason in (*(found.program.missing if found.program else ()), *found.missing):
        console.print(f"missing  {clean(reason)}; a longer --budget may settle it", soft_wrap=True)
    console.print(f"wrote    {clean(', '.join(str(folder / name) for name in FILES))}", soft_wrap=True)


def _cells(score: Score) -> tuple[str, ...]:
    from scrutable.report import interval, number

    return score.ablation, number(score.value), interval(score.interval), str(score.n), score.method
