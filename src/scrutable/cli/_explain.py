"""`scrutable explain`: a model file in, a verified program out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrutable.cli import _options as o

if TYPE_CHECKING:
    from scrutable.cli._checks import Reasons


def explain(
    file: o.ModelFile,
    *,
    architecture: o.Architecture = None,
    data: o.DataFile = None,
    labels: o.LabelsFile = None,
    inputs: o.Inputs = None,
    outputs: o.Outputs = None,
    target: o.Target = None,
    target_outputs: o.TargetOutputs = None,
    also: o.Also = None,
    circuit: o.Circuit = False,
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
    words += options(target=target, target_outputs=target_outputs, also=also, circuit=circuit)
    _check_target(reasons, target, outputs=target_outputs, labels=labels)
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
    if target is not None:
        network = network.at(target, target_outputs)

    from functools import partial

    from scrutable.explain import explain as work

    search = partial(work, also=also or (), circuit=circuit)
    carry_out(made, search, network, data=array, labels=right, title=str(file), subject_of=lambda study: study.best)


def _check_target(reasons: Reasons, target: str | None, *, outputs: str | None, labels: Path | None) -> None:
    """Note what cannot go together."""
    if outputs is not None and target is None:
        reasons.found.append("got --target-outputs without --target, expected the place whose value it is")
    if labels is not None and target is not None:
        reasons.found.append("got --labels with --target, expected labels for the network's output only")
