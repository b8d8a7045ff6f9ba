"""A hypothesis: a program, where its variables should be found in the network, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scrutable.hypothesis._evidence import Evidence, Verdict
from scrutable.program import Program

FLOOR = 0.95
"""The least agreement of a hypothesis that declares itself approximate."""
COARSEST = 0.1
"""A claim about real outputs that is not within this share of their standard deviation is not worth testing."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Program variable -> the site of the network that should carry it.

    The linear map between them is not part of the claim: the tests fit it on one split and score it on another.
    `sites` holds printable sites (see `scrutable.network.Site`); an empty mapping leaves the search for sites to the
    tests, which then charge for every site tried.
    """

    sites: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a hypothesis came from, in enough detail to run it again.

    Arguments:
        proposer: the name of the proposer, or "person".
        settings: the proposer's settings, as plain data.
        seed: the seed of the search.
        sources: the papers or repositories the method follows.
    """

    proposer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Program, alignment and provenance; once tested, also the evidence.

    `residual_bits` is the cost of writing down where the program differs from the network on the data it was ranked
    with; `total_bits` is what the ranking uses. `within` is part of the claim when outputs are real numbers: how far
    program and network may be apart, in the units of the output; None claims equality as nearly as the tests resolve.
    """

    program: Program
    alignment: Alignment = Alignment()
    provenance: Provenance = Provenance("person")
    evidence: Evidence = Evidence()
    residual_bits: float = 0.0
    notes: tuple[str, ...] = ()
    within: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What the evidence so far implies."""
        return self.evidence.verdict

    @property
    def total_bits(self) -> float:
        """Description length: the program, and the residual errors it leaves."""
        return self.program.bits + self.residual_bits

    @property
    def approximate(self) -> bool:
        """Whether it declares that it may differ from the network on a few inputs."""
        return self.provenance.settings.get("mode") in ("majority", "approximate")

    def with_evidence(self, evidence: Evidence, *, residual_bits: float | None = None) -> Hypothesis:
        """The same hypothesis after testing."""
        bits = self.residual_bits if residual_bits is None else residual_bits
        return replace(self, evidence=evidence, residual_bits=bits)
