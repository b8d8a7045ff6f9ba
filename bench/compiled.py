"""Compiled transformers: every program of the suite in every version, compared with its program on every input.

    python bench/compiled.py [--seed 0]

Prints, for each family and version, how many networks give exactly what their program gives, the smallest share of
inputs that one of them gets right, and how large they are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable

from scrutable.bench.transformers._catalogue import MAPS, TASKS, VERSIONS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.compile import Compiled

COLUMNS = ("family", "version", "programs", "exact", "least share right", "blocks", "heads", "width", "s each")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS))
    families: dict[str, list[Task]] = {}
    for task in (*MAPS, *TASKS):
        families.setdefault(task.family, []).append(task)
    for family, tasks in families.items():
        for version in VERSIONS:
            start = time.perf_counter()
            made = [compiled(task, version, seed=seed) for task in tasks]
            seconds = (time.perf_counter() - start) / len(made)
            print("| " + " | ".join([family, version, *_cells(made), f"{seconds:.1f}"]) + " |", flush=True)


def _cells(made: list[Compiled]) -> list[str]:
    shapes = [one.module.settings for one in made]
    heads = [sum(block[0] for block in shape["blocks"]) for shape in shapes]
    return [
        str(len(made)),
        str(sum(one.agreement.exact for one in made)),
        f"{min(one.agreement.share for one in made):.4f}",
        _between(len(shape["blocks"]) for shape in shapes),
        _between(heads),
        _between(shape["width"] for shape in shapes),
    ]


def _between(numbers: Iterable[int]) -> str:
    found = list(numbers)
    return str(min(found)) if min(found) == max(found) else f"{min(found)} to {max(found)}"


if __name__ == "__main__":
    main()
