"""Options that several commands share, so that they mean and read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelFile = Annotated[Path, typer.Argument(metavar="FILE", help="A model: safetensors, or a PyTorch state dict.")]
Architecture = Annotated[
    str | None,
    typer.Option(metavar="PKG.MODULE:FUNCTION", help="The function that makes the module; imported from here."),
]
DataFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Inputs, as .npz (array x), .npy or .csv; without it the domain is sampled."),
]
LabelsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="What a person says the answers to --data should be; reported apart."),
]
Inputs = Annotated[str | None, typer.Option(metavar="DOMAIN", help="What goes in, such as 'Tokens(5, length=8)'.")]
Outputs = Annotated[str | None, typer.Option(metavar="DOMAIN", help="What comes out, such as 'Category(5)'.")]
Target = Annotated[
    str | None,
    typer.Option(metavar="SITE", help="Explain the value at this place, such as 'fc1[3]', instead of the output."),
]
TargetOutputs = Annotated[
    str | None,
    typer.Option(
        metavar="DOMAIN", help="What the value at --target is, such as 'Bits(threshold=0.0)'; else real numbers."
    ),
]
Align = Annotated[
    list[str] | None,
    typer.Option(
        metavar="VARIABLE=SITE",
        help="Where a variable of the program lives, such as carry='hidden[:, 0:2]'; repeatable.",
    ),
]
Circuit = Annotated[
    bool,
    typer.Option("--circuit", help="Also look for the smallest circuit, beside the program's: a quarter of the time."),
]
Also = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A further way to search: operon or cvc5. May be given more than once."),
]
Budget = Annotated[str, typer.Option(metavar="TIME", help="Time for everything, such as 60s, 5m or 1h.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Same seed, same machine, same answer.")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where study.json, program.py and report.html go.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the work a stopped run left in --out.")]
Jobs = Annotated[int, typer.Option(metavar="N", help="Local processes for the controls.")]
Trust = Annotated[bool, typer.Option("--trust", help="Also load formats that can run code when loaded.")]
Require = Annotated[
    str | None,
    typer.Option(metavar="VERDICT", help="Leave with exit code 3 unless the verdict is at least this one."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
