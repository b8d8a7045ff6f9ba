"""How well programs of at most 16 leaves say what a trained network says: `python bench/fidelity.py`.

Writes docs/_measured/fidelity.md. For each data set and seed a multilayer perceptron (64, 64) is trained on 70% of the
rows, standardised; the proposer sees those rows and may ask the network more; fidelity is the share of the other 30% on
which its first program says what the network says. CART on the same rows is the baseline. Every figure is the mean of
the seeds, with a 95% interval of Student's t over them.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np

import scrutable as sc
from scrutable.program import Call, Let, walk
from scrutable.propose import ObliqueProposer, Problem, Proposer, RulesProposer, TreeProposer
from scrutable.work import Clock, one_thread, write_atomically

OUT = Path(__file__).parent.parent / "docs" / "_measured" / "fidelity.md"
SETS, SEEDS = ("breast_cancer", "wine", "digits"), (0, 1, 2)
LEAVES = 16
Run = tuple[float, float, float, float]
STUDENT = 4.303
"""The 97.5% point of Student's t with two degrees of freedom, for three seeds."""
HEAD = """Networks: scikit-learn's `MLPClassifier((64, 64), max_iter=500)` on standardised columns, seeds 0, 1 and 2 for
the split and the training. Held out: 30%. `data` is CART of at most 16 leaves on the network's answers to the rows, the
baseline; `tree`, `rules` and `oblique` are the first programs of the proposers, a list of k rules counting k + 1
leaves. Seconds are of one process and one thread."""


def trained(name: str, seed: int) -> tuple[sc.Network, np.ndarray, np.ndarray]:
    """A network, the rows that may be looked at, and those held out."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = getattr(datasets, f"load_{name}")()
    x, held, y, _ = train_test_split(data.data, data.target, test_size=0.3, random_state=seed)
    model = make_pipeline(StandardScaler(), MLPClassifier((64, 64), random_state=seed, max_iter=500))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # training may stop before it has converged
        model.fit(x, y)
    return sc.from_sklearn(model, x), x, held


def cart(network: sc.Network, x: np.ndarray, held: np.ndarray) -> Run:
    """The baseline: fidelity, leaves, coefficients, seconds."""
    from sklearn.tree import DecisionTreeClassifier

    started = time.process_time()
    model = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=0).fit(x, network.predict(x))
    leaves = int(model.get_n_leaves())
    right = float((model.predict(held) == network.predict(held)).mean())
    return right, leaves, leaves - 1, time.process_time() - started


def program(proposer: Proposer, network: sc.Network, x: np.ndarray, held: np.ndarray) -> Run:
    """The first program of a proposer: fidelity, leaves, coefficients, seconds; NaN where there is none."""
    started = time.process_time()
    y = network.predict(x)
    found = next(proposer.propose(Problem(network, x, y, x[:0], y[:0], 0, Clock(600.0))), None)
    seconds = time.process_time() - started
    if found is None:
        nothing = float("nan")
        return nothing, nothing, nothing, seconds
    right = float((found.program(held) == network.predict(held)).mean())
    settings = found.provenance.settings
    branches = sum(
        isinstance(n, Call) and n.op == "if"
        for s in found.program.statements
        if isinstance(s, Let)
        for n in walk(s.expr)
    )
    leaves = settings["leaves"] if "leaves" in settings else settings["rules"] + 1
    assert branches == leaves - 1 < LEAVES
    read = settings.get("coefficients", settings.get("conditions", branches))
    return right, leaves, read, seconds


def row(name: str, method: str, runs: list[Run]) -> str:
    """One line of the table."""
    right, leaves, terms, seconds = np.array(runs).T
    each = ", ".join("none" if np.isnan(value) else f"{value:.3f}" for value in right)
    if np.isnan(right).any():
        return f"| {name} | {method} | - | {each} | - | - | {seconds.mean():.1f} |"
    half = STUDENT * right.std(ddof=1) / np.sqrt(len(right))
    low, high = max(0.0, right.mean() - half), min(1.0, right.mean() + half)
    counts = f"{leaves.mean():.1f} | {terms.mean():.1f} | {seconds.mean():.1f}"
    return f"| {name} | {method} | {right.mean():.3f} [{low:.3f}, {high:.3f}] | {each} | {counts} |"


def main() -> None:
    """Measure everything and write the table."""
    lines = [HEAD, "", "| data | program | fidelity, mean [95%] | each seed | leaves | coefficients | seconds |"]
    lines.append("|" + "---|" * 7)
    for name in SETS:
        made = [trained(name, seed) for seed in SEEDS]
        lines.append(row(name, "data", [cart(*each) for each in made]))
        for proposer in (TreeProposer(), RulesProposer(), ObliqueProposer()):
            lines.append(row(name, proposer.name, [program(proposer, *each) for each in made]))
            print(lines[-1], flush=True)
    write_atomically(OUT, "\n".join(lines) + "\n")


if __name__ == "__main__":
    with one_thread():
        main()
