"""`bench/frivolity.py`: is anything claimed of networks without a mechanism, and is a known program still believed?

The marks, fixed before anything was measured:

- **without mechanism**: a false positive is a verdict of supported or proved for a program that is more than what the
  network does trivially. Trivial is, provided that it equals the network wherever they were compared: a constant; a
  linear formula with at most one other operation upon it (a comparison, a rounding, the largest of several). Of
  networks that read sequences it is also a window formula or a machine of at most 32 states, because an untrained
  network that forgets *is* one. Verdicts that claim nothing of the insides (behavioural) are counted apart.
- **known program**: trained recurrent networks that were right on every sequence that they were tested on, once and
  twice as long as those they were trained on. Power is the share of those whose rule was found (equal to the network on
  every sequence compared, and to the task at twice the length) that is called supported or proved. How many were found,
  and for how many no program was shown, is told beside it.
- **left open**: a program is shown and some test or control of it is "unknown", mostly because the time ran out. Such
  rows can be neither false positives nor power, so that a short budget, or a busy machine, flatters the one and spoils
  the other; how many they are belongs to the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.bench._base import Case, Row, Suite
from scrutable.bench._feedforward import inputs_of
from scrutable.bench._network_tasks import BIT
from scrutable.bench._networks import null_cases, subject_of
from scrutable.bench._studies import Grade, Studied, reasons, studied, told
from scrutable.bench.recurrent._forms import expressions, is_linear
from scrutable.bench.recurrent._grades import AT, BEYOND, HONEST_FORM, STRONG
from scrutable.bench.recurrent._nulls import changed_case
from scrutable.bench.recurrent._nulls import null_cases as recurrent_nulls
from scrutable.bench.recurrent._store import kept
from scrutable.bench.recurrent._subjects import language_cases, needed, task_cases
from scrutable.bench.recurrent._suite import Recurrent
from scrutable.program import Call, Program, walk
from scrutable.verify import answers_to

if TYPE_CHECKING:
    from scrutable.explain import Study

KNOWN = "known program"
UNTRAINED, REMADE, PERMUTED = "untrained cells", "re-initialised weights", "permuted weights"
WIDE, LEARNT, POPPED = "untrained perceptrons", "random answers learnt", "edge-popup, random answers"
SUPPORTED, SHOWN, FALSE_POSITIVE = "supported or proved", "any program shown", "false positive"
OPEN = "a test or control left open"
FOUND, FRIVOLOUS = "rule found", "no program shown"
SEEDS = (0, 1000, 2000)
CHANGED, POPPED_UP, NEEDED = 30, 24, 60


@final
@dataclass(frozen=True, slots=True)
class Frivolity(Suite):
    """Networks without mechanism, by how they were made, and networks with a known program.

    Arguments:
        networks: folder for the weights of networks that learnt random answers; None trains them anew each time.
    """

    networks: Path | None = None
    name: str = field(default="frivolity")

    def cases(self, seed: int) -> tuple[Case, ...]:
        """See `Suite.cases`."""
        without = chain(_untrained(seed), _changed(seed), _perceptrons(seed), _popped_up(seed))
        return (*without, *_known(seed))

    def run(self, case: Case, *, budget: float) -> Row:
        """See `Suite.run`."""
        inner = case.settings["of"]
        if case.family in (WIDE, LEARNT, POPPED):
            return _perceptron_row(case, Case(**inner), self.networks, budget)
        row = Recurrent().run(Case(**inner), budget=budget)
        judged = _known_row(row) if case.family == KNOWN else _null_row(row)
        return replace(judged, key=case.key, family=case.family, task=case.task)


def _cases(family: str, inner: Iterable[Case]) -> list[Case]:
    """Cases of another suite as cases of this one."""
    return [
        Case(f"{family}/{i:02}", family, case.task, case.seed, {"of": {**_plain(case)}}) for i, case in enumerate(inner)
    ]


def _plain(case: Case) -> dict[str, object]:
    return {
        "key": case.key,
        "family": case.family,
        "task": case.task,
        "seed": case.seed,
        "settings": dict(case.settings),
    }


def _untrained(seed: int) -> list[Case]:
    return _cases(UNTRAINED, [case for more in SEEDS[:2] for case in recurrent_nulls(seed + more)])


def _changed(seed: int) -> list[Case]:
    trained = [case for case in task_cases("small", "small", seed) if case.settings["weights"] is not None]
    chosen = trained[:: max(1, len(trained) // CHANGED)][:CHANGED]
    names = ((REMADE, "re-initialised"), (PERMUTED, "permuted"))
    return [
        case
        for family, change in names
        for case in _cases(family, [changed_case(each, change, seed + i) for i, each in enumerate(chosen)])
    ]


def _perceptrons(seed: int) -> list[Case]:
    drawn = [case for more in SEEDS for case in null_cases(seed + more)]
    parts = [
        [case for case in drawn if case.settings["null"].startswith("untrained") == wide] for wide in (True, False)
    ]
    return [*_cases(WIDE, parts[0]), *_cases(LEARNT, parts[1])]


def _popped_up(seed: int) -> list[Case]:
    kinds = (("edge-popup, random bits", 7, BIT), ("edge-popup, random labels", 2, "Category(4)"))
    made = []
    for i in range(POPPED_UP):
        what, k, outputs = kinds[i % len(kinds)]
        settings = {"null": what, "inputs": k, "outputs": outputs}
        made.append(Case(f"null/popped-up/{i:02}", "null", f"{what}, {outputs}", seed + i, settings))
    return _cases(POPPED, made)


def _known(seed: int) -> list[Case]:
    """Networks that are right throughout, small ones and readers of languages in turn."""
    right = {(f.task, f.size) for f in kept() if f.seed == 0 and f.whole == f.whole_beyond == 1.0}
    parts = (task_cases("small", "small", seed), language_cases(seed))
    able = ([case for case in part if case.settings["weights"] and needed(case) in right] for part in parts)
    turns = [case for pair in zip_longest(*able) for case in pair if case is not None]
    return _cases(KNOWN, turns[:NEEDED])


def _null_row(row: Row) -> Row:
    """The row of a recurrent network without mechanism."""
    return _judged(row, honest=row.marks[HONEST_FORM])


def _judged(row: Row, *, honest: bool) -> Row:
    strong = row.verdict in STRONG
    false = strong and not honest
    marks = {FALSE_POSITIVE: false, SUPPORTED: strong, SHOWN: row.program is not None, OPEN: _left_open(row)}
    return replace(row, marks=marks, solved=not false)


def _known_row(row: Row) -> Row:
    """The row of a network with a known program."""
    found, strong = row.marks[AT] and row.marks[BEYOND], row.verdict in STRONG
    marks = {FOUND: found, SUPPORTED: strong, FRIVOLOUS: row.program is None, OPEN: _left_open(row)}
    return replace(row, marks=marks, solved=found and strong)


def _left_open(row: Row) -> bool:
    return any(test["status"] == "unknown" for test in row.details.get("tests", ()))


def _perceptron_row(case: Case, inner: Case, folder: Path | None, budget: float) -> Row:
    subject = subject_of(inner, folder)
    answer = studied(None, subject.network, budget=budget, seed=inner.seed)
    best = answer.study.best
    x = inputs_of(subject, inner.seed)
    equal = _equal(answer, x, subject.network.predict(x))
    honest = best is not None and equal == 1.0 and trivial(best.program)
    row = answer.row(case, _grade(answer.study, equal), agreement=equal, details=told(answer.study))
    return _judged(row, honest=honest)


def _equal(answer: Studied, x: np.ndarray, outputs: np.ndarray) -> float | None:
    """The share of fresh inputs to which the best program gives the network's very answers; None without one."""
    best = answer.study.best
    if best is None:
        return None
    said, valid = answers_to(best.program, x)
    return 0.0 if said is None else float(np.mean(valid & (said == outputs)))


def _grade(study: Study, equal: float | None) -> Grade:
    said = f"nothing was claimed: {reasons(study)}" if equal is None else f"equal to the network on {equal:.2%}"
    return Grade(solved=True, why=said)


def trivial(program: Program) -> bool:
    """Whether a program is linear but for at most one operation."""
    nodes = [node for expr in expressions(program) for node in walk(expr)]
    return sum(isinstance(node, Call) and not is_linear(node) for node in nodes) <= 1
