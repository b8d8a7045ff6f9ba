"""Decompilation: programs read off every compiled transformer of the suite, compared with the network and its circuit.

    python bench/decompile.py [--version rotated] [--seed 0] [--causal] [--length 10] [TASK ...]

A program is exact when it answers as the network does on every input of every length up to the longest. Networks that
cannot be studied at all are counted apart. What is read off heads and blocks of units is compared with the circuit that
was compiled: see `bench/_circuit_scores.py`. Round trip: the program is compiled in turn, and that network answers as
the first one does. `--causal` adds interchange interventions on every variable, on inputs kept back. `--length` makes
every network longer than its task asks for; where a length has over a hundred thousand inputs, 20,000 stand for them.

Finished networks are kept in runs/bench-decompile and not done again; the table is written to
docs/_measured/decompile.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from _circuit_scores import circuit_scores, readable
from _suite import parts_of

from scrutable.bench.transformers._catalogue import MAPS, TASKS, VERSIONS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.compile import Compiled, compile  # noqa: A004
from scrutable.errors import ScrutableError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.network import Network, Tokens
from scrutable.program import Program
from scrutable.propose.attention import FORESEEN, Decompiled, decompiled
from scrutable.verify import Case, Sample
from scrutable.verify._layered import layered_interchange
from scrutable.work import Clock, generator

ROOT = Path(__file__).parents[1]
RUNS, MEASURED = ROOT / "runs" / "bench-decompile", ROOT / "docs" / "_measured" / "decompile.md"
SECONDS = 60.0
MOST_INPUTS, SOME_INPUTS = 100_000, 20_000
NEAR = 1e-2
"""Real answers this near are equal: weights with noise give no others."""
Row = dict[str, Any]


def main() -> None:
    """Measure what is missing, then write the table of everything that was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", choices=VERSIONS, default="rotated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--causal", action="store_true")
    parser.add_argument("--length", type=int)
    parser.add_argument("tasks", nargs="*")
    given = parser.parse_args()
    for task in (*TASKS, *MAPS):
        if given.tasks and task.name not in given.tasks:
            continue
        kind = ("-causal" if given.causal else "") + (f"-length-{given.length}" if given.length else "")
        path = RUNS / f"{given.version}-{given.seed}{kind}" / f"{task.name}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            longer = replace(task, length=given.length or task.length)
            path.write_text(json.dumps(_one(longer, given.version, given.seed, causal=given.causal)))
        print(task.name, path.read_text()[:160], flush=True)
    MEASURED.write_text(_tables(parts_of(MEASURED.read_text(), ": ")))


def _one(task: Task, version: str, seed: int, *, causal: bool) -> Row:
    made = compiled(task, version, seed=seed)
    row: Row = {"family": task.family, "task": task.name, "maps only": task.name in {each.name for each in MAPS}}
    row["itself"] = made.agreement.exact
    try:
        network = made.network
    except ScrutableError:
        return row | {"result": "no network"}
    start = time.perf_counter()
    found = _decompiled(network, seed)
    row |= {"seconds": time.perf_counter() - start, "bits compiled": made.program.bits}
    if found is None:
        return row | {"result": "no program"} | circuit_scores(made, None)
    row |= {"result": "exact" if _same(found.program, made, network.predict) else "wrong", "bits": found.program.bits}
    row |= readable(found.program) | circuit_scores(made, found) | {"round trip": _round_trip(found.program, made)}
    return row | {"interchange": _interchange(network, found, seed)} if causal else row


def _decompiled(network: Network, seed: int) -> Decompiled | None:
    x = network.inputs.sample(64, generator(seed, "decompile"))
    try:
        return decompiled(network, x, seed=seed, clock=Clock(SECONDS))
    except FORESEEN:
        return None


def _same(program: Program, made: Compiled, answer: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Whether a program answers like something else on the inputs of every length."""
    for length in range(1, made.inputs.shape[0] + 1):
        x = _inputs(made.inputs.with_length(length))
        said, answers = np.asarray(program(x)), answer(x)
        near = NEAR if "f" in (said.dtype.kind, answers.dtype.kind) else 0
        if np.abs(said.astype(float) - answers.astype(float)).max() > near:
            return False
    return True


def _inputs(domain: Tokens) -> np.ndarray:
    """All there are, or some of too many."""
    few = domain.size is not None and domain.size <= MOST_INPUTS
    return domain.enumerate() if few else domain.sample(SOME_INPUTS, generator(0, "decompile", "inputs"))


def _round_trip(program: Program, made: Compiled) -> str:
    """Whether the program, compiled, gives a network that answers as the first one does."""
    try:
        again = compile(program, made.inputs).network
    except ScrutableError:
        return "refused"
    return "same" if _same(program, made, again.predict) else "differs"


def _interchange(network: Network, found: Decompiled, seed: int) -> list[float | None]:
    """The agreement on pairs whose answer changes, for each variable that can be tested."""
    x = _inputs(network.inputs)
    x = x[generator(seed, "decompile", "split").permutation(len(x))][:4096]
    half = len(x) // 2
    parts = [Sample(rows, network.predict(rows)) for rows in (x[:half], x[half:])]
    values: list[float | None] = []
    for name, site in found.sites.items():
        hypothesis = Hypothesis(found.program, Alignment({name: site}), Provenance("attention"))
        case = Case(network, hypothesis, *parts, seed, Clock(SECONDS))
        (result,) = layered_interchange(case, controls=False)
        values += [] if result.status == "not applicable" else [result.value]
    return values


def _tables(parts: dict[str, str]) -> str:
    """The page: the parts of what was measured here, and those that there were of other networks."""
    for folder in sorted(RUNS.iterdir()):
        rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
        for kind, some in (
            ("with attention", [r for r in rows if not r["maps only"]]),
            ("maps only", [r for r in rows if r["maps only"]]),
        ):
            if some:
                title = f"{folder.name}, {kind}"
                parts[title] = f"### {title}: {len(some)} networks\n\n{_table(some)}\n"
    return "\n".join(parts[title] for title in sorted(parts))


def _table(rows: Sequence[Row]) -> str:
    studied = [row for row in rows if row["result"] != "no network"]
    found = [row for row in studied if row["result"] != "no program"]
    itself = [row for row in studied if row["itself"]]
    seconds = [row["seconds"] for row in studied]
    scores = ["heads of the right kind", "selectors right", "sources right", "parts recalled", "parts right"]
    lines = [
        ("program equal to the network on every input", _share(r["result"] == "exact" for r in studied)),
        ("the same, of networks that still do their task", _share(r["result"] == "exact" for r in itself)),
        ("could not be studied", str(len(rows) - len(studied))),
        *((score, _ratio(r.get(score, (0, 0)) for r in studied)) for score in scores),
        ("selectors in short expressions", _ratio(r["short selectors"] for r in found)),
        ("programs without a table of more than 12 rows", _share(r["largest table"] <= 12 for r in found)),
        ("lines, median", f"{np.median([r['lines'] for r in found]):.0f}" if found else "-"),
        ("compiled again, the same answers", _share(r["round trip"] == "same" for r in found)),
        ("seconds, median and 95th percentile", f"{np.median(seconds):.1f}, {np.quantile(seconds, 0.95):.1f}"),
    ]
    tested = [value for row in found for value in row.get("interchange", [])]
    if tested:
        lines.append(("variables with interchange of .99", _share(v is not None and v >= 0.99 for v in tested)))
    wrong = [f"{row['task']} ({row['result']})" for row in studied if row["result"] != "exact"]
    lines.append(("not exact", ", ".join(wrong) or "none"))
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in lines)


def _share(truths: Any) -> str:
    found = list(truths)
    return f"{sum(found)} of {len(found)}" + (f" ({sum(found) / len(found):.1%})" if found else "")


def _ratio(pairs: Any) -> str:
    right, among = np.sum([*pairs, (0, 0)], axis=0)
    return f"{right} of {among}" + (f" ({right / among:.1%})" if among else "")


if __name__ == "__main__":
    main()
