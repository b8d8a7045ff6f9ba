"""Explain every example network in a fresh process: `python bench/examples.py` writes docs/_measured/examples.md.

Wall time and peak memory are those of the whole process, start and torch's import included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

TARGET = Path(__file__).parents[1] / "docs" / "_measured" / "examples.md"
BUDGET, SEED = "60s", 0


def measure(name: str) -> str:
    """One row of the table; run in a process of its own so that peak memory is this network's."""
    import scrutable as sc
    from scrutable import examples

    started = time.perf_counter()
    study = sc.explain(examples.load(name), data=examples.inputs_for(name), budget=BUDGET, seed=SEED, jobs=2)
    seconds = time.perf_counter() - started
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    best = study.best
    row = {"seconds": seconds, "memory": memory, "headline": study.headline, "source": "", "cells": ["-"] * 4}
    if best is not None:
        names = {r.name: r for r in best.evidence}
        row["source"] = best.program.source.split('if __name__ == "__main__":')[0].rstrip()
        row["cells"] = [
            best.verdict.value,
            f"{best.program.bits:.0f}",
            shown(names.get("fidelity.held_out")),
            shown(names.get("interchange")),
        ]
    else:
        row["cells"][0] = "no short program found"
    return json.dumps(row)


def shown(result) -> str:  # noqa: ANN001
    """Value, interval and n, or the reason why there is none."""
    if result is None or result.value is None:
        return "-" if result is None else result.status
    low, high = (result.interval.low, result.interval.high) if result.interval else (float("nan"),) * 2
    return f"{result.value:.3f} [{low:.3f}, {high:.3f}] n={result.n}"


def main() -> None:
    """Measure every network and write the table and the programs."""
    from scrutable.examples import CATALOGUE

    lines = [
        f"Budget {BUDGET}, seed {SEED}, two jobs. Intervals: 95%, method in each study.",
        "",
        "| network | verdict | bits | held out | interchange | wall, s | peak memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    programs = []
    for entry in CATALOGUE:
        output = subprocess.run(
            [sys.executable, __file__, entry.name], check=True, capture_output=True, text=True
        ).stdout
        row = json.loads(output.splitlines()[-1])
        cells = [entry.name, *row["cells"], f"{row['seconds']:.1f}", f"{row['memory']:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
        programs.append(f"`{entry.name}` ({entry.task}): {row['headline']}\n")
        programs += [f"```python\n{row['source']}\n```\n"] if row["source"] else []
        print(lines[-1], flush=True)
    TARGET.write_text("\n".join([*lines, "", *programs]) + "\n")


if __name__ == "__main__":
    print(measure(sys.argv[1])) if len(sys.argv) > 1 else main()
