"""`scrutable inspect`: what a model file is, and what of it can be explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrutable.cli import _options as o

if TYPE_CHECKING:
    from rich.console import Console

    from scrutable.network import FileFacts, Network

LONGEST = 40


def inspect(
    file: o.ModelFile,
    *,
    architecture: o.Architecture = None,
    inputs: o.Inputs = None,
    outputs: o.Outputs = None,
    trust: o.Trust = False,
    json: o.Json = False,
) -> None:
    """Show what is in a model file and what can be explained. Reads the header alone unless told the architecture."""
    from scrutable.cli._checks import Reasons, existing_file
    from scrutable.cli._console import output, print_json
    from scrutable.cli._work import loaded
    from scrutable.network import domain_from_spec, inspect_file

    reasons = Reasons()
    reasons.check(lambda: existing_file(file, "a model file"))
    for spec in (inputs, outputs):
        if spec is not None:
            reasons.check(lambda spec=spec: domain_from_spec(spec))
    reasons.settle()
    facts = inspect_file(file)
    network = None
    if architecture is not None or trust:
        network = loaded(file, architecture=architecture, inputs=inputs, outputs=outputs, trust=trust)
    if json:
        print_json(_data(facts, network, inputs, outputs))
        return
    console = output()
    _show_file(facts, console)
    _show_network(facts, network, inputs, outputs, console)


def _data(facts: FileFacts, network: Network | None, inputs: str | None, outputs: str | None) -> dict[str, Any]:
    from scrutable.hypothesis import plain

    found = plain(facts) | {"parameters": facts.parameters, "dtype": facts.dtype}
    found["domains"] = dict(_domains(facts, network, inputs, outputs))
    found["explainable"] = _explainable(facts, network)
    if network is not None:
        found["network"] = plain(network.facts) | {"sites": list(network.sites)}
    return found


def _show_file(facts: FileFacts, console: Console) -> None:
    from scrutable.cli._console import row, table

    about = table("", "")
    row(about, "file", f"{facts.file}, {facts.size:,} bytes")
    row(about, "format", f"{facts.format}, {'safe to load' if facts.safe else 'NOT safe to load'}")
    row(about, "sha256", facts.sha256)
    row(
        about, "parameters", f"{facts.parameters:,}, {facts.dtype}" if facts.tensors else "not known without loading it"
    )
    console.print(about)
    if not facts.tensors:
        return
    tensors = table("tensor", "shape", "dtype", right=("shape",))
    for tensor in facts.tensors[:LONGEST]:
        row(tensors, tensor.name, " x ".join(map(str, tensor.shape)) or "scalar", tensor.dtype)
    console.print()
    console.print(tensors)
    if len(facts.tensors) > LONGEST:
        console.print(f"and {len(facts.tensors) - LONGEST} more; --json shows all", style="dim")


def _show_network(
    facts: FileFacts, network: Network | None, inputs: str | None, outputs: str | None, console: Console
) -> None:
    from scrutable.cli._console import row, table

    about = table("", "")
    for name, text in _domains(facts, network, inputs, outputs):
        row(about, name, text)
    if network is not None:
        row(about, "recurrence", network.facts.recurrence)
        row(about, "sites", ", ".join(network.sites[:LONGEST]))
        for check in network.facts.checks:
            row(about, "check", check)
    row(about, "can be explained", _explainable(facts, network))
    console.print()
    console.print(about)


def _domains(
    facts: FileFacts, network: Network | None, inputs: str | None, outputs: str | None
) -> list[tuple[str, str]]:
    if network is not None:
        return [("inputs", network.facts.inputs), ("outputs", network.facts.outputs)]
    given = {"inputs": inputs, "outputs": outputs}
    return [(name, spec or facts.metadata.get(f"scrutable.{name}") or "not known") for name, spec in given.items()]


def _explainable(facts: FileFacts, network: Network | None) -> str:
    """What can be explained, or what is missing, in one sentence."""
    if network is not None and network.recurrence is not None:
        return "yes: outputs, and the state at every step"
    if network is not None:
        return "yes: outputs, and the output of every submodule"
    if not facts.safe:
        return f"not yet: {facts.reason}"
    own = facts.metadata.get("scrutable.architecture")
    if own and all(f"scrutable.{name}" in facts.metadata for name in ("inputs", "outputs")):
        return f"yes: the file names {own} and its domains"
    return "once it is known what makes the module and what goes in and out: --architecture, --inputs, --outputs"
