"""`scrutable compile`: a program in, the weights of a transformer that computes it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrutable.cli import _options as o

if TYPE_CHECKING:
    from scrutable.compile import Compiled
    from scrutable.program import Program

LARGEST = 10**6

ProgramFile = Annotated[Path, typer.Argument(metavar="PROGRAM", help="Python whose last function is the program.")]
Tokens = Annotated[str, typer.Option(metavar="DOMAIN", help="What goes in: 'Tokens(4, length=6)', the longest length.")]
Causal = Annotated[bool, typer.Option("--causal", help="Heads see earlier positions only.")]
Rotate = Annotated[bool, typer.Option("--rotate", help="Turn the residual stream by a random rotation.")]
Width = Annotated[int | None, typer.Option(metavar="N", help="Directions of the residual stream to keep.")]
Noise = Annotated[float, typer.Option(metavar="SHARE", help="Noise on every weight, such as 0.001 of its size.")]
Shared = Annotated[int, typer.Option(metavar="N", help="Heads that do the work of one together.")]
Dead = Annotated[int, typer.Option(metavar="N", help="Heads in each block that nothing reads.")]
Target = Annotated[Path | None, typer.Option(metavar="FILE", help="The weights; NAME.safetensors if left out.")]


def compile(  # noqa: A001 - the command's name
    program: ProgramFile,
    *,
    inputs: Tokens,
    causal: Causal = False,
    rotate: Rotate = False,
    width: Width = None,
    noise: Noise = 0.0,
    shared_heads: Shared = 1,
    dead_heads: Dead = 0,
    seed: o.Seed = 0,
    out: Target = None,
    json: o.Json = False,
) -> None:
    """Turn a program on sequences into a transformer that computes it. The program is read as data and never run."""
    from scrutable.cli._checks import Reasons, at_least
    from scrutable.cli._console import print_json

    target = Path(f"{program.stem}.safetensors") if out is None else out
    reasons = Reasons()
    reasons.check(lambda: _free_target(target))
    reasons.check(lambda: at_least(seed, 0, "--seed"))
    read = reasons.check(lambda: _read(program))
    from scrutable.compile import Options, save
    from scrutable.compile import compile as compiled_from

    options = reasons.check(
        lambda: Options(
            causal=causal, rotate=rotate, width=width, noise=noise, shared_heads=shared_heads, dead_heads=dead_heads
        )
    )
    reasons.settle()
    assert read is not None
    made = compiled_from(read, inputs, options, seed=seed)
    files = save(made, target)
    if json:
        print_json(_data(made, files))
    else:
        _show(made, files)


def _free_target(target: Path) -> None:
    from scrutable.errors import UserError

    if target.suffix != ".safetensors" or target.is_dir():
        raise UserError(f"got --out {target}, expected a file such as {target.with_suffix('.safetensors')}")


def _read(path: Path) -> Program:
    from scrutable.cli._checks import existing_file
    from scrutable.errors import UserError
    from scrutable.program import read_program

    existing_file(path, "a Python file with a program")
    if path.stat().st_size > LARGEST:
        raise UserError(f"got {path.name} of {path.stat().st_size} bytes, expected a short Python file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"got {path.name} that is not text, expected a Python file") from error
    return read_program(text)


def _data(made: Compiled, files: tuple[Path, Path]) -> dict[str, Any]:
    from scrutable.compile import description

    about = description(made)
    about.pop("directions")
    return about | {"weights": str(files[0]), "description": str(files[1])}


def _show(made: Compiled, files: tuple[Path, Path]) -> None:
    from scrutable.cli._console import output, row, table

    about = table("", "")
    found, settings = made.agreement, made.module.settings
    row(about, "program", made.program.name)
    row(about, "inputs", made.inputs)
    row(about, "outputs", made.outputs)
    row(about, "network", f"{len(settings['blocks'])} blocks, width {settings['width']}")
    between = "" if found.interval is None else f", 95% interval [{found.interval.low:.4f}, {found.interval.high:.4f}]"
    row(about, "agrees with it", f"{found.equal} of {found.n} inputs ({found.method}{between})")
    if found.counter_example is not None:
        row(about, "first difference", list(found.counter_example))
    console = output()
    console.print(about)
    console.print()
    roles = table("component", "work", "variable", "selector")
    for role in made.circuit.roles:
        row(roles, role.component, role.work, role.variable, role.selector)
    console.print(roles)
    console.print()
    console.print(f"wrote    {files[0]} and {files[1]}", soft_wrap=True)
