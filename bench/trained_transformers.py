"""Trained transformers as programs: what `explain` says of each, and of transformers that never learnt anything.

    python bench/trained_transformers.py [--untrained 20] [--minutes 10] [--jobs 2] [--out runs/trained] [PATTERN ...]

A row for each network that does its task: the program's length, its agreement with the network on single answers to
words kept back and to words of twice the length, the interchange of the variable that did worst, the verdict, processor
seconds, and which tests failed or were left open. Patterns are those of names: `histogram.*`, `*.gpt2.*`. Finished rows
are kept in the folder and not made again; the table of all that are there goes to
docs/_measured/trained_transformers.md. `--untrained N` takes N of the networks with fresh weights instead.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from _suite import ROOT, RUNS

from scrutable.bench import Share
from scrutable.bench._studies import reasons
from scrutable.bench.trained._store import TrainedFacts, blank, kept, network_of
from scrutable.explain import Study, explain
from scrutable.hypothesis import Hypothesis
from scrutable.verify import SINGLE
from scrutable.work import executor, one_thread, read_json, write_atomically, write_json

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
    "why not",
)
AGREES = 0.99
MEASURED = ROOT / "docs" / "_measured" / "trained_transformers.md"


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
    why: str
    trained: bool
    minutes: float

    @property
    def good(self) -> bool:
        """Whether it is what is hoped for."""
        return self.verdict in ("proved", "supported") and self.held_out is not None and self.held_out >= AGREES


@dataclass(frozen=True, slots=True)
class Item:
    """A network to explain. `fresh` is the seed of weights in place of trained ones."""

    facts: TrainedFacts
    fresh: int | None
    minutes: float
    out: Path

    def __call__(self) -> Row:
        """The row that is kept, or a new one."""
        with one_thread():
            return _row(self)


def main() -> None:
    """Make the rows that are missing, then write the table of all that are there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=["*"], help="names, * and ? as in file names")
    parser.add_argument("--untrained", type=int, default=0, help="networks with fresh weights in place of trained ones")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each network")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=RUNS / "trained")
    given = parser.parse_args()
    able = [f for f in kept() if f.able and any(fnmatchcase(f.name, pattern) for pattern in given.patterns)]
    chosen = [(f, 1000 + at) for at, f in enumerate((able * given.untrained)[: given.untrained])]
    items = [Item(f, fresh, given.minutes, given.out) for f, fresh in chosen or [(f, None) for f in able]]
    for row in executor(given.jobs).map(run, items):
        print("| " + " | ".join(_cells(row)) + " |", flush=True)
    rows = [Row(**read_json(path)) for path in sorted(given.out.glob("*.json"))]
    write_atomically(MEASURED, page(rows))


def run(item: Item) -> Row:
    """One row, in whichever process."""
    return item()


def page(rows: Sequence[Row]) -> str:
    """Both tables."""
    parts = []
    for title, some in (("trained", [r for r in rows if r.trained]), ("untrained", [r for r in rows if not r.trained])):
        if not some:
            continue
        good = Share.of([row.good for row in some])
        low, high = good.interval.low, good.interval.high
        parts += [
            f"{title}: {good.count} of {good.n} ({low:.0%} to {high:.0%}, Wilson) supported or proved at {AGREES} "
            f"agreement or better; {len({row.network.split('.')[0] for row in some})} tasks; "
            f"{max(row.minutes for row in some):g} minutes each at most.\n",
            "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|",
            *("| " + " | ".join(_cells(row)) + " |" for row in some),
            "",
        ]
    return "\n".join(parts)


def _row(item: Item) -> Row:
    facts, fresh = item.facts, item.fresh
    path = item.out / f"{facts.name}{'' if fresh is None else f'.untrained{fresh}'}.json"
    if path.exists():
        return Row(**read_json(path))
    network = network_of(facts, None if fresh is None else blank(facts, fresh).eval())
    started = time.process_time()
    study = explain(network, budget=60 * item.minutes, seed=0)
    row = _told(item, study, time.process_time() - started)
    write_json(path, asdict(row))
    return row


def _told(item: Item, study: Study, seconds: float) -> Row:
    facts, best = item.facts, study.best
    evidence = {} if best is None else {result.name: result for result in best.evidence}

    def single(name: str) -> Any:
        return dict(evidence[name].details).get(SINGLE) if name in evidence else None

    interchange = evidence.get("interchange")
    return Row(
        network=facts.name,
        form=facts.form.text,
        right=facts.right if item.fresh is None else None,
        bits=None if best is None else best.program.bits,
        variables=None if best is None else len(best.program.variables),
        held_out=single("fidelity.held_out"),
        longer=single("fidelity.longer"),
        interchange=None if interchange is None else interchange.value,
        verdict="none" if best is None else str(best.verdict),
        proposer="" if best is None else best.provenance.proposer,
        seconds=round(seconds, 1),
        program="" if best is None else best.program.source,
        why=reasons(study) if best is None else _missing(best),
        trained=item.fresh is None,
        minutes=item.minutes,
    )


def _missing(best: Hypothesis) -> str:
    """Tests that failed or were left open."""
    short = [f"{result.name} {result.status}" for result in best.evidence if result.status in ("fail", "unknown")]
    return ", ".join(short)


def _cells(row: Row) -> list[str]:
    numbers = (row.right, row.held_out, row.longer, row.interchange)
    right, held_out, longer, interchange = ("" if value is None else f"{value:.4f}" for value in numbers)
    bits, variables = ("" if value is None else f"{value:.0f}" for value in (row.bits, row.variables))
    cells = [row.network, row.form, right, bits, variables, held_out, longer, interchange, row.verdict, row.proposer]
    return [*cells, f"{row.seconds:.0f}", row.why.replace("|", "/").replace("\n", " ")]


if __name__ == "__main__":
    main()
