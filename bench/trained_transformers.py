"""Trained transformers as programs: what `explain` says of each, and of transformers that never learnt anything.

    python bench/trained_transformers.py [--untrained 20] [--minutes 10] [--out runs/trained] [PATTERN ...]

A row for each network that does its task: the program's length, its agreement with the network on single answers to
words kept back and to words of twice the length, the interchange of the variable that did worst, the verdict, seconds.
Finished rows are kept in the folder and not made again. Patterns are those of names: `histogram.*`, `*.gpt2.*`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from scrutable import explain
from scrutable.bench.trained._store import TrainedFacts, blank, kept, network_of
from scrutable.explain import Study
from scrutable.network import Network
from scrutable.verify import SINGLE
from scrutable.work import read_json, write_json

COLUMNS = (
    "network",
    "form",
    "right",
    "bits",
    "variables",
    "held out",
    "longer",
    "interchange",
    "verdict",
    "proposer",
    "s",
)
AGREES = 0.99


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one network; None where nothing was measured."""

    network: str
    form: str
    right: float | None
    bits: float | None
    variables: int | None
    held_out: float | None
    longer: float | None
    interchange: float | None
    verdict: str
    proposer: str
    seconds: float
    program: str

    @property
    def good(self) -> bool:
        """Whether it is what is hoped for."""
        return self.verdict in ("proved", "supported") and self.held_out is not None and self.held_out >= AGREES


def main() -> None:
    """Print a row for each network, then how many are good."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=["*"], help="names, * and ? as in file names")
    parser.add_argument("--untrained", type=int, default=0, help="networks with fresh weights in place of trained ones")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each network")
    parser.add_argument("--out", type=Path, default=Path("runs/trained"))
    given = parser.parse_args()
    able = [f for f in kept() if f.able and any(fnmatchcase(f.name, pattern) for pattern in given.patterns)]
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    rows = []
    for at, facts in enumerate(able if not given.untrained else (able * given.untrained)[: given.untrained]):
        rows.append(_row(facts, given.out, 60 * given.minutes, None if not given.untrained else 1000 + at))
        print("| " + " | ".join(_cells(rows[-1])) + " |", flush=True)
    print(f"\n{sum(row.good for row in rows)} of {len(rows)} borne out at {AGREES} agreement or better")


def _row(facts: TrainedFacts, out: Path, seconds: float, fresh: int | None) -> Row:
    path = out / f"{facts.name}{'' if fresh is None else f'.untrained{fresh}'}.json"
    if path.exists():
        return Row(**read_json(path))
    network = network_of(facts, None if fresh is None else blank(facts, fresh).eval())
    started = time.process_time()
    study = explain(network, budget=seconds, seed=0)
    row = _told(facts, network, study, time.process_time() - started, fresh)
    write_json(path, asdict(row))
    return row


def _told(facts: TrainedFacts, network: Network, study: Study, seconds: float, fresh: int | None) -> Row:
    best = study.best
    evidence = {} if best is None else {result.name: result for result in best.evidence}

    def single(name: str) -> Any:
        return dict(evidence[name].details).get(SINGLE) if name in evidence else None

    interchange = evidence.get("interchange")
    return Row(
        network=facts.name,
        form=facts.form.text,
        right=facts.right if fresh is None else None,
        bits=None if best is None else best.program.bits,
        variables=None if best is None else len(best.program.variables),
        held_out=single("fidelity.held_out"),
        longer=single("fidelity.longer"),
        interchange=None if interchange is None else interchange.value,
        verdict="none" if best is None else str(best.verdict),
        proposer="" if best is None else best.provenance.proposer,
        seconds=round(seconds, 1),
        program="" if best is None else best.program.source,
    )


def _cells(row: Row) -> list[str]:
    numbers = (row.right, row.held_out, row.longer, row.interchange)
    right, held_out, longer, interchange = ("" if value is None else f"{value:.4f}" for value in numbers)
    bits, variables = ("" if value is None else f"{value:.0f}" for value in (row.bits, row.variables))
    cells = [row.network, row.form, right, bits, variables, held_out, longer, interchange, row.verdict, row.proposer]
    return [*cells, f"{row.seconds:.0f}"]


if __name__ == "__main__":
    main()
