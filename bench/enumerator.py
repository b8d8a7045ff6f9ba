"""How fast the enumerator is, and how long it takes for problems with known answers.

Run it with `python bench/enumerator.py`; it prints a table and writes `docs/_measured/enumerator.md`.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scrutable.synthesis.enumeration import MOST_CANDIDATES, Effort, Found, Grammar, Search, evaluate
from scrutable.synthesis.enumeration._layout import Coder
from scrutable.work import Clock, generator, write_atomically

OUT = Path(__file__).parent.parent / "docs" / "_measured" / "enumerator.md"
ROWS = 64
RULE = """A candidate is one operator with one choice of operands whose whole value vector (64 examples) has been
computed, coded in 64 bits, looked up in the table of all earlier vectors, compared with the vector found there on a
hit, and stored when new. Mirror images of commutative operators, products dropped for their range before they are
computed, and the look-ups of the shortcuts are not counted; the time of the shortcuts is."""

Columns = dict[str, np.ndarray]
Problem = tuple[str, Columns, Callable[[Columns], np.ndarray], Grammar | None, str]


MOST = 6_000_000
"""Candidates of the measurement of speed; it ends earlier when the time or the memory does."""


def columns(names: str, *, n: int = ROWS, low: int = -20, high: int = 20, seed: int = 0) -> Columns:
    """Random integer leaves."""
    rng = generator(seed, "bench", names)
    return {name: rng.integers(low, high + 1, n) for name in names}


def with_ties(leaves: Columns) -> Columns:
    """x equals y in three examples: which comparison is meant can be told from those only."""
    y = np.concatenate([leaves["x"][:3], leaves["y"][3:]])
    return leaves | {"y": y}


def truth_table(names: str) -> Columns:
    """Every assignment of Boolean leaves."""
    bits = (np.arange(2 ** len(names))[:, None] >> np.arange(len(names))) & 1 == 1
    return dict(zip(names, bits.T, strict=True))


def problems() -> list[Problem]:
    """Name, leaves, truth, grammar and the time wanted."""
    bare = Grammar(operators=("if", "le"), constants=())
    boolean = Grammar(operators=("and", "or", "not"), constants=())
    lattice = Grammar(operators=("add", "sub", "min", "max", "if", "le"), constants=(0, 1, 2))
    return [
        ("if(x > y, x + z, z - 1)", with_ties(columns("xyz")),
         lambda c: np.where(c["x"] > c["y"], c["x"] + c["z"], c["z"] - 1), None, "2 s"),
        ("largest of 3 from if, <=", columns("abc", n=1000), lambda c: np.max(list(c.values()), axis=0), bare, ""),
        ("largest of 4 from if, <=", columns("abcd", n=1000), lambda c: np.max(list(c.values()), axis=0), bare, "10 s"),
        ("5-variable DNF, 3 terms", truth_table("abcde"),
         lambda c: (c["a"] & ~c["b"] & c["c"]) | (c["d"] & ~c["e"] & ~c["a"]) | (c["b"] & c["e"] & ~c["c"]), boolean,
         "1 s"),
        ("abs(x - y)", columns("xy"), lambda c: np.abs(c["x"] - c["y"]), lattice, ""),
        ("median of 3", columns("xyz"), lambda c: np.median(list(c.values()), axis=0).astype(int), lattice, ""),
        ("(x + 2 * y) % 7", columns("xyz"), lambda c: (c["x"] + 2 * c["y"]) % 7, None, ""),
        ("y - x if x > 13 else y + 2", columns("xy", n=300),
         lambda c: np.where(c["x"] > 13, c["y"] - c["x"], c["y"] + 2),
         None, ""),
    ]  # fmt: skip


def solve(
    leaves: Columns, target: np.ndarray, grammar: Grammar | None, seconds: float, most: int = MOST_CANDIDATES
) -> tuple[Effort, float, tuple[Found, ...]]:
    """One search: its effort, its seconds and what it found."""
    grammar = grammar or Grammar.fitting(leaves, [target])
    search = Search(leaves, {"t": target}, grammar=grammar, clock=Clock(seconds), limit=5, most=most)
    start = time.perf_counter()
    found = search.run()["t"]
    return search.effort, time.perf_counter() - start, found


def rate(seconds: float, operators: tuple[str, ...]) -> tuple[Effort, float, float]:
    """Candidates of a search for something that is not there: 6 leaves, 8 operators, 64 examples."""
    target = generator(0, "bench", "noise").integers(0, 10, ROWS)
    before = time.process_time()
    effort, took, _ = solve(columns("uvwxyz"), target, Grammar(operators=operators, memory=2**31), seconds, MOST)
    return effort, took, time.process_time() - before


def ended(effort: Effort) -> str:
    """What ended a search that found nothing."""
    if effort.capped:
        return "memory cap"
    return "candidate limit" if effort.limited else "exhausted" if effort.exhausted else "time"


def kernels() -> list[tuple[str, float]]:
    """Million candidates a second for the inner step alone (sums of pairs, coded), in NumPy and in torch."""
    left, right = (generator(0, "bench", name).integers(-99, 99, (128, ROWS)).astype(np.int16) for name in "ab")
    coder = Coder(ROWS // 4)
    results = [("NumPy", _timed(lambda: coder((left[:, None] + right[None]).reshape(-1, ROWS))))]
    try:
        import torch
    except ImportError:
        return results
    a, b = torch.from_numpy(left), torch.from_numpy(right)
    inner, outer = (torch.from_numpy(weights.view(np.int64)) for weights in (coder._inner, coder._outer))

    def code() -> None:
        words = (a[:, None] + b[None]).reshape(-1, ROWS).view(torch.int64) * inner
        words ^= words >> 32
        codes = (words * outer).sum(dim=1)
        codes = (codes ^ (codes >> 30)) * -4658895280553007687
        codes = (codes ^ (codes >> 27)) * -7723592293110705685
        codes ^= codes >> 31

    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append((f"torch, {threads} thread{'s' * (threads > 1)}", _timed(code)))
    return results


def _timed(function: Callable[[], object], repeats: int = 30) -> float:
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 128 * 128 / float(np.median(times)) / 1e6


def report() -> str:
    """The measurements as Markdown."""
    lines = ["# The enumerator, measured", "", f"Python {platform.python_version()}, NumPy {np.__version__},"]
    lines[-1] += f" {os.cpu_count()} shared cores (large levels use both), load {os.getloadavg()[0]:.1f} at the start."
    lines += ["Made by `python bench/enumerator.py`."]
    lines += ["", "## Candidates a second", "", RULE, ""]
    lines += ["| operators | candidates | distinct | seconds | CPU seconds | million a second | million a CPU second "]
    lines[-1] += "| ended by |"
    lines += ["|" + "---|" * 8]
    for operators in (
        ("add", "sub", "mul", "min", "max", "eq", "le", "if"),
        ("add", "sub", "mul", "min", "max", "neg", "abs", "le"),
        ("add", "sub", "mod", "floordiv", "max", "eq", "le", "if"),
    ):
        effort, took, cpu = rate(20.0, operators)
        million = effort.candidates / 1e6
        figures = f"{effort.candidates:,} | {effort.distinct:,} | {took:.2f} | {cpu:.2f}"
        figures += f" | {million / took:.2f} | {million / cpu:.2f}"
        lines.append(f"| {', '.join(operators)} | {figures} | {ended(effort)} |")
    lines += ["", "The inner step alone (sums of pairs and their codes, nothing looked up):", ""]
    lines += [f"- {name}: {speed:.1f} million a second" for name, speed in kernels()]
    lines += ["", "## Problems", ""]
    lines += ["| problem | examples | seconds | wanted | candidates | right on fresh data | found |", "|" + "---|" * 7]
    for name, leaves, truth, grammar, wanted in problems():
        effort, took, found = solve(leaves, truth(leaves), grammar, 20.0)
        fresh = leaves if "DNF" in name else columns("".join(leaves), n=2000, seed=1)
        right = "-" if not found else f"{float(np.mean(evaluate(found[0].expr, fresh) == truth(fresh))):.1%}"
        text = str(found[0].expr) if found else "none"
        n = len(next(iter(leaves.values())))
        lines.append(f"| {name} | {n} | {took:.2f} | {wanted} | {effort.candidates:,} | {right} | `{text}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = report()
    print(text)
    write_atomically(OUT, text)
