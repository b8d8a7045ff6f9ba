"""`scrutable verify`: tests a person's own program against a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scrutable.cli import _options as o
from scrutable.cli._functions import read_function

if TYPE_CHECKING:
    from scrutable.explain import Study
    from scrutable.hypothesis import Hypothesis

Source = Annotated[
    str,
    typer.Option(
        "--hypothesis",
        metavar="FILE.PY:FUNCTION",
        help="A Python function (or MODULE:FUNCTION). It is read and translated, never run.",
    ),
]


def verify(
    file: o.ModelFile,
    *,
    hypothesis: Source,
    align: o.Align = None,
    architecture: o.Architecture = None,
    data: o.DataFile = None,
    labels: o.LabelsFile = None,
    circuit: o.Circuit = False,
    inputs: o.Inputs = None,
    outputs: o.Outputs = None,
    budget: o.Budget = "60s",
    seed: o.Seed = 0,
    out: o.Out = None,
    resume: o.Resume = False,
    jobs: o.Jobs = 1,
    trust: o.Trust = False,
    require: o.Require = None,
    json: o.Json = False,
) -> None:
    """Test your own program: the same tests and controls that explain uses on its own."""
    from scrutable.cli._checks import Reasons, check_labels, check_model, default_folder
    from scrutable.cli._work import carry_out, loaded, options, plan

    reasons = Reasons()
    array = check_model(reasons, file, inputs=inputs, outputs=outputs, data=data)
    right = check_labels(reasons, labels, data=array)
    wanted = reasons.check(lambda: read_hypothesis(hypothesis, align or []))
    words = options(hypothesis=hypothesis, align=align, circuit=circuit)
    words += options(architecture=architecture, data=data, labels=labels, inputs=inputs, outputs=outputs, trust=trust)
    made = plan(
        reasons,
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=out,
        default=lambda: default_folder(file),
        resume=resume,
        require=require,
        command=["verify", str(file), *words],
        json=json,
    )()
    network = loaded(file, architecture=architecture, inputs=inputs, outputs=outputs, trust=trust)

    from functools import partial

    from scrutable.explain import verify as work

    carry_out(
        made,
        partial(work, circuit=circuit),
        network,
        wanted,
        data=array,
        labels=right,
        title=str(file),
        subject_of=_only,
    )


def _only(study: Study) -> Hypothesis:
    """The one hypothesis of a study made by `verify`."""
    return study.hypotheses[0]


def read_hypothesis(spec: str, align: list[str]) -> Hypothesis:
    """The function named by "FILE.PY:FUNCTION" or "MODULE:FUNCTION" as a hypothesis, without running its file.

    Raises:
        UserError: no such file or function, Python that cannot be translated, or an alignment that is not
            "VARIABLE=SITE". Every reason is given.
    """
    from scrutable.cli._checks import Reasons, read_sites
    from scrutable.hypothesis import hypothesis

    reasons = Reasons()
    sites = read_sites(reasons, align)
    function = reasons.check(lambda: read_function(spec))
    reasons.settle()
    assert function is not None
    return hypothesis(function, align=sites)
