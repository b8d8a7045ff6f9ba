"""Known circuits: `python bench/circuits.py [FOLDER]` measures the edge AUC of each method; what is there stays.

No method sees more than the module and inputs. The table goes to docs/_measured/circuits.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from _spares import SPARES
from _suite import ROOT, RUNS
from torch import Tensor, nn

from scrutable.bench.transformers._catalogue import TASKS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.circuits import (
    Ablation,
    Acdc,
    Contexts,
    EdgeAttribution,
    HeadImportance,
    Method,
    Metric,
    SubnetworkProbing,
    Wiring,
    edge_auc,
    trials,
    wire,
)
from scrutable.compile import Compiled
from scrutable.hypothesis import cluster_bootstrap
from scrutable.work import Journal, generator, one_thread

ACDC, PROBING = Acdc(tuple(float(t) for t in np.geomspace(1e-5, 0.3, 8))), SubnetworkProbing(steps=60)
METHODS: dict[str, tuple[Method, Metric]] = {
    "contexts": (Contexts(), "squared"),
    "contexts, KL": (Contexts(), "KL"),
    "ACDC": (ACDC, "squared"),
    "ACDC, KL": (ACDC, "KL"),
    "EAP": (EdgeAttribution(), "squared"),
    "EAP-IG": (EdgeAttribution(5), "squared"),
    "HISP": (HeadImportance(), "squared"),
    "SP": (PROBING, "squared"),
    "SP, KL": (PROBING, "KL"),
}
"""EAP and HISP take the gradient of the output in one direction: that of a distance is 0 at the network's own."""
KINDS: tuple[Ablation, ...] = ("zero", "resample", "resample anywhere")
COLUMNS: dict[str, tuple[Ablation, ...]] = {
    "zero": ("zero",),
    "resampled": ("resample",),
    "anywhere": KINDS[2:],
    "both": KINDS[1:],
    "all": KINDS,
}
VERSIONS = ("plain", "dressed")
INPUTS, MOST_EDGES, SEED = 12, 160, 0
SUITES = {
    "spares": "Networks with spare parts, written down",
    "compiled": "Networks compiled from the programs of the suite, plain and dressed (heads shared or idle, rotated)",
}
PREFACE = """The area under the ROC curve of the scores of edges: 1 where the circuit's edges come before all others.
Damage is the squared distance of outputs, or their KL divergence where that is said. Each column is a way in which
edges are replaced: "resampled" is from another input, as published; "anywhere" also from other positions; "both" and
"all" take the largest score of several, which is what `find` does."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A network whose circuit is known.

    Arguments:
        suite: the table it belongs to. inputs: some of each length. known: which edges of a wiring are in its circuit.
    """

    suite: str
    name: str
    module: nn.Module
    inputs: list[Tensor]
    known: Callable[[Wiring], np.ndarray]


def main() -> None:
    """Measure, print, and write docs/_measured/circuits.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=RUNS / "bench-circuits")
    parser.add_argument("--tasks", type=int, default=2, help="of each family")
    parser.add_argument("--only-print", action="store_true")
    options = parser.parse_args()
    journal = Journal(options.folder, f"circuits {INPUTS} {MOST_EDGES} {SEED} {METHODS}")
    found: dict[str, dict[tuple[str, str], dict[str, float]]] = {suite: {} for suite in SUITES}
    with one_thread():
        for case in cases(options.tasks):
            for method in METHODS:
                key = f"{case.name} {method}"
                if options.only_print:
                    row = journal.find(key)
                else:
                    row = journal.once(key, lambda case=case, method=method: measured(case, method))
                if row:
                    found[case.suite][case.name, method] = row
                    print(f"{key:40s}", row, flush=True)
    parts = [(SUITES[suite], rows) for suite, rows in found.items() if rows]
    parts.append(("Both together", {key: row for _, rows in parts for key, row in rows.items()}))
    text = "\n\n".join("\n".join([f"### {title}\n", *table(rows)]) for title, rows in parts)
    print(text)
    (ROOT / "docs" / "_measured" / "circuits.md").write_text(f"{PREFACE}\n\n{text}\n")


def cases(count: int) -> Iterator[Case]:
    """So many compiled tasks of each family, in each version, and the networks with spare parts."""
    for spare in SPARES:
        rng = generator(SEED, "circuits", spare.name)
        inputs = [torch.from_numpy(rng.integers(0, spare.tokens, (INPUTS, spare.positions)))]
        yield Case("spares", spare.name, spare.network(), inputs, spare.known)
    seen: dict[str, int] = defaultdict(int)
    tasks: list[Task] = []
    for task in TASKS:
        seen[task.family] += 1
        if seen[task.family] <= count:
            tasks.append(task)
    for version in VERSIONS:
        for task in tasks:
            network, rng = compiled(task, version), generator(SEED, "circuits", task.name)
            lengths = (task.length, max(2, task.length - 2))
            inputs = [torch.from_numpy(rng.integers(0, task.tokens, (INPUTS, length))) for length in lengths]
            yield Case("compiled", f"{task.name} {version}", network.module, inputs, partial(known_edges, network))


def measured(case: Case, name: str) -> dict[str, float]:
    """The edge AUC of a method in each column, and the number of edges; nothing of networks of too many edges."""
    (method, metric), wirings = METHODS[name], [wire(case.module, x) for x in case.inputs]
    known = case.known(wirings[0])
    if len(known) > MOST_EDGES or known.all():
        return {}
    scores = {
        kind: np.max(
            [
                method.scores(trials(wiring, x, kind, draws=1, seed=SEED, metric=metric), seed=SEED)
                for wiring, x in zip(wirings, case.inputs, strict=True)
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
            values = np.array([found[name, method][column] for name in shared])
            interval = cluster_bootstrap(values, np.arange(len(values)), generator(SEED, "interval"))
            cells.append(f"{values.mean():.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        least = min(found[name, method]["all"] for name in shared)
        yield f"| {method} | " + " | ".join(cells) + f" | {least:.3f} |"


if __name__ == "__main__":
    main()
