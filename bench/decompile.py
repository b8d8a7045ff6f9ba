"""Decompilation: programs read off every compiled transformer of the suite, compared with the network on every input.

    python bench/decompile.py [--version rotated] [--seed 0] [TASK ...]

A program is exact when it answers as the network does on every input of every length up to the longest. Bits are those
of the program found and of the one that was compiled. Networks that cannot be studied at all are counted apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from scrutable.bench.transformers._catalogue import MAPS, TASKS, VERSIONS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.compile import Compiled
from scrutable.errors import ScrutableError
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.propose import AttentionProposer, Problem
from scrutable.work import Clock, generator

SECONDS = 60.0
NEAR = 1e-2
"""Real answers this near are equal: weights with noise give no others."""


def main() -> None:
    """Print a line for each task, then the totals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", choices=VERSIONS, default="rotated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("tasks", nargs="*")
    given = parser.parse_args()
    print("| family | task | result | s | bits found | bits compiled |\n|---|---|---|---|---|---|")
    for tasks, kind in ((MAPS, "maps only"), (TASKS, "with attention")):
        results, seconds = [], []
        for task in tasks:
            if not given.tasks or task.name in given.tasks:
                result, spent, bits = _one(task, given.version, given.seed)
                results.append(result)
                seconds.append(spent)
                cells = (task.family, task.name, result, f"{spent:.1f}", bits, f"{task.program().bits:.0f}")
                print("| " + " | ".join(cells) + " |", flush=True)
        made = [result for result in results if result != "no network"]
        if made:
            print(f"\n{kind}, {given.version}: {made.count('exact')} of {len(made)} exact", end="")
            print(f" ({len(results) - len(made)} not studied), median {np.median(seconds):.1f} s\n", flush=True)


def _one(task: Task, version: str, seed: int) -> tuple[str, float, str]:
    """Result, seconds, bits."""
    made = compiled(task, version, seed=seed)
    try:
        network = made.network
    except ScrutableError:
        return "no network", 0.0, ""
    start = time.perf_counter()
    found = _proposed(network, seed)
    seconds = time.perf_counter() - start
    if found is None:
        return "no program", seconds, ""
    return ("exact" if _exact(found, made, network) else "wrong"), seconds, f"{found.program.bits:.0f}"


def _proposed(network: Network, seed: int) -> Hypothesis | None:
    x = network.inputs.sample(64, generator(seed, "decompile"))
    y = network.predict(x)
    problem = Problem(network, x, y, x[:0], y[:0], seed=seed, clock=Clock(SECONDS))
    return next(AttentionProposer().propose(problem), None)


def _exact(found: Hypothesis, made: Compiled, network: Network) -> bool:
    for length in range(1, made.inputs.shape[0] + 1):
        x = made.inputs.with_length(length).enumerate()
        said, answers = np.asarray(found.program(x)), network.predict(x)
        near = NEAR if network.outputs.kind == "Reals" else 0
        if np.abs(said.astype(float) - answers.astype(float)).max() > near:
            return False
    return True


if __name__ == "__main__":
    main()
