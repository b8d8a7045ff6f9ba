"""What is known about a network, as plain data that outlives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """Plain data about a network, kept in studies and shown in reports.

    Arguments:
        name: given by the user. kind: the class of the module, or "function".
        parameters: how many numbers its weights are; 0 for functions.
        dtype: of the weights, such as "float32"; "none" without weights.
        sha256: of the file it was loaded from, else of its weights; None for functions.
        file, format: the name (not the folder) and format of that file; None when it was made in memory.
        inputs, outputs: specs of the domains.
        recurrence: what its state is, or why it has none.
        checks: what was checked when the network was taken in, and what came of it.
    """

    name: str
    kind: str
    parameters: int
    dtype: str
    sha256: str | None
    file: str | None
    format: str | None
    inputs: str
    outputs: str
    recurrence: str
    checks: tuple[str, ...] = ()
