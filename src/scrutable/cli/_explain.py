"""`scrutable explain`: a model file in, a verified program out."""

from __future__ import annotations

from scrutable.cli import _options as o


def explain(
    file: o.ModelFile,
    *,
    architecture: o.Architecture = None,
    data: o.DataFile = None,
    labels: o.LabelsFile = None,
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
    """Find a program that says what a network computes, and test it against the network's insides."""
    from scrutable.cli._checks import Reasons, check_labels, check_model, default_folder
    from scrutable.cli._work import carry_out, loaded, options, plan

    reasons = Reasons()
    array = check_model(reasons, file, inputs=inputs, outputs=outputs, data=data)
    right = check_labels(reasons, labels, data=array)
    words = options(architecture=architecture, data=data, labels=labels, inputs=inputs, outputs=outputs, trust=trust)
    made = plan(
        reasons,
        budget=budget,
        seed=seed,
        jobs=jobs,
        out=out,
        default=lambda: default_folder(file),
        resume=resume,
        require=require,
        command=["explain", str(file), *words],
        json=json,
    )()
    network = loaded(file, architecture=architecture, inputs=inputs, outputs=outputs, trust=trust)

    from scrutable.explain import explain as work

    carry_out(made, work, network, data=array, labels=right, title=str(file), subject_of=lambda study: study.best)
