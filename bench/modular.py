"""Clock or pizza? Networks that add modulo a prime, and what verification says of both: `python bench/modular.py`.

Writes docs/_measured/modular.md. Rows that a run left in `runs/modular.json` are kept. `bench/train_modular.py` trained
the networks; names on the command line, such as "attention 1", choose among them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scrutable as sc
from scrutable.bench.modular._measures import measures
from scrutable.bench.modular._network import Adder
from scrutable.bench.modular._training import module_of, network_of, stored
from scrutable.explain._run import prepare_data
from scrutable.hypothesis import Hypothesis, Verdict
from scrutable.network import Network
from scrutable.propose import Circles, Problem
from scrutable.work import Clock, one_thread, read_json, write_atomically, write_json

ROOT = Path(__file__).parents[1]
RUNS, OUT = ROOT / "runs" / "modular.json", ROOT / "docs" / "_measured" / "modular.md"
WAYS = ("clock", "pizza")
BUDGET, SEED = "5m", 0
UNTRAINED = ((31, 1.0), (29, 1.0), (31, 0.0), (29, 0.0))
BORNE_OUT = (Verdict.PROVED, Verdict.SUPPORTED)
PREFACE = """\
Networks of one layer (width 64, 4 heads, 128 units) that add two tokens modulo p, trained on all pairs: what is shown
is the mechanism, not generalisation. Their kind is decided by the published measures, gradient symmetricity and
distance irrelevance. Both programs give the network's answers on every pair where they are judged; "borne out" is the
verdict supported or proved. In brackets: agreement under interchange, and the share of the change of scores left
unexplained where an exchange keeps the answer, each with its 95% interval and n.
"""


@one_thread()
def main() -> None:
    """Every network that has no row yet, then the table."""
    rows: dict[str, Any] = read_json(RUNS) if RUNS.exists() else {}
    for name, module in networks():
        if name not in rows and name in (sys.argv[1:] or [name]):
            rows[name] = row(module)
            RUNS.parent.mkdir(exist_ok=True)
            write_json(RUNS, rows)
            print(name, rows[name], flush=True)
    text = table(rows)
    print(text)
    write_atomically(OUT, text.encode())


def networks() -> Iterator[tuple[str, Adder]]:
    """Trained ones, and some with the weights that training starts from."""
    for facts in stored():
        yield f"{facts.recipe} {facts.seed}", module_of(facts)
    import torch

    for seed, (prime, rate) in enumerate(UNTRAINED):
        torch.manual_seed(1000 + seed)
        yield f"untrained {seed}", Adder(prime, rate).eval()


def row(module: Adder) -> dict[str, Any]:
    """Measures of one network, and the verdict on each program that is proposed for it."""
    found, started = measures(module), time.process_time()
    network = network_of(module, module.prime)
    ways = {str(h.provenance.settings["way"]): judged(network, h) for h in proposed(network)}
    return {
        "prime": module.prime,
        "rate": module.rate,
        "right": found.right,
        "symmetry": found.symmetry,
        "irrelevance": found.irrelevance,
        "kind": found.kind,
        "ways": ways,
        "seconds": round(time.process_time() - started, 1),
    }


def proposed(network: Network) -> list[Hypothesis]:
    """The programs proposed from the rows for searching; those that give other answers there are dropped."""
    data = prepare_data(network, None, None, SEED)
    x, y = data.inputs[data.find], data.outputs[data.find]
    problem = Problem(network, x, y, x[:0], y[:0], SEED, Clock(60))
    return [h for h in Circles().propose(problem) if (h.program(x) == y).all()]


def judged(network: Network, hypothesis: Hypothesis) -> dict[str, Any]:
    """The verdict of all tests and controls, and the causal results behind it."""
    (tested,) = sc.verify(network, hypothesis, budget=BUDGET, seed=SEED).hypotheses
    facts: dict[str, Any] = {"verdict": tested.verdict.value, "bits": round(tested.program.bits)}
    facts["site"] = ", ".join(tested.alignment.sites.values())
    facts["frequencies"] = len(hypothesis.provenance.settings["frequencies"])
    for name in ("interchange", "interchange.scores"):
        result = tested.evidence.named(name)
        interval = None if result is None else result.interval
        if result is not None and interval is not None:
            facts[name] = [result.status, result.value, interval.low, interval.high, result.n]
            facts[f"{name}, details"] = [[key, value] for key, value in result.details if key.startswith("unexpl")]
    return facts


def table(rows: dict[str, Any]) -> str:
    """All rows, and how many are right."""
    heads = ["network", "p", "adds", "symmetry", "irrelevance", "kind by these", *WAYS, "s"]
    known = {name: each for name, each in rows.items() if each["kind"] in WAYS}
    right = sum(says(each) == {each["kind"]} for each in known.values())
    others = {name: each for name, each in rows.items() if each["right"] < 1}
    quiet = sum(not says(each) for each in others.values())
    return "\n".join(
        [
            PREFACE,
            f"Right on {right} of {len(known)} networks whose kind is known (its program borne out, the other not);",
            f"nothing borne out for {quiet} of {len(others)} that do not add. At most {BUDGET} for each verification.",
            "",
            f"| {' | '.join(heads)} |",
            "|---" * len(heads) + "|",
            *(_row(name, each) for name, each in rows.items()),
            "",
        ]
    )


def says(row: dict[str, Any]) -> set[str]:
    """The ways that are borne out."""
    return {way for way, facts in row["ways"].items() if facts["verdict"] in BORNE_OUT}


def _row(name: str, row: dict[str, Any]) -> str:
    cells = [
        name,
        row["prime"],
        f"{row['right']:.1%}",
        f"{row['symmetry']:.2f}",
        f"{row['irrelevance']:.2f}",
        row["kind"],
    ]
    cells += [_way(row["ways"].get(way)) for way in WAYS]
    return f"| {' | '.join(map(str, [*cells, row['seconds']]))} |"


def _way(facts: dict[str, Any] | None) -> str:
    if facts is None:
        return "not proposed"
    shown = []
    for name in ("interchange", "interchange.scores"):
        if name in facts:
            status, value, low, high, n = facts[name]
            shown.append(f"{value:.3f} [{low:.3f}, {high:.3f}] n={n} {status}")
    return f"**{facts['verdict']}** ({'; '.join(shown)})"


if __name__ == "__main__":
    main()
