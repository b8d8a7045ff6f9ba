"""What is known about a circuit, as plain data: reading it needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from scrutable.hypothesis import Interval
from scrutable.network._ablation_kinds import Ablation


@final
@dataclass(frozen=True, slots=True)
class Edge:
    """`target` reads what `source` wrote by way of its `port`."""

    source: str
    target: str
    port: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}" + ("" if self.port == "input" else f".{self.port}")


@final
@dataclass(frozen=True, slots=True)
class ScoredEdge:
    """An edge, how much it matters, and whether it is in the circuit, and in the one that a program induces."""

    source: str
    target: str
    port: str
    score: float
    kept: bool
    induced: bool = False

    def __str__(self) -> str:
        return str(Edge(self.source, self.target, self.port))


@final
@dataclass(frozen=True, slots=True)
class Score:
    """One number about a circuit.

    Arguments:
        ablation: how the other edges were replaced. n: inputs. interval: over inputs; None where it is no mean of them.
        method: how it was measured.
    """

    name: str
    ablation: Ablation
    value: float
    interval: Interval | None
    n: int
    method: str


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """One test of a circuit.

    Arguments:
        holds: None where nothing could be compared. value: of the statistic. n: inputs.
        p: by which `holds` was decided, at 0.05; a small one is for sufficiency, and against all other claims.
        method: what the statistic is. reason: why it holds or not.
    """

    name: str
    ablation: Ablation
    holds: bool | None
    value: float
    p: float
    n: int
    method: str
    reason: str

    @property
    def answer(self) -> str:
        """Whether it holds, in words."""
        return "not tested" if self.holds is None else "yes" if self.holds else "no"


@final
@dataclass(frozen=True, slots=True)
class Control:
    """A statistic of a circuit beside what it is by chance.

    Arguments:
        value: of the circuit. chance: of each control. p: (1 + how many do as well) / (1 + how many there are).
        n: inputs. method: how the controls were made.
    """

    name: str
    value: float
    chance: tuple[float, ...]
    p: float
    n: int
    method: str


@final
@dataclass(frozen=True, slots=True)
class Placed:
    """A variable of a program, where it is said to be, and the components whose work this place shows."""

    variable: str
    site: str
    components: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class ProgramCircuit:
    """The circuit that the places of a program's variables induce, and what is known about it.

    Arguments:
        places: of the variables. edges: of the circuit. starts: components that read nothing, such as embeddings.
        components, of: how many components and edges the whole network has.
        test: how many inputs it was judged on. scores, claims: as for an `Examination`.
        missing: what was not measured, and why.
    """

    places: tuple[Placed, ...]
    edges: tuple[Edge, ...]
    starts: tuple[str, ...]
    components: int
    of: int
    test: int
    scores: tuple[Score, ...]
    claims: tuple[Claim, ...]
    missing: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Examination:
    """A circuit and what is known about it. It is plain data.

    Arguments:
        method, ablations: what it was found by. find, test: how many inputs it was found on, and how many others it was
            tested on.
        edges: all of them, those that matter most first.
        scores: faithfulness, completeness and minimality, each under each ablation that circuits are judged by.
        claims: the published tests, each under each of these ablations.
        control: against the same search, for what this network does, on networks with shuffled and with new weights.
        program: the circuit that a program induces; None without a program.
        missing: what was not measured, and why.
    """

    network: str
    method: str
    ablations: tuple[Ablation, ...]
    find: int
    test: int
    edges: tuple[ScoredEdge, ...]
    scores: tuple[Score, ...]
    claims: tuple[Claim, ...]
    control: Control | None
    program: ProgramCircuit | None
    missing: tuple[str, ...]
    seed: int

    @property
    def kept(self) -> tuple[ScoredEdge, ...]:
        """The edges of the circuit."""
        return tuple(edge for edge in self.edges if edge.kept)
