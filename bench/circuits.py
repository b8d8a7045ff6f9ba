"""Known circuits: `python bench/circuits.py FOLDER` prints the edge AUC of each method; what is there stays.

Networks are compiled from the programs of the suite, so their edges are known. No method sees more than the module and
inputs of two lengths. "Resampled" is resampling from another input, as published; "anywhere" also from other positions;
"both" takes the larger score of the two, which is what `find` does.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from scrutable.bench.transformers._catalogue import TASKS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.circuits import (
    Acdc,
    Contexts,
    EdgeAttribution,
    HeadImportance,
    Method,
    SubnetworkProbing,
    Wiring,
    edge_auc,
    trials,
    wire,
)
from scrutable.compile import Compiled
from scrutable.hypothesis import cluster_bootstrap
from scrutable.work import Journal, generator, one_thread

METHODS: tuple[Method, ...] = (
    Contexts(),
    Acdc(tuple(float(t) for t in np.geomspace(1e-5, 0.3, 8))),
    EdgeAttribution(),
    EdgeAttribution(5),
    HeadImportance(),
    SubnetworkProbing(steps=60),
)
KINDS = ("zero", "resample", "resample anywhere")
COLUMNS = {"zero": ("zero",), "resampled": ("resample",), "anywhere": KINDS[2:], "both": KINDS[1:], "all": KINDS}
VERSIONS = ("plain", "dressed")
INPUTS, MOST_EDGES, SEED = 12, 160, 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", type=int, default=2, help="of each family")
    parser.add_argument("--only-print", action="store_true")
    options = parser.parse_args()
    journal = Journal(options.folder, f"circuits {INPUTS} {MOST_EDGES} {SEED} {METHODS}")
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    with one_thread():
        for task, version in networks(options.tasks):
            for method in METHODS:
                key = f"{task.name} {version} {method.name}"
                if options.only_print:
                    row = journal.find(key)
                else:
                    row = journal.once(
                        key, lambda task=task, version=version, method=method: measured(task, version, method)
                    )
                if row:
                    found[f"{task.name}, {version}", method.name] = row
                    print(f"{key:40s}", row, flush=True)
    print("\n".join(table(found)))


def networks(count: int) -> Iterator[tuple[Task, str]]:
    """So many tasks of each family, in each version."""
    seen: dict[str, int] = defaultdict(int)
    found: list[Task] = []
    for task in TASKS:
        seen[task.family] += 1
        if seen[task.family] <= count:
            found.append(task)
    yield from ((task, version) for version in VERSIONS for task in found)


def measured(task: Task, version: str, method: Method) -> dict[str, float]:
    """The edge AUC of a method in each column, and the number of edges; nothing of networks of too many edges."""
    network = compiled(task, version)
    rng = generator(SEED, "circuits", task.name)
    lengths = (task.length, max(2, task.length - 2))
    inputs = [torch.from_numpy(rng.integers(0, task.tokens, (INPUTS, length))) for length in lengths]
    wirings = [wire(network.module, x) for x in inputs]
    known = known_edges(network, wirings[0])
    if len(known) > MOST_EDGES or known.all():
        return {}
    scores = {
        kind: np.max(
            [
                method.scores(trials(wiring, x, kind, draws=1, seed=SEED), seed=SEED)
                for wiring, x in zip(wirings, inputs, strict=True)
            ],
            axis=0,
        )
        for kind in KINDS
    }
    found = {name: edge_auc(np.max([scores[k] for k in kinds], axis=0), known) for name, kinds in COLUMNS.items()}
    return {name: round(value, 4) for name, value in found.items()} | {"edges": len(known)}


def known_edges(network: Compiled, wiring: Wiring) -> np.ndarray:
    """Which edges are in the circuit that the network was built from, `(edges,)` booleans."""
    known = {(e.source, e.target if e.target != "unembed" else "output", e.port) for e in network.circuit.edges}
    found = [(e.source, e.target, e.port) for e in wiring.edges]
    assert known <= set(found), f"edges that were not found: {known - set(found)}"
    return np.array([edge in known for edge in found])


def table(found: dict[tuple[str, str], dict[str, float]]) -> Iterator[str]:
    """Means over the networks that every method was run on, with intervals that resample networks."""
    names = [name for name, _ in found]
    shared = [name for name in dict.fromkeys(names) if names.count(name) == len(METHODS)]
    yield f"Mean edge AUC over n={len(shared)} networks, 95% bootstrap over networks, {INPUTS} inputs of each length."
    if not shared:
        return
    yield "| method | " + " | ".join(COLUMNS) + " | least |"
    yield "|---" * (len(COLUMNS) + 2) + "|"
    for method in METHODS:
        cells = []
        for column in COLUMNS:
            values = np.array([found[name, method.name][column] for name in shared])
            interval = cluster_bootstrap(values, np.arange(len(values)), generator(SEED, "interval"))
            cells.append(f"{values.mean():.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        least = min(found[name, method.name]["all"] for name in shared)
        yield f"| {method.name} | " + " | ".join(cells) + f" | {least:.3f} |"


if __name__ == "__main__":
    main()
