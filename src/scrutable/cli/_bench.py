"""`scrutable bench`: measures the library on tables and networks whose answer is known."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrutable.cli import _options as o

if TYPE_CHECKING:
    from scrutable.bench import Case, Report, Row, Suite

SHOWN = 72


class SuiteName(StrEnum):
    """The suites."""

    synthesis = "synthesis"
    feedforward = "feedforward"
    recurrent = "recurrent"


Name = Annotated[
    SuiteName,
    typer.Argument(
        metavar="SUITE", help="synthesis: pure tables. feedforward: trained networks. recurrent: those on sequences."
    ),
]
Only = Annotated[
    str | None, typer.Option(metavar="PATTERN", help="Only cases whose key or task contains it; * and ? match.")
]
Family = Annotated[str | None, typer.Option(metavar="NAME", help="Only this family of cases.")]
CaseBudget = Annotated[str, typer.Option(metavar="TIME", help="Time for each case, such as 20s or 1m.")]
BenchOut = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Where table.md, rows.json and every finished row go.")
]
Networks = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where trained networks are; else OUT/networks, or those that ship."),
]
CaseJobs = Annotated[int, typer.Option(metavar="N", help="Local processes, a case in each.")]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run. `command` repeats it."""

    suite: Suite
    cases: tuple[Case, ...]
    budget: float
    seed: int
    jobs: int
    out: Path
    command: str


def bench(
    suite: Name,
    *,
    only: Only = None,
    family: Family = None,
    budget: CaseBudget = "60s",
    seed: o.Seed = 0,
    out: BenchOut = None,
    networks: Networks = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the finished rows in --out and run the others.")
    ] = False,
    jobs: CaseJobs = 1,
    json: o.Json = False,
) -> None:
    """Measure the library where the right answer is known: planted tables, or networks trained on planted functions."""
    plan = _plan(
        suite, only=only, family=family, budget=budget, seed=seed, out=out, networks=networks, resume=resume, jobs=jobs
    )
    report = _carried_out(plan)
    written = report.save(plan.out)
    if json:
        from scrutable.cli._console import print_json

        print_json(report.to_data())
        return
    _show(report, [str(path) for path in written])


def _plan(
    suite: SuiteName,
    *,
    only: str | None,
    family: str | None,
    budget: str,
    seed: int,
    out: Path | None,
    networks: Path | None,
    resume: bool,
    jobs: int,
) -> Plan:
    from scrutable.bench import chosen
    from scrutable.cli._checks import Reasons, at_least, default_folder
    from scrutable.cli._work import options
    from scrutable.work import parse_budget

    reasons = Reasons()
    seconds = reasons.check(lambda: parse_budget(budget))
    reasons.check(lambda: at_least(seed, 0, "--seed"))
    reasons.check(lambda: at_least(jobs, 1, "--jobs"))
    if out is None and resume:
        reasons.found.append("got --resume without --out, expected the folder of the run to continue")
    folder = default_folder(Path(f"bench-{suite.value}")) if out is None else out
    reasons.check(lambda: _free(folder, resume=resume))
    made = _suite(suite, networks, folder)
    cases = reasons.check(lambda: chosen(made.cases(seed), only=only, family=family))
    reasons.settle()
    assert seconds is not None
    assert cases is not None
    words = options(only=only, family=family, networks=networks)
    words += ["--budget", budget, "--seed", str(seed), "--jobs", str(jobs), "--out", str(folder), "--resume"]
    command = shlex.join(["scrutable", "bench", suite.value, *words])
    return Plan(made, cases, seconds, seed, jobs, folder, command)


def _suite(name: SuiteName, networks: Path | None, folder: Path) -> Suite:
    """A suite; the recurrent networks come with the library, feed-forward ones are trained when they are needed."""
    from scrutable import bench

    if name is SuiteName.synthesis:
        return bench.Synthesis()
    if name is SuiteName.recurrent:
        return bench.Recurrent() if networks is None else bench.Recurrent(networks=networks)
    return bench.Feedforward(networks=networks or folder / "networks")


def _free(folder: Path, *, resume: bool) -> None:
    """Refuse a folder with rows in it, unless they are to be kept."""
    from scrutable.errors import UserError

    if folder.exists() and not folder.is_dir():
        raise UserError(f"got --out {folder}, which is a file, expected a folder")
    rows = folder / "rows"
    if not resume and rows.is_dir() and any(rows.iterdir()):
        raise UserError(f"got --out {folder}, which holds finished rows; try --resume to keep them, or another folder")


def _carried_out(plan: Plan) -> Report:
    """Run the cases.

    Raises:
        Stopped: by Ctrl-C.
    """
    from scrutable.bench import Report, environment, run_cases
    from scrutable.cli._main import Stopped

    where = environment()
    try:
        with _progress(f"bench {plan.suite.name}", len(plan.cases)) as heard:
            rows = run_cases(
                plan.suite,
                plan.cases,
                out=plan.out,
                budget=plan.budget,
                seed=plan.seed,
                jobs=plan.jobs,
                on_row=heard,
            )
    except KeyboardInterrupt:
        raise Stopped(f"stopped; the finished rows are in {plan.out}; to go on: {plan.command}") from None
    settings = {"budget": f"{plan.budget:g} s a case", "seed": plan.seed, "jobs": plan.jobs, "cases": len(rows)}
    return Report(plan.suite.name, settings, where, rows)


@contextmanager
def _progress(title: str, cases: int) -> Iterator[Callable[[Row], None]]:
    """A listener that shows on a terminal how many cases are done and what came of the last one."""
    from scrutable.cli._console import clean, errors, in_terminal

    if not in_terminal():
        yield lambda row: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=errors(), transient=True) as live:
        task = live.add_task(title, total=cases)

        def heard(row: Row) -> None:
            live.update(task, advance=1, description=clean(f"{row.key}  {row.verdict}")[:SHOWN])

        yield heard


def _show(report: Report, written: list[str]) -> None:
    """The rows, short, and the summary of each family."""
    from scrutable.bench import summaries, summary_cells
    from scrutable.cli._console import clean, output, row, table

    console = output()
    rows = table(
        "case", "task", "program", "bits", "agreement", "verdict", "s", "solved", right=("bits", "agreement", "s")
    )
    for each in report.rows:
        agreement = "" if each.agreement is None else f"{each.agreement:.1%}"
        bits = "" if each.bits is None else f"{each.bits:.0f}"
        said = (each.verdict, f"{each.seconds:.1f}", "yes" if each.solved else "no")
        row(rows, each.key, each.task[:SHOWN], (each.program or "")[:SHOWN], bits, agreement, *said)
    console.print(rows)
    console.print()
    families = table("family", "solved", "also", "median s", "longest s", right=("median s", "longest s"))
    for summary in summaries(report.rows):
        row(families, *summary_cells(summary))
    console.print(families)
    console.print(f"\nwrote    {clean(', '.join(written))}", soft_wrap=True)
