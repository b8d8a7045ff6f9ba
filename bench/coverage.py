"""How often nominal 95% intervals hold the truth: `python bench/coverage.py` (docs/_measured/coverage.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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

- **disjoint pairs**: no input is used twice; Wilson's interval. The library's headline numbers are these.
- **re-used pool**: pairs of inputs from one pool. "taken for independent" is Wilson's interval for the pairs;
  "pigeonhole bootstrap" resamples inputs (400 resamples); "pairs that share inputs" is the library's interval.
- **one look**: independent units, as many as were planned.
- **any look**: covered after *every* unit from the first to the thousandth, whatever the rule to stop.
"""


def rows() -> Iterator[tuple[str, str, str, Coverage]]:
    """What was drawn, from what, by which method, and its coverage."""
    for world in WORLDS:
        for inputs in (64, 256, 1000):
            found = of_pools(world, inputs, None, taken_for_independent, trials=TRIALS)
            yield f"{inputs // 2} disjoint pairs", world.name, "Wilson", found
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


def main() -> None:
    """Print the table and write it."""
    lines = ["| drawn | where | method | covered | n | width |", "|---|---|---|---|---|---|"]
    for drawn, where, method, found in rows():
        covered = f"{found.share:.1%} ± {found.error:.1%}"
        lines.append(f"| {drawn} | {where} | {method} | {covered} | {found.trials} | {found.width:.3f} |")
        print(lines[-1], flush=True)
    write_atomically(MEASURED, f"{PREFACE.strip()}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
