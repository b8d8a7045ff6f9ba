"""How often nominal 95% intervals hold the truth: `python bench/coverage.py` (docs/_measured/coverage.md)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from scrutable.bench._binomial import METHODS, attainable, chances, compared, held
from scrutable.bench._coverage import (
    SIZES,
    WORLDS,
    Coverage,
    looked_at_often,
    of_pools,
    of_sequences,
    of_units,
    pigeonhole,
    sharing_inputs,
    taken_for_independent,
)
from scrutable.hypothesis import clopper_pearson, wilson
from scrutable.work import write_atomically

TRIALS, RESAMPLED, LONG = 2000, 400, 1000
MEASURED = Path(__file__).parents[1] / "docs" / "_measured" / "coverage.md"
PREFACE = """
Nominal level 95%. Covered is the share of intervals that hold the truth, with the standard error of the simulation; n
is the number of simulated studies; width is the mean width. Inputs and pairs are drawn afresh in each study.

- **disjoint pairs**: no input is used twice; Wilson's interval. The library's headline numbers are these. Such pairs
  are independent, so that the coverage is a sum over what may be counted, and no simulation.
- **re-used pool**: pairs of inputs from one pool. "taken for independent" is Wilson's interval for the pairs;
  "pigeonhole bootstrap" resamples inputs (400 resamples); "pairs that share inputs" is the library's interval.
- **one look**: independent units, as many as were planned.
- **any look**: covered after *every* unit from the first to the thousandth, whatever the rule to stop.
"""

UNITS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 500)
TRUTHS = np.arange(50, 100) / 100
CHOICE = """
One fraction of independent units, nominal 95%: for 16 to 500 units and truths from 0.50 to 0.99, on which share of that
grid the exact coverage lies between 93% and 97%, and its least and most. No interval whatever can do so on more than
{best}: with few units and a truth near 1 the counts are too coarse.
"""


def rows() -> Iterator[tuple[str, str, str, str]]:
    """What was drawn, from what, by which method, and its coverage."""
    for drawn, where, method, found in simulated():
        yield drawn, where, method, f"{found.share:.1%} ± {found.error:.1%} | {found.trials} | {found.width:.3f}"


def exact() -> Iterator[tuple[str, str, str, str]]:
    """The same for disjoint pairs, without simulation."""
    for world in WORLDS:
        for inputs in (64, 256, 1000):
            n = inputs // 2
            truth, (low, high) = np.array([world.truth]), METHODS["Wilson"](n)
            covered, width = held((low, high), n, truth)[0], (high - low) @ chances(n, truth)[:, 0]
            yield f"{n} disjoint pairs", world.name, "Wilson", f"{covered:.1%} | exact | {width:.3f}"


def simulated() -> Iterator[tuple[str, str, str, Coverage]]:
    """The same for all else, by simulation."""
    methods = (
        ("taken for independent", taken_for_independent, TRIALS),
        ("pigeonhole bootstrap", pigeonhole, RESAMPLED),
        ("pairs that share inputs", sharing_inputs, TRIALS),
    )
    for world in WORLDS:
        for inputs, pairs in SIZES:
            for name, method, trials in methods:
                found = of_pools(world, inputs, pairs, method, trials=trials)
                yield f"re-used pool, {inputs} inputs, {pairs} pairs", world.name, name, found
    for share in (0.5, 0.9, 0.98):
        for name, method in (("Wilson", wilson), ("Clopper-Pearson", clopper_pearson)):
            yield "200 units, one look", f"truth {share}", name, of_units(method, share, 200, trials=5 * TRIALS)
    for share in (0.5, 0.9, 0.98):
        yield f"{LONG} units, any look", f"truth {share}", "Wilson", looked_at_often(share, LONG, trials=RESAMPLED)
        found = of_sequences(share, LONG, trials=TRIALS)
        yield f"{LONG} units, any look", f"truth {share}", "confidence sequence", found


def among_methods() -> list[str]:
    """The table of intervals for one fraction of independent units."""
    best = float(np.mean([attainable(n, TRUTHS) for n in UNITS]))
    lines = [CHOICE.strip().format(best=f"{best:.1%}"), ""]
    lines += ["| method | 93-97% | below | above | least | most | mean width |", "|---|---|---|---|---|---|---|"]
    for name, method in METHODS.items():
        found = compared(method, UNITS, TRUTHS)
        shares = (found.inside, found.below, found.above, found.least, found.most)
        lines.append(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + f" | {found.width:.3f} |")
    return lines


def main() -> None:
    """Print the table and write it."""
    lines = ["| drawn | where | method | covered | n | width |", "|---|---|---|---|---|---|"]
    for row in chain(exact(), rows()):
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    print("\n".join(among_methods()))
    parts = [PREFACE.strip(), "", *lines, "", *among_methods()]
    write_atomically(MEASURED, "\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
