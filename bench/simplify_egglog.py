"""Own e-graph against egglog on simplification problems: time, size of the result, install size.

Both get the same rewrite rules (`scrutable.program._rules`). The own e-graph adds its normal forms; egglog gets the
laws those stand for (commutativity, associativity, distributivity, absorption, constant folding) as further rules.

    python bench/simplify_egglog.py          # needs egglog; writes docs/_measured/simplify.md
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import egglog
from _egglog_language import all_rules, start_term
from egglog import EGraph as Egglog
from egglog import Expr as EgglogExpr

from scrutable.program import BOOL, INT, Expr, Var, walk
from scrutable.program._egraph import EGraph, saturate
from scrutable.program._exhaust import exhausting
from scrutable.program._extract import Extraction
from scrutable.program._normal import normalising
from scrutable.program._patterns import BOOL_HOLES, Pattern, instance, pattern
from scrutable.program._rules import RULES, rewriting

OUT = Path(__file__).parents[1] / "docs" / "_measured" / "simplify.md"
REPEATS, ROUNDS, SECONDS, MOST_NODES = 3, 6, 5.0, 20_000

PROBLEMS = [
    "2*x + 3*x - 5*x + y",
    "x*y + x*z - x*(y + z) + z",
    "(x + (y + z)) - (z + x)",
    "(x + y) * (x - y) - x*x + y*y + z",
    "max(x - y, 0) + y",
    "max(x - y, 0) + y + z",
    "max(x, max(y, x))",
    "max(min(x, y), max(x, y))",
    "max(x + z, y + z) - z",
    "max(x, y) + min(x, y) - x",
    "(x*6 + y) // 3",
    "(x % 4 + y) % 2",
    "x - x // 7 * 7",
    "(x + 4*y + 8) % 4",
    "x // 2 // 3",
    "x if c else x",
    "(x + z) if c else (y + z)",
    "y if x < y else x",
    "x + (1 if 0 < y else 0)",
    "(x if c else y) if c else z",
    "(c and d) or (c and not d)",
    "((c and d) or (c and not d)) or (not c and d)",
    "not (not c or not d)",
    "(c or d) and not (c and d)",
    "not (x + 1 < y + 1)",
    "x < y and y < x",
    "2*x + 4 == 2*y + 6",
    "3*x < 3*y",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float
    size: int
    saturated: bool | None  # None where egglog does not say


def size_of(term: EgglogExpr) -> int:
    """How many operators and leaves a term has, counted by egglog."""
    graph = Egglog()
    _, cost = graph.extract(graph.let("term", term), include_cost=True)
    return int(cost) - len(re.findall(r"free_num|free_truth|Num\(|Truth\(", str(term)))


def with_egglog(tree: Pattern, rules: egglog.Ruleset, *, back_off: bool) -> tuple[Outcome, str]:
    term = start_term(tree)
    start = time.perf_counter()
    graph = Egglog()
    root = graph.let("root", term)
    scheduler = egglog.back_off() if back_off else None
    saturated: bool | None = False
    for _ in range(1 if back_off else ROUNDS):
        schedule = egglog.run(rules, scheduler=scheduler) * (ROUNDS if back_off else 1)
        updated = graph.run(schedule).updated
        saturated = None if back_off else not updated
        nodes = sum(size for _, size in graph.all_function_sizes())
        if saturated or time.perf_counter() - start > SECONDS or nodes > MOST_NODES:
            break
    best = graph.extract(root)
    seconds = time.perf_counter() - start
    return Outcome(seconds, size_of(best), saturated), " ".join(str(best).split())


def with_own(tree: Pattern) -> tuple[Outcome, Expr]:
    values: dict[str, Expr] = {name: Var(name, BOOL if name in BOOL_HOLES else INT) for name in "xyzwcd"}
    expr = instance(tree, values)
    start = time.perf_counter()
    graph = EGraph()
    root = graph.add(expr)
    report = saturate(graph, [normalising(), rewriting(), exhausting], seconds=SECONDS)
    best = Extraction(graph, scope_size=6, allowed=lambda name: True).expr(root)
    seconds = time.perf_counter() - start
    return Outcome(seconds, sum(1 for _ in walk(best)), report.saturated), best


def import_seconds(module: str) -> float:
    """The median time of a fresh process that only imports a module, less that of one that imports nothing."""

    def once(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    times = [(once(f"import {module}"), once("pass")) for _ in range(5)]
    return median(t for t, _ in times) - median(t for _, t in times)


def closure(package: str) -> set[str]:
    found, pending = set(), [package]
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name not in found:
            try:
                requires = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue
            found.add(name)
            pending += [re.split(r"[\s<>=!~;\[(]", r)[0] for r in requires if "extra ==" not in r]
    return found


def megabytes(packages: set[str]) -> float:
    files = (metadata.distribution(name) for name in packages)
    paths = (Path(str(f.locate())) for dist in files for f in dist.files or [])
    return sum(path.stat().st_size for path in paths if path.is_file()) / 2**20


def own_megabytes() -> float:
    names = ["egraph", "extract", "normal", "polynomials", "patterns", "rules", "ranges", "exhaust", "constants"]
    folder = Path(sys.modules["scrutable.program"].__file__ or "").parent
    return sum((folder / f"_{name}.py").stat().st_size for name in names) / 2**20


Row = tuple[str, Expr, Outcome, Outcome, Outcome]
WAYS = ("own", "egglog", "egglog, back-off")


def table(rows: list[Row]) -> str:
    heads = [f"{what} {way}" for way in WAYS for what in ("size", "ms")]
    lines = [f"| problem | {' | '.join(heads)} | own result |", "|---" * (len(heads) + 2) + "|"]
    for text, best, *outcomes in rows:
        cells = [f"{o.size} | {o.seconds * 1e3:.1f}{' (cut)' if o.saturated is False else ''}" for o in outcomes]
        lines.append(f"| `{text}` | {' | '.join(cells)} | `{best}` |")
    return "\n".join(lines)


def main() -> None:
    """Run every problem and write the table."""
    rules = all_rules()
    rows: list[Row] = []
    for text in PROBLEMS:
        tree = pattern(text)
        runs = [
            [with_own(tree) for _ in range(REPEATS)],
            [with_egglog(tree, rules, back_off=False) for _ in range(REPEATS)],
            [with_egglog(tree, rules, back_off=True) for _ in range(REPEATS)],
        ]
        own, plain, backed = (min(run, key=lambda result: result[0].seconds) for run in runs)  # type: ignore[misc]
        rows.append((text, own[1], own[0], plain[0], backed[0]))
        print(text, "->", own[1], "|", plain[1], "|", backed[1], flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(report(rows), encoding="utf-8")


def summary(rows: list[Row]) -> str:
    columns = [[row[2 + i] for row in rows] for i in range(3)]
    own_import, other_import = import_seconds("scrutable.program._simplify"), import_seconds("egglog")
    extra = closure("egglog") - closure("scrutable")
    installed = megabytes(extra)
    measured = {
        "all problems, ms": [f"{sum(o.seconds for o in c) * 1e3:.0f}" for c in columns],
        "median problem, ms": [f"{median(o.seconds for o in c) * 1e3:.1f}" for c in columns],
        "slowest problem, ms": [f"{max(o.seconds for o in c) * 1e3:.0f}" for c in columns],
        "total size of results": [f"{sum(o.size for o in c)}" for c in columns],
        "results larger than the smallest found": [
            f"{sum(o.size > min(r.size for r in row[2:]) for o, row in zip(c, rows, strict=True))}" for c in columns
        ],
        "problems saturated": [f"{sum(bool(o.saturated) for o in c)}" for c in columns[:2]] + ["not said"],
        "import, s (own: all of `simplify`)": [f"{own_import:.2f}", f"{other_import:.2f}", ""],
        f"installed, MB (egglog: {len(extra)} packages that scrutable does not need)": [
            f"{own_megabytes():.2f}",
            f"{installed:.0f}",
            "",
        ],
    }
    lines = [f"| | {' | '.join(WAYS)} |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {' | '.join(values)} |" for what, values in measured.items()])


def report(rows: list[Row]) -> str:
    return f"""Python {platform.python_version()}, egglog {metadata.version("egglog")}, {len(rows)} problems, best of \
{REPEATS} runs each. Both have the same {len(RULES)} rewrite rules; egglog also gets the laws that the own e-graph \
has as normal forms. egglog runs for at most {ROUNDS} rounds, {SECONDS:g} s between rounds and {MOST_NODES} nodes, \
with every rule in every round or with its back-off scheduler. Size counts operators and leaves of the result.

{summary(rows)}

{table(rows)}
"""


if __name__ == "__main__":
    main()
