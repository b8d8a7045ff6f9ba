"""Long work, the same for every command that does it: progress, Ctrl-C, files, summary, required verdict."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scrutable.cli._checks import Reasons, at_least, free_folder
from scrutable.cli._main import REQUIRED, Stopped
from scrutable.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from scrutable.explain import Study
    from scrutable.hypothesis import Hypothesis, Verdict
    from scrutable.network import Network


@dataclass(frozen=True, slots=True)
class Plan:
    """How a study is to be made. `command` repeats it, without the folder it writes to."""

    budget: float
    seed: int
    jobs: int
    out: Path
    resume: bool
    required: Verdict | None
    command: str
    json: bool


def plan(
    reasons: Reasons,
    *,
    budget: str,
    seed: int,
    jobs: int,
    out: Path | None,
    default: Callable[[], Path],
    resume: bool,
    overwrite: bool = False,
    require: str | None,
    command: list[str],
    json: bool,
) -> Callable[[], Plan]:
    """Check the options of long work into `reasons`; what is returned makes the plan once those are settled.

    Arguments:
        default: the folder when `out` is None. overwrite: whether a study in the folder may be replaced.
    """
    from scrutable.work import parse_budget

    seconds = reasons.check(lambda: parse_budget(budget))
    reasons.check(lambda: at_least(seed, 0, "--seed"))
    reasons.check(lambda: at_least(jobs, 1, "--jobs"))
    required = reasons.check(lambda: _verdict(require))
    if out is None and resume and not overwrite:
        reasons.found.append("got --resume without --out, expected the folder of the run to continue")
    folder = default() if out is None else out
    reasons.check(lambda: free_folder(folder, resume=resume or overwrite))
    text = shlex.join(["scrutable", *command, "--budget", budget, "--seed", str(seed)])

    def made() -> Plan:
        reasons.settle()
        assert seconds is not None
        return Plan(seconds, seed, jobs, folder, resume, required, text, json)

    return made


def _verdict(text: str | None) -> Verdict | None:
    from scrutable.hypothesis import Verdict

    if text is None:
        return None
    try:
        return Verdict(text.lower())
    except ValueError:
        words = ", ".join(verdict.value for verdict in Verdict)
        raise UserError(f"got --require {text[:40]}, expected one of {words}") from None


def carry_out(
    made: Plan,
    work: Callable[..., Study],
    *inputs: Any,
    data: np.ndarray | None,
    labels: np.ndarray | None = None,
    title: str,
    subject_of: Callable[[Study], Hypothesis | None],
) -> None:
    """Do the work, show the study, and leave with exit code 3 if a required verdict was not reached.

    Arguments:
        work: `explain` or `verify`, called with `inputs`, the data and the plan.
        subject_of: the hypothesis to show of a study.

    Raises:
        Stopped: by Ctrl-C.
    """
    from scrutable.cli._console import print_json
    from scrutable.cli._progress import progress
    from scrutable.cli._show import show_study, study_json

    try:
        with progress(title, made.budget) as heard:
            study = work(
                *inputs,
                data=data,
                labels=labels,
                budget=made.budget,
                seed=made.seed,
                jobs=made.jobs,
                out=made.out,
                resume=made.resume,
                on_event=heard,
                command=made.command,
            )
    except KeyboardInterrupt:
        raise Stopped(_how_to_go_on(made)) from None
    subject = subject_of(study)
    reached = subject is not None and (made.required is None or subject.verdict.rank <= made.required.rank)
    if made.json:
        print_json(study_json(study, made.out, subject=subject))
    else:
        show_study(study, made.out, subject=subject)
    if made.required is not None and not reached:
        raise typer.Exit(REQUIRED)


def _how_to_go_on(made: Plan) -> str:
    again = f"{made.command} --out {shlex.quote(str(made.out))}"
    if (made.out / ".work").is_dir():
        return f"stopped; the finished work is in {made.out}; to go on: {again} --resume"
    return f"stopped before anything was finished; to start again: {again}"


def loaded(file: Path, *, architecture: str | None, inputs: str | None, outputs: str | None, trust: bool) -> Network:
    """The network in a file. Imports torch."""
    from scrutable.network import load

    return load(file, architecture, inputs=inputs, outputs=outputs, trust=trust)


def options(**values: str | Path | list[str] | bool | None) -> list[str]:
    """Options that were given, as words of a command line."""
    words: list[str] = []
    for name, value in values.items():
        if value is True:
            words.append(f"--{name.replace('_', '-')}")
        elif value:
            for item in value if isinstance(value, list) else [value]:
                words += [f"--{name.replace('_', '-')}", str(item)]
    return words
