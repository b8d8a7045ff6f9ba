"""`bench synthesis`: tables of values in, expressions out, scored by a planted truth on rows that no method saw."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from scrutable.bench._base import Case, Row, Suite
from scrutable.bench._feynman import Formula, formulas, noisy, sample
from scrutable.bench._methods import Method, engine
from scrutable.bench._nulls import null_bits
from scrutable.bench._questions import Columns, Question, null_table, planted_question
from scrutable.bench._solution import solved
from scrutable.bench._tables import null_cases, planted_cases
from scrutable.bench._text import as_program, literals, one_line, reading
from scrutable.errors import ScrutableError
from scrutable.synthesis import Found, Table, compact, values
from scrutable.work import Clock, generator

NOISES = (0.0, 0.001, 0.01)
FORMULA_ROWS = 10_000
"""As many as SRBench draws from a formula."""
EQUAL = 1e-6
"""Real answers are equal when they differ by this share of the spread of the truth."""
RIGHT, WRONG, NOTHING, LOSES = "right", "wrong", "no short program", "no compact program"


@final
@dataclass(frozen=True, slots=True)
class Synthesis(Suite):
    """Integer and Boolean rules, a fixed grammar, real functions, published formulas at three levels of noise, and
    tables with nothing in them."""

    method: Method = engine
    name: str = "synthesis"

    def cases(self, seed: int) -> tuple[Case, ...]:
        """See `Suite.cases`."""
        return (*planted_cases(seed), *formula_cases(seed), *null_cases(seed))

    def run(self, case: Case, *, budget: float) -> Row:
        """See `Suite.run`."""
        if "null" in case.settings:
            return _null_row(case, self._asked(null_table(case), None, budget))
        if "formula" in case.settings:
            formula, table = formula_table(case)
            return _formula_row(case, formula, self._asked(table, None, budget))
        question = planted_question(case)
        return _planted_row(case, question, self._asked(question.table, question.grammar, budget))

    def _asked(self, table: Table, grammar: Any, budget: float) -> Answer:
        started, busy = time.monotonic(), time.process_time()
        found = self.method(table, grammar, Clock(budget))
        seconds, busy = time.monotonic() - started, time.process_time() - busy
        return Answer(table, found, seconds, busy, null_bits(table))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method said about a table, the time it took (on the clock, and of the processor), and what it has to
    beat."""

    table: Table
    found: Found | None
    seconds: float
    busy: float
    nulls: dict[str, float]

    @property
    def compact(self) -> bool:
        """Whether there is an expression and no null is shorter, misfit included."""
        return self.found is not None and compact(self.found, self.table)

    @property
    def no_shorter(self) -> bool:
        """Whether some null says as much in as few bits, such as the constant that a method found itself."""
        return self.found is not None and self.found.total >= min(self.nulls.values()) - 0.1

    @property
    def written_out(self) -> bool:
        """Whether writing down the rows is as short: where a method sees every row there is, that would be no feat."""
        return self.found is not None and self.found.total >= self.nulls.get("lookup", np.inf) - 0.1

    def row(
        self, case: Case, *, verdict: str, solved: bool, why: str, agreement: float | None = None, **marks: bool
    ) -> Row:
        """The row of this answer."""
        found = self.found
        program = None if found is None else as_program(found.expr, self.table)
        details: dict[str, Any] = {"processor seconds": round(self.busy, 3)}
        if program is not None and found is not None:
            details |= {"literals": literals(program), "residual": found.residual}
        return Row(
            key=case.key,
            family=case.family,
            task=case.task,
            program=None if program is None else one_line(program),
            bits=None if found is None else round(found.bits, 1),
            agreement=agreement,
            verdict=verdict,
            seconds=round(self.seconds, 3),
            nulls=self.nulls,
            solved=solved,
            why=why,
            marks=marks,
            details=details,
        )


def formula_cases(seed: int) -> list[Case]:
    """Every formula of the corpus at every noise; a family for each noise."""
    return [
        Case(f"formulas-{noise:g}/{formula.name}", f"formulas, noise {noise:g}", formula.text, seed,
             {"formula": formula.name, "noise": noise, "rows": FORMULA_ROWS})
        for noise in NOISES
        for formula in formulas()
    ]  # fmt: skip


def formula_named(name: str) -> Formula:
    """The formula of that name."""
    return next(formula for formula in formulas() if formula.name == name)


def formula_table(case: Case) -> tuple[Formula, Table]:
    """The formula of a case, and its table: columns x0, x1, ... and the noisy values."""
    formula = formula_named(case.settings["formula"])
    rng = generator(case.seed, "bench", case.key)
    x, y = sample(formula, case.settings["rows"], rng)
    columns = {f"x{i}": np.ascontiguousarray(column) for i, column in enumerate(x.T)}
    return formula, Table(columns, noisy(y, case.settings["noise"], rng), seed=case.seed)


def _null_row(case: Case, answer: Answer) -> Row:
    if answer.found is None:
        return answer.row(case, verdict=NOTHING, solved=True, why="nothing was claimed")
    if answer.no_shorter:
        return answer.row(case, verdict=LOSES, solved=True, why="what was found is no shorter than a null")
    return answer.row(case, verdict=WRONG, solved=False, why="a short program was claimed where there is none")


def _formula_row(case: Case, formula: Formula, answer: Answer) -> Row:
    if answer.found is None:
        return answer.row(case, verdict=NOTHING, solved=False, why="nothing was found")
    right = solved(reading(answer.found.expr, formula.variables), formula)
    x, y = sample(formula, 2000, generator(case.seed, "bench", case.key, "fresh"))
    columns = {f"x{i}": np.ascontiguousarray(column) for i, column in enumerate(x.T)}
    agreement = share_right(answer.found, columns, y)
    close = _fit(answer.found, columns, y)
    why = f"the formula up to a constant; R2 {close:.6f}" if right else f"another formula; R2 {close:.6f}"
    return answer.row(
        case,
        verdict=RIGHT if right else WRONG,
        solved=right,
        why=why,
        agreement=agreement,
        **{"R2 > 0.999": close > 0.999},
    )


def _planted_row(case: Case, question: Question, answer: Answer) -> Row:
    if answer.found is None:
        return answer.row(case, verdict=NOTHING, solved=False, why="nothing was found")
    agreement = share_right(answer.found, question.fresh, question.truth)
    right, written = agreement == 1.0, answer.written_out
    marks = {"compact": answer.compact}
    if case.family == "boolean":
        marks["minimal or within one literal"] = right and answer_literals(answer) <= fewest(case, question) + 1
    why = "equal on every fresh row" if right else f"differs on {1 - agreement:.2%} of the fresh rows"
    why += ", but no shorter than a table of the rows" if right and written else ""
    verdict = WRONG if not right else LOSES if written else RIGHT
    return answer.row(case, verdict=verdict, solved=right and not written, why=why, agreement=agreement, **marks)


def answer_literals(answer: Answer) -> int:
    """How often the expression found reads a column."""
    assert answer.found is not None
    return literals(as_program(answer.found.expr, answer.table))


def fewest(case: Case, question: Question) -> int:
    """The fewest literals known of a Boolean case: as planted, or of two levels."""
    from scrutable.bench._rule import Rule
    from scrutable.bench._two_level import fewest_literals

    planted = len(Rule(case.settings["rule"]).reads)
    two = fewest_literals(question.truth)
    return planted if two is None else min(planted, two)


def share_right(found: Found, columns: Columns, truth: np.ndarray) -> float:
    """The share of rows on which an expression gives the truth; reals within `EQUAL` of their spread."""
    said = _said(found, columns)
    if said is None:
        return 0.0
    if truth.dtype.kind != "f":
        return float(np.mean(said == truth))
    spread = float(truth.std()) or 1.0
    with np.errstate(invalid="ignore"):
        return float(np.mean(np.abs(said.astype(float) - truth) <= EQUAL * spread))


def _said(found: Found, columns: Columns) -> np.ndarray | None:
    try:
        return values(found.expr, columns)
    except ScrutableError:
        return None


def _fit(found: Found, columns: Columns, truth: np.ndarray) -> float:
    """R2 on fresh rows without noise; 0 when the expression cannot be computed on all of them or a mean is better."""
    said = _said(found, columns)
    if said is None or not np.isfinite(said).all():
        return 0.0
    return max(0.0, 1 - float(np.mean((said - truth) ** 2)) / max(float(truth.var()), 1e-300))
