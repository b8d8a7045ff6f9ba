"""A study: the network, what was tried, every hypothesis with its evidence, ranked. One folder to hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrutable.circuits import Examination, ProgramCircuit
from scrutable.errors import UserError
from scrutable.hypothesis import Hypothesis, Verdict, hypothesis_from_data, hypothesis_to_data, plain, read_as
from scrutable.network import NetworkFacts
from scrutable.work import read_json, write_atomically, write_json

if TYPE_CHECKING:
    import pandas

FORMAT, VERSION = "scrutable-study", 1
ANSWERS = (Verdict.PROVED, Verdict.SUPPORTED, Verdict.BEHAVIOURAL)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How a study was made, in enough detail to make it again.

    Arguments:
        data_n: rows of data used. data_source: where they came from, in words. data_sha256: of their bytes.
        budget_s, seconds: the time allowed and the time taken, in seconds.
        command: the command line or call that repeats the study.
        environment: versions of Python and the packages that matter.
    """

    data_n: int
    data_source: str
    data_sha256: str
    budget_s: float
    seed: int
    seconds: float
    command: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried and what came of it."""

    step: str
    what: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CircuitFacts:
    """Where the program and the network's connections meet. No part of the verdict.

    Arguments:
        program: the circuit that the places of the program's variables induce. reason: why there is none, else "".
        found: what the search for the smallest circuit came to. unfound: why it was not searched for, else "".
        seconds: what all of it took.
    """

    program: ProgramCircuit | None
    reason: str
    found: Examination | None
    unfound: str
    seconds: float


def subject_of(hypotheses: tuple[Hypothesis, ...]) -> Hypothesis | None:
    """The answer, or the one hypothesis that a person asked to be tested, or none."""
    only = hypotheses[0] if len(hypotheses) == 1 else None
    asked = only is not None and only.provenance.proposer == "person"
    return _answer(hypotheses) or (only if asked else None)


def _answer(hypotheses: tuple[Hypothesis, ...]) -> Hypothesis | None:
    return next((h for h in hypotheses if h.verdict in ANSWERS), None)


def _meaning(best: Hypothesis) -> str:
    """What the verdict means, with the comparison on the whole domain where there was one."""
    if best.verdict is Verdict.BEHAVIOURAL and any(r.passed for r in best.evidence.of("exhaustive")) and _exact(best):
        return "equal to the network on its whole domain; that the insides work this way is not established"
    return best.verdict.meaning


def _limits(best: Hypothesis) -> str:
    """What a reader must not take the answer for."""
    parts = [] if _exact(best) else ["It is approximate: it differs from the network on a few inputs."]
    parts += [] if best.within is None else [f"Equal means: at most {best.within:.3g} apart."]
    parts += ["It holds up to the declared length only."] if best.evidence.truncated else []
    return "".join(f" {part}" for part in parts)


def _exact(hypothesis: Hypothesis) -> bool:
    """Whether no input of the declared domain is known on which program and network differ."""
    kinds = ("behaviour", "exhaustive", "counter-example")
    known = (r for r in hypothesis.evidence if r.kind in kinds and r.name != "fidelity.longer" and r.n)
    return (hypothesis.within is not None or not hypothesis.residual_bits) and all(r.value == 1.0 for r in known)


@dataclass(frozen=True)
class Study:
    """Network, run, hypotheses (best first), attempts, and the circuit of the one that the report is about.

    Reading and reporting need no torch.
    """

    facts: NetworkFacts
    run: RunFacts
    hypotheses: tuple[Hypothesis, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    circuit: CircuitFacts | None = None

    @property
    def subject(self) -> Hypothesis | None:
        """What a report is about: the answer, or the one hypothesis that a person asked to be tested, or none."""
        return subject_of(self.hypotheses)

    @property
    def best(self) -> Hypothesis | None:
        """The best hypothesis that is an answer; None when no short program was found."""
        return _answer(self.hypotheses)

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        best = self.best
        if best is None:
            count = len(self.hypotheses)
            return f"No short program found: {count} candidate{'s' * (count != 1)} tested, none of them an answer."
        return f"{best.verdict.value.capitalize()}: {_meaning(best)} ({best.program.bits:.0f} bits).{_limits(best)}"

    def save(self, folder: str | Path) -> Path:
        """Write `study.json`, and `program.py` when there is an answer. Each file is whole or not there.

        Raises:
            UserError: the folder cannot be written to.
        """
        folder = Path(folder)
        program = folder / "program.py"
        if self.best is not None:
            write_atomically(program, self.best.program.source)
        elif program.exists():
            program.unlink()
        write_json(folder / "study.json", self.to_data())
        return folder

    @staticmethod
    def load(folder: str | Path) -> Study:
        """Read a study from its folder or its `study.json`.

        Raises:
            UserError: no study there, or it is damaged, or a newer version wrote it.
        """
        path = Path(folder)
        return Study.from_data(read_json(path / "study.json" if path.is_dir() else path))

    def report(self, path: str | Path) -> Path:
        """Write the report: one HTML file that needs nothing else."""
        from scrutable.report import render

        path = Path(path)
        write_atomically(path, render(self))
        return path

    def to_data(self) -> dict[str, Any]:
        """The study as plain data for JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "headline": self.headline,
            "facts": plain(self.facts),
            "run": plain(self.run),
            "attempts": plain(self.attempts),
            "hypotheses": [hypothesis_to_data(h) for h in self.hypotheses],
            "circuit": plain(self.circuit),
        }

    @staticmethod
    def from_data(data: Any) -> Study:
        """Read a study from plain data; nothing in it is executed.

        Raises:
            UserError: the data are not a study this version can read.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise UserError('got data that is not a study, expected a study.json written by "scrutable explain"')
        if data.get("version") != VERSION:
            raise UserError(f"got study version {str(data.get('version'))[:20]}, expected {VERSION}; try upgrading")
        hypotheses = data.get("hypotheses")
        if not isinstance(hypotheses, list):
            raise UserError("got a study without a list of hypotheses, expected one written by scrutable")
        return Study(
            facts=read_as(NetworkFacts, data.get("facts")),
            run=read_as(RunFacts, data.get("run")),
            hypotheses=tuple(hypothesis_from_data(h) for h in hypotheses),
            attempts=read_as(tuple[Attempt, ...], data.get("attempts")),  # type: ignore[arg-type]
            circuit=None if data.get("circuit") is None else read_as(CircuitFacts, data["circuit"]),
        )

    def to_frame(self) -> pandas.DataFrame:
        """One row for each hypothesis and result, as a pandas data frame.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise UserError('got no pandas, which frames need; try: pip install "scrutable[frames]"') from None
        rows = [
            {
                "rank": rank,
                "verdict": h.verdict.value,
                "proposer": h.provenance.proposer,
                "bits": h.program.bits,
                "test": r.name,
                "kind": r.kind,
                "status": r.status,
                "value": r.value,
                "low": r.interval.low if r.interval else None,
                "high": r.interval.high if r.interval else None,
                "n": r.n,
                "method": r.method,
            }
            for rank, h in enumerate(self.hypotheses, 1)
            for r in h.evidence
        ]
        return pandas.DataFrame(rows)

    def _repr_html_(self) -> str:
        from scrutable.report import study_html

        return study_html(self)

    def __repr__(self) -> str:
        return f"Study({self.headline!r}, hypotheses={len(self.hypotheses)})"
