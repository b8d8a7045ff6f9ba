"""`scrutable demo`: explains a network that ships with the package."""

from __future__ import annotations

from pathlib import Path

from scrutable.cli import _options as o

NAME = "binary_addition"


def demo(
    *,
    budget: o.Budget = "60s",
    seed: o.Seed = 0,
    out: o.Out = Path("scrutable-demo"),
    resume: o.Resume = False,
    jobs: o.Jobs = 2,
    json: o.Json = False,
) -> None:
    """Explain a recurrent network that was trained to add binary numbers, and write a report."""
    from scrutable.cli._checks import Reasons
    from scrutable.cli._work import carry_out, plan

    folder = out or Path("scrutable-demo")
    made = plan(
        Reasons(),
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=folder,
        default=lambda: folder,
        resume=resume,
        overwrite=True,
        require=None,
        command=["demo"],
        json=json,
    )()

    from scrutable.examples import load
    from scrutable.explain import explain as work

    carry_out(made, work, load(NAME), data=None, title=NAME, subject_of=lambda study: study.best)
