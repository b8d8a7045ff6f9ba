"""A study in a terminal: what was tried, the program, the evidence, the verdict, the files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrutable.cli._console import clean, output, row, table

if TYPE_CHECKING:
    from rich.console import Console

    from scrutable.explain import Study
    from scrutable.hypothesis import Hypothesis

STATUS = {"pass": "passed", "fail": "FAILED", "not applicable": "not applicable", "unknown": "unknown"}
COLOURS = {"pass": "green", "fail": "bold red", "unknown": "yellow", "not applicable": "dim"}
FILES = ("report.html", "program.py", "study.json")


def show_study(study: Study, folder: Path, *, subject: Hypothesis | None) -> None:
    """Print a study that was written to `folder`.

    Arguments:
        subject: the hypothesis to print with its evidence: the answer, or the one a person asked about.
    """
    console = output()
    _attempts(study, console)
    if subject is not None:
        answered = subject is study.best
        console.print(f"\n{'program' if answered else 'hypothesis (not an answer)'}\n", style="dim")
        _source(subject.program.source, console)
        console.print()
        _sites(subject, console)
        _evidence(subject, console)
    console.print()
    _verdict(study, subject, console)
    written = [str(folder / name) for name in FILES if (folder / name).exists()]
    console.print(f"wrote    {clean(', '.join(written))}", soft_wrap=True)


def _attempts(study: Study, console: Console) -> None:
    from scrutable.report import seconds

    steps = table("step", "what", "outcome", "time", right=("time",))
    for attempt in study.attempts:
        row(steps, attempt.step, attempt.what, attempt.outcome, seconds(attempt.seconds))
    console.print(steps)


def _source(source: str, console: Console) -> None:
    if not console.is_terminal or console.no_color:
        console.print(clean(source.rstrip()), soft_wrap=True)
        return
    from rich.syntax import Syntax

    console.print(Syntax(clean(source.rstrip()), "python", theme="ansi_dark", background_color="default"))


def _sites(subject: Hypothesis, console: Console) -> None:
    from scrutable.hypothesis import sites

    for name, site in sites(subject).items():
        console.print(f"{clean(name)} is at {clean(site)}", soft_wrap=True)
    console.print()


def _evidence(subject: Hypothesis, console: Console) -> None:
    from rich.text import Text

    from scrutable.report import interval, number

    checks = table("check", "status", "value", "interval", "n", "why", right=("value", "n"))
    for result in subject.evidence:
        checks.add_row(
            clean(result.name),
            Text(STATUS[result.status], style=COLOURS[result.status]),
            number(result.value),
            interval(result.interval),
            f"{result.n:,}" if result.n else "",
            clean(result.reason),
        )
    console.print(checks)


def _verdict(study: Study, subject: Hypothesis | None, console: Console) -> None:
    from rich.text import Text

    if subject is None:
        word, meaning, colour = "no short program found", f"{len(study.hypotheses)} candidates tested", "yellow"
    else:
        word, meaning = subject.verdict.value, subject.verdict.meaning
        colour = "green" if subject.verdict.rank <= 1 else "yellow" if subject is study.best else "red"
    console.print(Text.assemble(("VERDICT  ", "bold"), (word, f"bold {colour}"), f"  {meaning}"))
    undecided = [] if subject is None else [result for result in subject.evidence if result.status == "unknown"]
    if undecided:
        hint = "; a longer --budget may settle it" if any("time" in result.reason for result in undecided) else ""
        console.print(f"undecided {', '.join(clean(result.name) for result in undecided)}{hint}", soft_wrap=True)


def study_json(study: Study, folder: Path, *, subject: Hypothesis | None) -> dict[str, Any]:
    """A study for `--json`."""
    from scrutable.hypothesis import plain

    answered = subject is not None and subject is study.best
    return {
        "verdict": None if subject is None else subject.verdict.value,
        "found": study.best is not None,
        "headline": study.headline,
        "program": subject.program.source if answered and subject is not None else None,
        "bits": subject.program.bits if answered and subject is not None else None,
        "evidence": [] if subject is None else [plain(result) for result in subject.evidence],
        "attempts": plain(study.attempts),
        "network": plain(study.facts),
        "files": {name: str(folder / name) for name in FILES if (folder / name).exists()},
    }
