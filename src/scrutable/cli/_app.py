"""The list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from scrutable.cli._bench import bench
from scrutable.cli._circuit import circuit
from scrutable.cli._compile import compile  # noqa: A004
from scrutable.cli._demo import demo
from scrutable.cli._doctor import doctor
from scrutable.cli._explain import explain
from scrutable.cli._inspect import inspect
from scrutable.cli._report import report
from scrutable.cli._verify import verify

app = typer.Typer(
    name="scrutable",
    help="Neural network in, verified program out.",
    epilog="Exit codes: 0 done (also when no program was found), 1 a fault of ours, 2 unusable input, "
    "3 a required verdict was not reached, 130 stopped. Every command takes --json and --debug.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        from scrutable import __version__

        print(f"scrutable {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Neural network in, verified program out."""


for command in (demo, inspect, explain, verify, circuit, compile, report, bench, doctor):
    app.command(command.__name__)(command)
