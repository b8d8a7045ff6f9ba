"""Networks without mechanism and with a known program: `python bench/frivolity.py` (docs/_measured/frivolity.md).

`--few N` takes N of every family, `--jobs` local processes. Finished rows are kept in runs/bench-frivolity: a run that
was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from _suite import ROOT, RUNS

from scrutable.bench import Case, Row, Share, environment, run_cases
from scrutable.bench._flexible import Aligned, alignments
from scrutable.bench._frivolity import FALSE_POSITIVE, FOUND, FRIVOLOUS, KNOWN, OPEN, SHOWN, SUPPORTED, Frivolity
from scrutable.bench._frivolity import __doc__ as MARKS
from scrutable.bench._run import FAILED
from scrutable.work import write_atomically

MEASURED = ROOT / "docs" / "_measured" / "frivolity.md"


def share(rows: Sequence[Row], mark: str) -> str:
    """How many rows bear a mark, with Wilson's interval."""
    found = Share.of([row.marks[mark] for row in rows])
    if not found.n:
        return "none"
    low, high = found.interval.low, found.interval.high
    return f"{found.count} of {found.n} ({found.count / found.n:.1%}, {low:.1%} to {high:.1%})"


def without_mechanism(rows: Sequence[Row]) -> list[str]:
    """The table of false positives, and every one of them."""
    marks = (FALSE_POSITIVE, SUPPORTED, SHOWN, OPEN)
    lines = [f"| without mechanism | {' | '.join(marks)} |", "|---|---|---|---|---|"]
    families = list(dict.fromkeys(row.family for row in rows))
    for name, some in [*((f, [r for r in rows if r.family == f]) for f in families), ("all", rows)]:
        lines.append(f"| {name} | " + " | ".join(share(some, mark) for mark in marks) + " |")
    wrong = [row for row in rows if row.marks.get(FALSE_POSITIVE)]
    return [*lines, "", *(f"- {row.key}, {row.task}: {row.verdict}, `{row.program}`; {row.why}" for row in wrong)]


def with_program(rows: Sequence[Row]) -> list[str]:
    """The table of power, and every network that lacks it."""
    found = [row for row in rows if row.marks.get(FOUND)]
    lines = ["| known program | |", "|---|---|", f"| rule found | {share(rows, FOUND)} |"]
    lines.append(f"| power: of these, supported or proved | {share(found, SUPPORTED)} |")
    lines.append(f"| of these, {OPEN} | {share(found, OPEN)} |")
    lines.append(f"| no program shown | {share(rows, FRIVOLOUS)} |")
    missed = [row for row in rows if not row.solved]
    return [*lines, "", *(f"- {row.key}, {row.task}: {row.verdict}; {row.why}" for row in missed)]


def flexible(found: Sequence[Aligned]) -> list[str]:
    """The table of alignment maps."""
    lines = [
        "| network | map | its variable, changed pairs | best decoy | p | the library says |",
        "|---|---|---|---|---|---|",
    ]
    for each in found:
        best = f"{max(each.decoys):.3f} of {len(each.decoys)}" if each.decoys else "none"
        p = "none" if each.p is None else f"{each.p:.2f}"
        lines.append(
            f"| {each.network} | {each.map} | {each.agreement:.3f} (n {each.n}) | {best} | {p} | {each.said} |"
        )
    return lines


def report(cases: Sequence[Case], rows: Sequence[Row], words: argparse.Namespace) -> str:
    """The whole page."""
    ran = [row for row in rows if row.verdict != FAILED]
    failed = [f"- could not be run: {row.key}: {row.why}" for row in rows if row.verdict == FAILED]
    seconds = sum(row.seconds for row in ran)
    facts = ", ".join(f"{name} {value}" for name, value in environment().items())
    marks = (MARKS or "").split("\n\n", 1)[1].strip()
    took = f"Budget {words.budget:g} s a network, {words.jobs} jobs, {len(cases)} networks, {seconds:.0f} s in all."
    parts = [
        [marks, "", took, "", f"On {facts}.", "", *failed],
        without_mechanism([r for r in ran if r.family != KNOWN]),
    ]
    parts += [with_program([row for row in ran if row.family == KNOWN]), flexible(alignments())]
    return "\n\n".join("\n".join(part).strip() for part in parts) + "\n"


def main() -> None:
    """Run what is not finished, print the page and, unless only few were run, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each network")
    parser.add_argument("--few", type=int, default=None, help="so many of each family")
    words = parser.parse_args()
    runs = RUNS / "bench-frivolity"
    suite = Frivolity(networks=runs / "networks")
    cases = suite.cases(0)
    if words.few is not None:
        cases = [case for case in cases if int(case.key.rpartition("/")[2]) < words.few]
    rows = run_cases(
        suite, cases, out=runs, budget=words.budget, jobs=words.jobs, on_row=lambda row: print(row.key, row.verdict)
    )
    page = report(cases, rows, words)
    print(page)
    if words.few is None:
        write_atomically(MEASURED, page)


if __name__ == "__main__":
    main()
